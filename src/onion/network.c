/* The network as one consensus shows it: its HSDirs, its two rings, its time. */
#include "onion/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash_sort.h"
#include "base/memory.h"
#include "crypto/revision_counter.h"
#include "directory_text.h"
#include "onion/microdescriptor.h"

/* How long past its validity, and how long before it, tor still goes by a consensus. */
#define REASONABLY_LIVE_TIME (24 * 60 * 60) /* seconds */

/* Clocks may be apart by this share of a voting interval: five minutes on the public network. */
#define CLOCK_TOLERANCE_SHARE 12

/* A consensus is valid for so many voting intervals. */
#define INTERVALS_IN_USE 3

/* A relay of the consensus that is looked for by its microdescriptor's digest. */
struct digest_entry {
    uint8_t beginning[8]; /* of its digest */
    const uint8_t *digest;
    struct link_specifiers *links; /* gets the Ed25519 identity that is found */
};

/* Longest microdescriptor, most of which would be its family: some 6,000 relays. */
#define MICRODESCRIPTOR_SIZE_MAX (256 * 1024)
#define GATHERED_AT_FIRST 1024 /* bytes; most are shorter */

struct network_builder {
    bool is_testing_network;
    struct error failure; /* of the first line that was wrong, "" while none was */
    bool is_empty;
    struct consensus_parser *parser;
    struct consensus consensus; /* from its end on, and all that follows */
    struct network *network;
    struct digest_entry *entries; /* of all relays, in the order of their digests */
    uint32_t entry_starts[HASH_SORT_PARTS + 1];
    struct hasher *hasher;
    struct microdescriptor_lines lines; /* of the microdescriptor whose lines are coming */
    char *gathered;                     /* its text */
    size_t gathered_length, gathered_capacity;
    bool is_cut_off; /* the last line had no newline */
};

static int compare_digests(const void *a, const void *b)
{
    const struct digest_entry *first = a, *second = b;
    int order = memcmp(first->beginning, second->beginning, sizeof(first->beginning));
    return order != 0 ? order : memcmp(first->digest, second->digest, MICRODESCRIPTOR_DIGEST_SIZE);
}

/* The position of the first entry with a digest or, when there is none, of one with another or behind all. */
static size_t find_digest(const struct network_builder *builder,
                          const uint8_t digest[MICRODESCRIPTOR_DIGEST_SIZE])
{
    const struct digest_entry *entries = builder->entries;
    const uint32_t *starts = builder->entry_starts + hash_sort_part(digest);
    size_t low = starts[0], high = starts[1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(entries[middle].digest, digest, MICRODESCRIPTOR_DIGEST_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Has all relays of the consensus in the order of their digests. */
static void sort_digests(struct network_builder *builder)
{
    const struct consensus *consensus = &builder->consensus;
    builder->entries = memory_allocate(consensus->relay_count, sizeof(*builder->entries));
    for (size_t i = 0; i < consensus->relay_count; i++) {
        struct digest_entry *entry = &builder->entries[i];
        entry->digest = consensus->relays[i].microdescriptor_digest;
        entry->links = &consensus->relays[i].links;
        memcpy(entry->beginning, entry->digest, sizeof(entry->beginning));
    }
    hash_sort(builder->entries, consensus->relay_count, sizeof(*builder->entries), compare_digests,
              builder->entry_starts);
}

/* Notes the identity of all relays that have a microdescriptor. */
static void note_identity(struct network_builder *builder, const struct microdescriptor *microdescriptor)
{
    const struct digest_entry *entries = builder->entries;
    const size_t count = builder->consensus.relay_count;
    if (!microdescriptor->has_ed25519_identity)
        return;
    size_t position = find_digest(builder, microdescriptor->digest);
    for (; position < count &&
           memcmp(entries[position].digest, microdescriptor->digest, MICRODESCRIPTOR_DIGEST_SIZE) == 0;
         position++) {
        struct link_specifiers *links = entries[position].links;
        /* An entry that came before had the same digest, so the same identity for all that have it. Without
         * this, many of both would take as long as their numbers multiplied. */
        if (links->has_ed25519_identity)
            break;
        links->has_ed25519_identity = true;
        memcpy(links->ed25519_identity, microdescriptor->ed25519_identity, ED25519_PUBLIC_KEY_SIZE);
    }
}

/* Ends the microdescriptor that has been gathered. */
static int finish_microdescriptor(struct network_builder *builder, struct error *error)
{
    struct microdescriptor *microdescriptor = &builder->lines.microdescriptor;
    if (microdescriptor_end_lines(&builder->lines, error) != 0)
        return -1;
    hasher_sha256(builder->hasher, microdescriptor->digest, builder->gathered, builder->gathered_length);
    note_identity(builder, microdescriptor);
    builder->gathered_length = 0;
    builder->lines = (struct microdescriptor_lines){.has_begun = false};
    return 0;
}

static int gather(struct network_builder *builder, const char *line, size_t length, struct error *error)
{
    if (length > MICRODESCRIPTOR_SIZE_MAX - builder->gathered_length)
        return error_set(error, "a microdescriptor is longer than %d bytes", MICRODESCRIPTOR_SIZE_MAX);
    size_t needed = builder->gathered_length + length;
    builder->gathered =
        memory_make_room(builder->gathered, &builder->gathered_capacity, needed, GATHERED_AT_FIRST, 1);
    memcpy(builder->gathered + builder->gathered_length, line, length);
    builder->gathered_length += length;
    builder->is_cut_off = length == 0 || line[length - 1] != '\n';
    return microdescriptor_take_line(&builder->lines, line, length - (builder->is_cut_off ? 0 : 1), error);
}

/* Lists an HSDir whose identity is known. */
static void add_hsdir(struct network *network, const struct link_specifiers *links)
{
    if (!links->has_ed25519_identity) {
        network->hsdirs_without_identity++;
        return;
    }
    struct hsdir *hsdir = &network->hsdirs[network->hsdir_count++];
    memcpy(hsdir->fingerprint, links->fingerprint, RELAY_FINGERPRINT_SIZE);
    memcpy(hsdir->ed25519_identity, links->ed25519_identity, ED25519_PUBLIC_KEY_SIZE);
}

/* Lists all relays, and the HSDirs whose identity is known, in the consensus' order. The consensus' relays
 * end with that: nothing but their links is needed any more, and these stay in the same memory, each behind
 * the one before. That is a megabyte less than a copy, whose pages take longer to get than its bytes. */
static void list_relays(struct network *network, struct consensus *consensus)
{
    uint8_t *moved = (uint8_t *)consensus->relays;
    network->hsdirs = memory_allocate(consensus->hsdir_count, sizeof(*network->hsdirs));
    for (size_t i = 0; i < consensus->relay_count; i++) {
        const struct consensus_relay relay = consensus->relays[i];
        if (relay.is_hsdir)
            add_hsdir(network, &relay.links);
        memcpy(moved + i * sizeof(relay.links), &relay.links, sizeof(relay.links));
    }
    network->relay_count = consensus->relay_count;
    network->relays = memory_resize(moved, consensus->relay_count, sizeof(*network->relays));
    consensus->relays = NULL;
    consensus->relay_count = 0;
}

/* Sets times and limits. */
static int set_figures(struct network *network, const struct consensus *consensus, bool is_testing_network,
                       struct error *error)
{
    network->valid_after = consensus->valid_after;
    network->fresh_until = consensus->fresh_until;
    network->valid_until = consensus->valid_until;
    network->is_testing_network = is_testing_network;
    network->hsdir_n_replicas = (uint32_t)consensus->hsdir_n_replicas;
    network->hsdir_spread_store = (uint32_t)consensus->hsdir_spread_store;
    network->hsdir_spread_fetch = (uint32_t)consensus->hsdir_spread_fetch;
    network->descriptor_size_max = (size_t)consensus->descriptor_size_max;
    network->sendme_increment = (unsigned)consensus->sendme_increment;
    return time_schedule_set(&network->schedule, consensus->fresh_until - consensus->valid_after,
                             consensus->hsdir_interval, is_testing_network, error);
}

/* Sets which time period and shared-random run each slot is for. */
static int set_slots(struct network *network, struct error *error)
{
    const struct time_schedule *schedule = &network->schedule;
    if (time_period_number(schedule, network->valid_after) == 0)
        return error_set(error, "the consensus is of 1970: check the local tor's clock");
    bool is_after_rotation = time_is_between_period_and_shared_random(schedule, network->valid_after);
    uint64_t first = time_period_of_first_descriptor(schedule, network->valid_after);
    network->period_number[DESCRIPTOR_FIRST] = first;
    network->period_number[DESCRIPTOR_SECOND] = first + 1;
    network->client_slot = is_after_rotation ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST;

    int64_t run_start = shared_random_run_start(schedule, network->valid_after);
    network->run_start[DESCRIPTOR_FIRST] = run_start - shared_random_run_length(schedule);
    network->run_start[DESCRIPTOR_SECOND] = run_start;
    return 0;
}

/* Builds the ring of one slot from its shared random value, or from its stand-in when value is NULL. */
static void build_ring(struct network *network, enum descriptor_slot slot, const uint8_t *value)
{
    uint8_t disaster_value[SHARED_RANDOM_VALUE_SIZE];
    uint64_t period_number = network->period_number[slot];
    uint32_t period_length = network->schedule.period_length;
    network->is_disaster[slot] = value == NULL;
    if (value == NULL) {
        hsdir_ring_disaster_value(disaster_value, period_number, period_length);
        value = disaster_value;
    }
    hsdir_ring_build(&network->ring[slot], network->hsdirs, network->hsdir_count, value, period_number,
                     period_length);
}

struct network_builder *network_builder_new(bool is_testing_network)
{
    struct network_builder *builder = memory_allocate(1, sizeof(*builder));
    builder->is_testing_network = is_testing_network;
    builder->is_empty = true;
    builder->parser = consensus_parser_new();
    builder->hasher = hasher_new();
    return builder;
}

void network_builder_free(struct network_builder *builder)
{
    if (builder == NULL)
        return;
    consensus_parser_free(builder->parser);
    consensus_clear(&builder->consensus);
    network_free(builder->network);
    free(builder->entries);
    hasher_free(builder->hasher);
    free(builder->gathered);
    free(builder);
}

bool network_builder_is_empty(const struct network_builder *builder)
{
    return builder->is_empty;
}

static bool has_failed(const struct network_builder *builder)
{
    return builder->failure.text[0] != '\0';
}

/* Fails with what was wrong first. */
static int fail_again(const struct network_builder *builder, struct error *error)
{
    return error_set(error, "%s", builder->failure.text);
}

void network_builder_take_consensus(struct network_builder *builder, const char *line, size_t length)
{
    builder->is_empty = false;
    if (has_failed(builder) || builder->network != NULL)
        return;
    if (length > 0 && line[length - 1] == '\n')
        length--;
    consensus_parser_take_line(builder->parser, line, length, &builder->failure);
}

int network_builder_end_consensus(struct network_builder *builder, struct error *error)
{
    struct consensus *consensus = &builder->consensus;
    if (has_failed(builder))
        return fail_again(builder, error);
    if (consensus_parser_finish(builder->parser, consensus, error) != 0)
        return -1;
    builder->network = memory_allocate(1, sizeof(*builder->network));
    if (set_figures(builder->network, consensus, builder->is_testing_network, error) != 0 ||
        set_slots(builder->network, error) != 0)
        return -1;
    if (consensus->hsdir_count == 0)
        return error_set(
            error, "none of the %zu relays in the consensus is an HSDir, so there is nowhere to publish",
            consensus->relay_count);
    sort_digests(builder);
    return 0;
}

void network_builder_take_microdescriptors(struct network_builder *builder, const char *line, size_t length)
{
    if (has_failed(builder) || builder->entries == NULL)
        return;
    if (builder->gathered_length > 0 && microdescriptor_line_begins(line, length) &&
        finish_microdescriptor(builder, &builder->failure) != 0)
        return;
    if (microdescriptor_line_is_annotation(line, length))
        builder->is_cut_off = line[length - 1] != '\n';
    else
        gather(builder, line, length, &builder->failure);
}

struct network *network_builder_finish(struct network_builder *builder, struct error *error)
{
    struct consensus *consensus = &builder->consensus;
    struct network *network = builder->network;
    if (!has_failed(builder) && builder->is_cut_off)
        error_set(&builder->failure, "the microdescriptors do not end with a whole line");
    if (!has_failed(builder) && builder->gathered_length > 0)
        finish_microdescriptor(builder, &builder->failure);
    if (has_failed(builder)) {
        fail_again(builder, error);
        return NULL;
    }
    list_relays(network, consensus);
    free(builder->entries); /* of what is there no more */
    builder->entries = NULL;
    if (network->hsdir_count == 0) {
        error_set(error,
                  "the local tor has the microdescriptor of none of the %zu HSDirs yet; wait until it has "
                  "bootstrapped",
                  consensus->hsdir_count);
        return NULL;
    }
    build_ring(network, DESCRIPTOR_FIRST,
               consensus->has_previous_shared_random ? consensus->previous_shared_random : NULL);
    build_ring(network, DESCRIPTOR_SECOND,
               consensus->has_current_shared_random ? consensus->current_shared_random : NULL);
    builder->network = NULL;
    return network;
}

/* Gives a whole text to a builder, line by line with their newlines. */
static void take_lines(struct network_builder *builder, const char *text, size_t length,
                       void (*take)(struct network_builder *builder, const char *line, size_t length))
{
    struct directory_reader reader = {.next = text, .end = length > 0 ? text + length : text};
    struct text line;
    while (directory_next_line(&reader, &line))
        take(builder, line.start, (size_t)(reader.next - line.start));
}

struct network *network_build(const char *consensus, size_t consensus_length, const char *microdescriptors,
                              size_t microdescriptors_length, bool is_testing_network, struct error *error)
{
    struct network_builder *builder = network_builder_new(is_testing_network);
    struct network *network = NULL;
    take_lines(builder, consensus, consensus_length, network_builder_take_consensus);
    if (network_builder_end_consensus(builder, error) == 0) {
        take_lines(builder, microdescriptors, microdescriptors_length, network_builder_take_microdescriptors);
        network = network_builder_finish(builder, error);
    }
    network_builder_free(builder);
    return network;
}

void network_free(struct network *network)
{
    if (network == NULL)
        return;
    for (int slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        hsdir_ring_clear(&network->ring[slot]);
    free(network->relays);
    free(network->hsdirs);
    free(network);
}

/* True when clients use the same descriptors by a consensus of valid_after. */
static bool has_same_half(const struct network *network, int64_t valid_after)
{
    const struct time_schedule *schedule = &network->schedule;
    bool is_second = time_is_between_period_and_shared_random(schedule, valid_after);
    return is_second == (network->client_slot == DESCRIPTOR_SECOND) &&
           time_period_of_first_descriptor(schedule, valid_after) == network->period_number[DESCRIPTOR_FIRST];
}

bool network_may_be_of_other_half(const struct network *network, int64_t wall_now)
{
    int64_t interval = network->schedule.voting_interval;
    return !has_same_half(network, wall_now + interval / CLOCK_TOLERANCE_SHARE) ||
           !has_same_half(network, wall_now - interval * INTERVALS_IN_USE);
}

bool network_is_live(const struct network *network, int64_t wall_now)
{
    return wall_now >= network->valid_after - REASONABLY_LIVE_TIME &&
           wall_now <= network->valid_until + REASONABLY_LIVE_TIME;
}

size_t network_find_responsible(const struct network *network, enum descriptor_slot slot,
                                const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], bool to_fetch,
                                const struct hsdir_ring_entry **responsible)
{
    return hsdir_ring_find_responsible(&network->ring[slot], blinded_key, network->hsdir_n_replicas,
                                       to_fetch ? network->hsdir_spread_fetch : network->hsdir_spread_store,
                                       responsible);
}

int64_t network_revision_seconds(const struct network *network, enum descriptor_slot slot, int64_t wall_now)
{
    int64_t start = network->run_start[slot];
    if (wall_now <= start)
        return 1;
    if (wall_now >= start + REVISION_COUNTER_SECONDS_MAX)
        return REVISION_COUNTER_SECONDS_MAX;
    return wall_now - start + 1;
}
