/* What a source's tor has said of its uploads (HS_DESC UPLOAD and UPLOADED), as far as it matters still. */
#include "publish/source_announcements.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool is_of(const struct source_announcement *announcement,
                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    return memcmp(announcement->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0;
}

/* The index of what was said of an HSDir; begun_count when there is nothing. */
static size_t find(const struct source_announcements *announcements,
                   const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    size_t i = 0;
    while (i < announcements->begun_count && !is_of(&announcements->begun[i], fingerprint))
        i++;
    return i;
}

static void take_out(struct source_announcements *announcements, size_t i)
{
    announcements->begun[i] = announcements->begun[--announcements->begun_count];
}

static struct source_announcement *add(struct source_announcements *announcements,
                                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (announcements->begun_count == ANNOUNCEMENTS_MAX)
        take_out(announcements, 0);
    struct source_announcement *announcement = &announcements->begun[announcements->begun_count++];
    memset(announcement, 0, sizeof(*announcement));
    memcpy(announcement->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
    return announcement;
}

void announcements_note_begun(struct source_announcements **announcements,
                              const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool is_for_clients)
{
    if (*announcements == NULL)
        *announcements = memory_allocate(1, sizeof(**announcements));
    size_t i = find(*announcements, fingerprint);
    struct source_announcement *announcement =
        i < (*announcements)->begun_count ? &(*announcements)->begun[i] : add(*announcements, fingerprint);
    announcement->is_for_clients |= is_for_clients;
    announcement->is_for_others |= !is_for_clients;
}

bool announcements_has_begun(const struct source_announcements *announcements,
                             const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    return announcements != NULL && find(announcements, fingerprint) < announcements->begun_count;
}

/* One that was to be searched is so no longer once something was told of it. */
static void add_fresh(struct source_announcements *announcements,
                      const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool is_searched)
{
    for (size_t i = 0; i < announcements->fresh_count; i++) {
        if (memcmp(announcements->fresh[i], fingerprint, RELAY_FINGERPRINT_SIZE) != 0)
            continue;
        announcements->is_searched[i] &= is_searched;
        return;
    }
    if (announcements->fresh_count == ANNOUNCEMENTS_FRESH_MAX)
        return;
    announcements->is_searched[announcements->fresh_count] = is_searched;
    memcpy(announcements->fresh[announcements->fresh_count++], fingerprint, RELAY_FINGERPRINT_SIZE);
}

/* Gives the memory back when there is nothing in it any more. */
static void release(struct source_announcements **announcements)
{
    if ((*announcements)->begun_count == 0 && (*announcements)->fresh_count == 0)
        announcements_forget(announcements);
}

bool announcements_note_taken(struct source_announcements **announcements,
                              const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (!announcements_has_begun(*announcements, fingerprint))
        return false;
    size_t i = find(*announcements, fingerprint);
    struct source_announcement *announcement = &(*announcements)->begun[i];
    if (announcement->is_for_others && announcement->is_for_clients) {
        announcement->is_for_others = false;
        return false;
    }
    bool is_fresh = announcement->is_for_clients;
    take_out(*announcements, i);
    if (is_fresh)
        add_fresh(*announcements, fingerprint, false);
    release(announcements);
    return is_fresh;
}

void announcements_end(struct source_announcements **announcements,
                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool *is_for_clients,
                       bool *is_for_others)
{
    *is_for_clients = *is_for_others = true;
    if (!announcements_has_begun(*announcements, fingerprint))
        return;
    size_t i = find(*announcements, fingerprint);
    *is_for_clients = (*announcements)->begun[i].is_for_clients;
    *is_for_others = (*announcements)->begun[i].is_for_others;
    if (*is_for_clients && *is_for_others)
        (*announcements)->begun[i].is_for_others = false; /* the other one has still to end */
    else
        take_out(*announcements, i);
    release(announcements);
}

void announcements_add_fresh(struct source_announcements **announcements,
                             const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (*announcements == NULL)
        *announcements = memory_allocate(1, sizeof(**announcements));
    add_fresh(*announcements, fingerprint, false);
}

void announcements_add_searched(struct source_announcements **announcements,
                                const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (*announcements == NULL)
        *announcements = memory_allocate(1, sizeof(**announcements));
    add_fresh(*announcements, fingerprint, true);
}

bool announcements_have_fresh(const struct source_announcements *announcements)
{
    return announcements != NULL && announcements->fresh_count > 0;
}

bool announcements_have_searched(const struct source_announcements *announcements)
{
    for (size_t i = 0; announcements != NULL && i < announcements->fresh_count; i++) {
        if (announcements->is_searched[i])
            return true;
    }
    return false;
}

bool announcements_take_one(struct source_announcements **announcements,
                            uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool *is_searched)
{
    if (!announcements_have_fresh(*announcements))
        return false;
    size_t last = --(*announcements)->fresh_count;
    memcpy(fingerprint, (*announcements)->fresh[last], RELAY_FINGERPRINT_SIZE);
    *is_searched = (*announcements)->is_searched[last];
    release(announcements);
    return true;
}

size_t announcements_take_fresh(struct source_announcements **announcements,
                                uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE])
{
    if (*announcements == NULL)
        return 0;
    size_t count = (*announcements)->fresh_count;
    memcpy(fingerprints, (*announcements)->fresh, count * RELAY_FINGERPRINT_SIZE);
    (*announcements)->fresh_count = 0;
    release(announcements);
    return count;
}

bool announcements_end_one(struct source_announcements **announcements,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool is_for_clients)
{
    if (!announcements_has_begun(*announcements, fingerprint))
        return false;
    struct source_announcement *announcement = &(*announcements)->begun[find(*announcements, fingerprint)];
    if (!announcement->is_for_clients || !announcement->is_for_others)
        return false;
    announcement->is_for_clients = !is_for_clients;
    announcement->is_for_others = is_for_clients;
    return true;
}

void announcements_forget(struct source_announcements **announcements)
{
    free(*announcements);
    *announcements = NULL;
}
