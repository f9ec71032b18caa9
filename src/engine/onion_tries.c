/* The tries to reach an agent over Tor, and what they show of its tor: of one backend. */
#include "engine/onion_tries.h"

#include <string.h>

/* Seconds that a try may take: the first one of all; so many after a loss, one right after the other; each
 * later one twice as long, and at most longer than tor itself tries. */
#define PATIENCE_FIRST 30
#define PATIENCE_AGAIN 4
#define SHORT_TRIES 4
#define PATIENCE_MAX 125

void onion_tries_note_success(struct onion_tries *tries)
{
    tries->timeouts = 0;
    tries->refusal_count = 0;
}

void onion_tries_note_loss(struct onion_tries *tries, int64_t now)
{
    tries->lost_at = now;
    tries->fresh_tors = 0;
    tries->refusal_count = 0;
}

static uint32_t tor_bit(size_t tor)
{
    return UINT32_C(1) << tor;
}

bool onion_tries_note_descriptor(struct onion_tries *tries, size_t tor)
{
    bool is_first = tries->fresh_tors == 0;
    tries->fresh_tors |= tor_bit(tor);
    return is_first;
}

bool onion_tries_note_refusal(struct onion_tries *tries, size_t tor,
                              const uint8_t point[RELAY_FINGERPRINT_SIZE])
{
    if (tries->refusal_count == ONION_REFUSALS_ENOUGH || (tries->fresh_tors & tor_bit(tor)) == 0)
        return false;
    for (size_t i = 0; i < tries->refusal_count; i++) {
        if (memcmp(tries->refusals[i], point, RELAY_FINGERPRINT_SIZE) == 0)
            return false;
    }
    memcpy(tries->refusals[tries->refusal_count++], point, RELAY_FINGERPRINT_SIZE);
    return tries->refusal_count == ONION_REFUSALS_ENOUGH;
}

void onion_tries_note_failure(struct onion_tries *tries, enum control_failure failure)
{
    tries->turn += failure == CONTROL_FAILURE_PROXY;
    if (failure == CONTROL_FAILURE_TIMEOUT || failure == CONTROL_FAILURE_UNREACHABLE)
        tries->circuits++;
    tries->timeouts += failure == CONTROL_FAILURE_UNREACHABLE;
}

double onion_tries_patience(const struct onion_tries *tries, bool was_up)
{
    double patience = was_up ? PATIENCE_AGAIN : PATIENCE_FIRST;
    unsigned shorts = was_up ? SHORT_TRIES - 1 : 0;
    for (unsigned i = shorts; i < tries->timeouts && patience < PATIENCE_MAX; i++)
        patience = 2 * patience;
    return patience < PATIENCE_MAX ? patience : PATIENCE_MAX;
}

bool onion_tries_are_short(const struct onion_tries *tries)
{
    return tries->timeouts > 0 && tries->timeouts < SHORT_TRIES;
}

bool onion_tries_show_end(const struct onion_tries *tries, enum control_failure failure)
{
    size_t count = tries->refusal_count;
    if (tries->fresh_tors == 0)
        return false;
    return failure == CONTROL_FAILURE_NOT_KNOWN || (failure == CONTROL_FAILURE_NOT_REACHED && count > 0) ||
           (failure == CONTROL_FAILURE_UNREACHABLE && count >= ONION_REFUSALS_ENOUGH);
}
