/* The tries to reach an agent over Tor, and what they show of its tor: of one backend.
 *
 * What decides was found out with tor 0.4.9.11 on a private network:
 *
 * - Whether the far end closes or a circuit breaks, the SOCKS port just closes the connection. When the
 *   service's tor is killed, relays tell each other hop by hop: a second later where there is traffic,
 * minutes later on idle connections between them. So the backend is asked more often whether it lives, and
 * waited for less.
 * - Asked again at once, an introduction point whose circuit to the dead tor is not torn down yet says that
 * it has introduced us, and tor then waits two minutes for a rendezvous that never comes (0x06). So the first
 *   try begins a little later, the first ones are short, and each is on circuits of its own.
 * - An introduction point that has noticed says that it does not know the service. tor goes on to the next,
 *   fetches the descriptor anew, and tells us after three seconds (0xF2, or 0x04 without ExtendedErrors).
 * Each of these refusals is a CIRC_MINOR event at once.
 * - A tor keeps a descriptor that it has fetched until the next time period. So after hours of one connection
 *   points may refuse that the service has long replaced, and tor then fetches the descriptor anew. Refusals
 *   show something only once the tor that tells of them has fetched it since the loss, which we have done at
 *   once.
 * - When only the agent is gone, its tor answers within a fifth of a second that nobody listens (0x01); when
 * a relay of the circuit has died, the next try succeeds within a fifth of a second, or within five where
 * that was also on others' circuits. A tor that is stopped (SIGSTOP) is introduced to and never comes (0x06).
 */
#ifndef OBPUB_ENGINE_ONION_TRIES_H
#define OBPUB_ENGINE_ONION_TRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/connection.h"
#include "onion/consensus.h"

/* So many introduction points, of three that a service has at least, that do not know it any more are no
 * chance: its tor has ended. One is enough when tor has tried them all. */
#define ONION_REFUSALS_ENOUGH 2

/* Zeroed at first. */
struct onion_tries {
    bool is_waiting;     /* for a SOCKS port */
    size_t turn;         /* SOCKS ports that could not be used */
    unsigned circuits;   /* sets of circuits that were used up */
    unsigned timeouts;   /* tries that nothing came of in their time, since it was up */
    int64_t lost_at;     /* when a connection that was up was lost */
    uint32_t fresh_tors; /* local tors that have fetched the service's descriptor since then: 1 << number */
    uint8_t refusals[ONION_REFUSALS_ENOUGH][RELAY_FINGERPRINT_SIZE]; /* the points that refused */
    size_t refusal_count;
};

/* The backend is up. */
void onion_tries_note_success(struct onion_tries *tries);

/* The connection to one that was up is lost (milliseconds). */
void onion_tries_note_loss(struct onion_tries *tries, int64_t now);

/* The local tor of this number, below 32, has the service's descriptor as it is now. Returns true when it is
 * the first of them. */
bool onion_tries_note_descriptor(struct onion_tries *tries, size_t tor);

/* An introduction point has refused a local tor. That counts where this tor has the descriptor as it is now:
 * another one may go by an old one still. Returns true when that makes enough points to show that the
 * service's tor has ended, unless the try that is under way leads there after all. */
bool onion_tries_note_refusal(struct onion_tries *tries, size_t tor,
                              const uint8_t point[RELAY_FINGERPRINT_SIZE]);

/* A connection has ended, or could not be had. Readies the next try: by another SOCKS port if this one can't
 * be used; and where nothing came of waiting, for longer and on other circuits, since tor would go on waiting
 * on those. */
void onion_tries_note_failure(struct onion_tries *tries, enum control_failure failure);

/* Seconds that the next try may take; was_up: the backend has been up before. */
double onion_tries_patience(const struct onion_tries *tries, bool was_up);

/* True while one short try follows the other. */
bool onion_tries_are_short(const struct onion_tries *tries);

/* True when a connection that ended so, and what introduction points have said before, show that the tor of
 * the onion service has ended. */
bool onion_tries_show_end(const struct onion_tries *tries, enum control_failure failure);

#endif
