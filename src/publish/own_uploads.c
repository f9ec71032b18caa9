/* What twins' tors upload themselves, under the key that the frontend's superdescriptors are for, and how
 * those are kept in place. */
#include "publish/own_uploads.h"

#include <string.h>

#include "publish/descriptors.h"
#include "publish/fetches.h"
#include "publish/lead.h"
#include "publish/pace.h"
#include "publish/rounds.h"
#include "publish/source_announcements.h"
#include "publish/source_work.h"
#include "publish/twin_on_hsdirs.h"
#include "publish/uploads.h"

/* Without a lead, what takes the place of a twin's upload has to be of a later second than that; and its tor
 * uploads to all HSDirs within some seconds (milliseconds). */
#define REPLACE_DELAY 2000

/* -- the lead -------------------------------------------------------------------------------------- */

void own_uploads_note_lead(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    int64_t lead = lead_find(publisher, frontend), spread = lead / 4;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        if (descriptor->refresh_at != MOMENT_NEVER && descriptor->round.lead < lead &&
            descriptor->refresh_at > now + spread)
            descriptor->refresh_at = now + publisher_draw(publisher, 0, spread);
    }
    publisher_touch_frontend(publisher, number, now);
}

/* -- their uploads --------------------------------------------------------------------------------- */

/* An HSDir has taken a twin's descriptor. What is on its way there, or will be sent, has a higher counter: at
 * least with a lead. What it has taken from us is gone: returns true when there was something. */
static bool note_taken(struct publisher *publisher, const struct publisher_frontend *frontend,
                       struct publisher_descriptor *descriptor, struct publisher_upload *upload, int64_t now)
{
    bool is_done = upload->state == UPLOAD_DONE, is_ahead = lead_find(publisher, frontend) > 0;
    upload->twin_at = now;
    upload_note_gone(upload);
    if (!is_done && is_ahead)
        return false;
    if (is_done)
        upload_note_replaced(upload);
    round_plan(descriptor, UPLOAD_FOR_RETRY, is_ahead ? now : now + REPLACE_DELAY);
    return is_done;
}

/* A spare HSDir has what the tor has made for the time period that clients use now. Where the tor does not
 * say itself what that is it is fetched from there: in the second half of the day, and then until the tor has
 * seen the new shared random value; if it is to be published, or not to be taken for the descriptor of a twin
 * of which nothing else is known. */
static void note_spare(struct publisher *publisher, struct source *source,
                       const struct publisher_frontend *frontend,
                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], int64_t now)
{
    bool tells_itself =
        source->descriptor != NULL && source->descriptor->period_number == source->period_number;
    bool is_wanted = source_verifies_work(source) || twin_on_hsdirs_find(publisher, frontend) != NULL;
    if (tells_itself || !is_wanted)
        return;
    announcements_add_fresh(&source->announcements, fingerprint);
    source_fetch_soon(publisher, source, FETCH_DELAY, "a spare HSDir has its upload", now);
}

/* An HSDir that is a spare one of one descriptor, and is sent the other one, takes the twin's of the first
 * and refuses that of the second, as long as there is a lead. Returns whether it is the one that clients use
 * which has ended so; sets *is_known to whether that can be told. */
static bool ends_clients(const struct publisher *publisher, const struct source *source,
                         enum source_upload what, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                         bool *is_known)
{
    *is_known = false;
    if (source->frontend_count != 1)
        return false;
    const struct publisher_frontend *frontend = &publisher->frontends[source->frontends[0]];
    enum descriptor_slot clients = publisher->network->client_slot;
    enum descriptor_slot others = clients == DESCRIPTOR_FIRST ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST;
    bool is_sent_clients =
        publisher_descriptor_find_upload(&frontend->descriptors[clients], fingerprint) != NULL;
    bool is_sent_others =
        publisher_descriptor_find_upload(&frontend->descriptors[others], fingerprint) != NULL;
    *is_known = is_sent_clients != is_sent_others && lead_find(publisher, frontend) > 0;
    return is_sent_clients == (what == SOURCE_UPLOAD_REFUSED);
}

/* Tells which of the two descriptors an upload that has ended may have been of, by whether it is the one that
 * clients use. */
static void end_upload(const struct publisher *publisher, struct source *source, enum source_upload what,
                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool is_of[2])
{
    bool is_known;
    bool is_clients = ends_clients(publisher, source, what, fingerprint, &is_known);
    if (is_known && announcements_end_one(&source->announcements, fingerprint, is_clients)) {
        is_of[true] = is_clients;
        is_of[false] = !is_clients;
        return;
    }
    announcements_end(&source->announcements, fingerprint, &is_of[true], &is_of[false]);
}

static void note_end(struct publisher *publisher, struct source *source, enum source_upload what,
                     const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], int64_t now)
{
    bool is_of[2]; /* by whether it is the one that clients use */
    end_upload(publisher, source, what, fingerprint, is_of);
    for (size_t i = 0; i < source->frontend_count; i++) {
        size_t number = source->frontends[i];
        struct publisher_frontend *frontend = &publisher->frontends[number];
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
            struct publisher_upload *upload = publisher_descriptor_find_upload(descriptor, fingerprint);
            bool is_clients = slot == publisher->network->client_slot;
            if (is_of[is_clients] && upload == NULL && is_clients && what == SOURCE_UPLOAD_TAKEN)
                note_spare(publisher, source, frontend, fingerprint, now);
            if (upload == NULL || !is_of[is_clients])
                continue;
            source->own_uploads[what]++;
            if (what == SOURCE_UPLOAD_TAKEN && note_taken(publisher, frontend, descriptor, upload, now))
                source->uploads_through++;
        }
        publisher_touch_frontend(publisher, number, now);
    }
}

void own_uploads_note(struct publisher *publisher, struct source *source, enum source_upload what,
                      const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const uint8_t *blinded_key,
                      int64_t now)
{
    if (what != SOURCE_UPLOAD_BEGUN) {
        note_end(publisher, source, what, fingerprint, now);
        return;
    }
    bool is_for_clients =
        blinded_key == NULL || memcmp(blinded_key, source->blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0;
    announcements_note_begun(&source->announcements, fingerprint, is_for_clients);
    source->has_begun_upload = true;
    source_fetch_soon(publisher, source, FETCH_DELAY, "its tor uploads", now);
}
