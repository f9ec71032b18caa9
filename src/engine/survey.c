/* Asks the HSDirs of an onion service, each for itself, what they hand out of it. */
#include "engine/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "crypto/blinding.h"

/* How often an HSDir is asked that does not answer itself: a circuit may break. */
#define TRIES 2

/* What goes on at one of them, beside what is known of it. */
struct asking {
    unsigned tries;
    bool is_over;
    enum hs_desc_reason reason; /* that its tor has named since it was asked */
};

struct survey {
    struct control_connection *connection;
    char address[ONION_ADDRESS_SIZE];
    struct surveyed_hsdir *hsdirs;
    struct asking *askings; /* for each */
    size_t count;
    void (*done)(void *context);
    void *context;
};

/* -- who is asked --------------------------------------------------------------------------------------- */

/* Adds the HSDirs of a slot that clients ask, or those that they do not. */
static void add_part(struct survey *survey, const struct network *network, enum descriptor_slot slot,
                     const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], bool are_asked)
{
    const struct hsdir_ring_entry **entries = memory_allocate(HSDIR_RESPONSIBLE_MAX, sizeof(*entries));
    const size_t count = network_find_part(network, slot, blinded_key, are_asked, entries);
    for (size_t i = 0; i < count && survey->count < SURVEY_HSDIRS_MAX; i++) {
        struct surveyed_hsdir *hsdir = &survey->hsdirs[survey->count++];
        hsdir->slot = slot;
        hsdir->is_asked = are_asked;
        memcpy(hsdir->fingerprint, network->hsdirs[entries[i]->hsdir].fingerprint, RELAY_FINGERPRINT_SIZE);
    }
    free(entries);
}

static void add_slot(struct survey *survey, const struct network *network, enum descriptor_slot slot,
                     const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    if (blinding_derive_public_key(blinded_key, identity_key, network->period_number[slot],
                                   network->schedule.period_length) != 0)
        return;
    add_part(survey, network, slot, blinded_key, true);
    add_part(survey, network, slot, blinded_key, false);
}

/* -- asking -----------------------------------------------------------------------------------------------
 */

static void check_end(struct survey *survey)
{
    size_t answered, asked;
    survey_count(survey, &answered, &asked);
    if (answered == asked)
        survey->done(survey->context);
}

static void hsfetch_was_answered(struct control_connection *connection, const struct control_reply *reply,
                                 void *context)
{
    (void)connection;
    struct survey *survey = context;
    if (reply == NULL || control_reply_is_ok(reply))
        return;
    /* It is refused for the same reason to all. */
    for (size_t i = 0; i < survey->count; i++) {
        struct surveyed_hsdir *hsdir = &survey->hsdirs[i];
        if (hsdir->finding != SURVEY_NO_ANSWER || survey->askings[i].is_over)
            continue;
        survey->askings[i].is_over = true;
        snprintf(hsdir->reason, sizeof(hsdir->reason), "tor refuses HSFETCH: %d %s", reply->status,
                 reply->lines[0].text);
    }
    check_end(survey);
}

static void ask(struct survey *survey, size_t number)
{
    char command[sizeof("HSFETCH  SERVER=$") + ONION_ADDRESS_LENGTH + 2 * RELAY_FINGERPRINT_SIZE];
    char hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
    hex_encode_upper(hex, survey->hsdirs[number].fingerprint, RELAY_FINGERPRINT_SIZE);
    snprintf(command, sizeof(command), "HSFETCH %s SERVER=$%s", survey->address, hex);
    survey->askings[number].tries++;
    survey->askings[number].reason = HS_DESC_REASON_NONE;
    control_connection_send(survey->connection, command, hsfetch_was_answered, survey);
}

struct survey *survey_new(struct control_connection *connection, const struct network *network,
                          const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], void (*done)(void *context),
                          void *context)
{
    struct survey *survey = memory_allocate(1, sizeof(*survey));
    survey->connection = connection;
    onion_address_encode(survey->address, identity_key);
    survey->hsdirs = memory_allocate(SURVEY_HSDIRS_MAX, sizeof(*survey->hsdirs));
    survey->askings = memory_allocate(SURVEY_HSDIRS_MAX, sizeof(*survey->askings));
    survey->done = done;
    survey->context = context;
    add_slot(survey, network, network->client_slot, identity_key);
    const size_t asked = survey->count;
    add_slot(survey, network, network->client_slot == DESCRIPTOR_FIRST ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST,
             identity_key);
    for (size_t i = 0; i < asked; i++) {
        survey->hsdirs[i].finding = SURVEY_NO_ANSWER;
        ask(survey, i);
    }
    return survey;
}

void survey_free(struct survey *survey)
{
    if (survey == NULL)
        return;
    if (survey->connection != NULL)
        control_connection_forget(survey->connection, survey);
    for (size_t i = 0; i < survey->count; i++) {
        descriptor_examination_free(survey->hsdirs[i].examination);
        free(survey->hsdirs[i].text);
    }
    free(survey->hsdirs);
    free(survey->askings);
    free(survey);
}

/* -- what comes of it ---------------------------------------------------------------------------------------
 */

/* An HSDir that is still to answer; the number of all when an event is about none. */
static size_t find_waiting(const struct survey *survey, const struct hs_desc_event *event)
{
    size_t i = 0;
    while (i < survey->count &&
           (survey->hsdirs[i].finding != SURVEY_NO_ANSWER || survey->askings[i].is_over ||
            memcmp(survey->hsdirs[i].fingerprint, event->fingerprint, RELAY_FINGERPRINT_SIZE) != 0))
        i++;
    return i;
}

/* Tor follows a failure with an empty content, so that that counts as the answer. */
static void take_failure(struct survey *survey, size_t number)
{
    struct asking *asking = &survey->askings[number];
    enum survey_finding *finding = &survey->hsdirs[number].finding;
    if (asking->reason == HS_DESC_NOT_FOUND)
        *finding = SURVEY_NONE;
    else if (asking->reason == HS_DESC_BAD_DESC)
        *finding = SURVEY_BROKEN;
    if (*finding == SURVEY_NO_ANSWER && asking->tries < TRIES)
        ask(survey, number);
    else
        asking->is_over = true;
}

static void take_content(struct survey *survey, size_t number, const struct hs_desc_event *event)
{
    struct surveyed_hsdir *hsdir = &survey->hsdirs[number];
    if (event->content_length == 0) {
        take_failure(survey, number);
    } else {
        survey->askings[number].is_over = true;
        hsdir->finding = SURVEY_FOUND;
        hsdir->reason[0] = '\0';
        hsdir->text = memory_copy_text(event->content, event->content_length);
        hsdir->length = event->content_length;
    }
    check_end(survey);
}

void survey_take_event(struct survey *survey, const struct hs_desc_event *event)
{
    if (!event->has_address || !event->has_fingerprint || strcmp(event->address, survey->address) != 0)
        return;
    const size_t number = find_waiting(survey, event);
    if (number == survey->count)
        return;
    if (event->action == HS_DESC_FAILED && event->reason != HS_DESC_REASON_NONE) {
        survey->askings[number].reason = event->reason;
        snprintf(survey->hsdirs[number].reason, sizeof(survey->hsdirs[number].reason), "%s",
                 event->reason_word);
    }
    if (event->action == HS_DESC_CONTENT)
        take_content(survey, number, event);
}

void survey_note_closed(struct survey *survey)
{
    survey->connection = NULL;
    for (size_t i = 0; i < survey->count; i++)
        survey->askings[i].is_over = true;
}

struct surveyed_hsdir *survey_hsdirs(struct survey *survey, size_t *count)
{
    *count = survey->count;
    return survey->hsdirs;
}

void survey_count(const struct survey *survey, size_t *answered, size_t *asked)
{
    *answered = *asked = 0;
    for (size_t i = 0; i < survey->count; i++) {
        *asked += survey->hsdirs[i].finding != SURVEY_NOT_ASKED;
        *answered += survey->askings[i].is_over || survey->hsdirs[i].finding > SURVEY_NO_ANSWER;
    }
}
