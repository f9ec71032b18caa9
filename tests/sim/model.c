/* Networks, keys and descriptors made by hand, for whoever plays the state machine without a tor. */
#include "model.h"

#include <string.h>

#include <sodium.h>

#include "base/memory.h"

#define INTERVALS_VALID 3
#define SIZE_MAX_OF_DESCRIPTORS 50000

/* rend-spec-v3 [TIME-PERIODS] and [SERVICEUPLOAD], told from the length of a run alone: a run begins with a
 * new shared random value, and a time period half a run later. */
static void set_slots(struct network *network)
{
    int64_t run = 24 * (int64_t)network->schedule.voting_interval;
    int64_t since_run_start = network->valid_after % run;
    int64_t run_start = network->valid_after - since_run_start;
    bool is_second_half = since_run_start >= run / 2;
    uint64_t first_period = (uint64_t)(run_start - run / 2) / (uint64_t)run;
    network->period_number[DESCRIPTOR_FIRST] = first_period;
    network->period_number[DESCRIPTOR_SECOND] = first_period + 1;
    network->run_start[DESCRIPTOR_FIRST] = run_start - run;
    network->run_start[DESCRIPTOR_SECOND] = run_start;
    network->client_slot = is_second_half ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST;
}

static void build_ring(struct network *network, enum descriptor_slot slot, const uint8_t *shared_random)
{
    uint8_t disaster[SHARED_RANDOM_VALUE_SIZE];
    uint64_t period_number = network->period_number[slot];
    uint32_t period_length = network->schedule.period_length;
    hsdir_ring_disaster_value(disaster, period_number, period_length);
    network->is_disaster[slot] = shared_random == NULL;
    hsdir_ring_build(&network->ring[slot], network->hsdirs, network->hsdir_count,
                     shared_random != NULL ? shared_random : disaster, period_number, period_length);
}

struct network *model_make_network(const struct model_consensus *consensus)
{
    struct network *network = memory_allocate(1, sizeof(*network));
    network->schedule = consensus->schedule;
    network->valid_after = consensus->valid_after;
    network->fresh_until = consensus->valid_after + consensus->schedule.voting_interval;
    network->valid_until =
        consensus->valid_after + INTERVALS_VALID * (int64_t)consensus->schedule.voting_interval;
    network->hsdir_n_replicas = MODEL_REPLICAS;
    network->hsdir_spread_store = MODEL_SPREAD_STORE;
    network->hsdir_spread_fetch = MODEL_SPREAD_FETCH;
    network->descriptor_size_max = SIZE_MAX_OF_DESCRIPTORS;
    network->hsdir_count = consensus->hsdir_count;
    network->hsdirs = memory_allocate(consensus->hsdir_count, sizeof(*network->hsdirs));
    memcpy(network->hsdirs, consensus->hsdirs, consensus->hsdir_count * sizeof(*network->hsdirs));
    set_slots(network);
    build_ring(network, DESCRIPTOR_FIRST, consensus->previous_shared_random);
    build_ring(network, DESCRIPTOR_SECOND, consensus->current_shared_random);
    return network;
}

struct network *model_copy_network(const struct network *network)
{
    struct network *copy = memory_allocate(1, sizeof(*copy));
    *copy = *network;
    copy->hsdirs = memory_allocate(network->hsdir_count, sizeof(*copy->hsdirs));
    memcpy(copy->hsdirs, network->hsdirs, network->hsdir_count * sizeof(*copy->hsdirs));
    copy->relays = memory_allocate(network->relay_count, sizeof(*copy->relays));
    if (network->relay_count > 0)
        memcpy(copy->relays, network->relays, network->relay_count * sizeof(*copy->relays));
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        size_t count = network->ring[slot].count;
        struct hsdir_ring_entry *entries = memory_allocate(count, sizeof(*entries));
        memcpy(entries, network->ring[slot].entries, count * sizeof(*entries));
        copy->ring[slot].entries = entries;
    }
    return copy;
}

void model_make_identity_key(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t number)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {0}, secret_key[crypto_sign_SECRETKEYBYTES];
    memcpy(seed, &number, sizeof(number));
    crypto_sign_seed_keypair(identity_key, secret_key, seed);
}

void model_make_hsdir(struct hsdir *hsdir, uint32_t number)
{
    memset(hsdir, 0xa5, sizeof(*hsdir));
    memcpy(hsdir->fingerprint, &number, sizeof(number));
    memcpy(hsdir->ed25519_identity, &number, sizeof(number));
}

uint32_t model_hsdir_number(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    uint32_t number;
    memcpy(&number, fingerprint, sizeof(number));
    return number;
}

static void set_relay(struct introduction_point *point, uint64_t number)
{
    struct link_specifiers links = {.ipv4 = {192, 0, 2, 1}, .ipv4_port = 9001};
    memset(links.fingerprint, 0x5a, sizeof(links.fingerprint));
    memcpy(links.fingerprint, &number, sizeof(number));
    introduction_point_set_links(point, &links);
}

/* Each point is at a relay of its own, which the networks here do not have. */
static void make_point(struct introduction_point *point, uint64_t number)
{
    set_relay(point, number);
    memcpy(point->auth_key, &number, sizeof(number));
    memcpy(point->enc_key, &number, sizeof(number));
}

struct descriptor *model_make_descriptor(uint64_t period_number, uint64_t revision_counter,
                                         const uint64_t *points, size_t point_count)
{
    struct descriptor *descriptor = memory_allocate(1, sizeof(*descriptor));
    descriptor->period_number = period_number;
    descriptor->revision_counter = revision_counter;
    descriptor->flow_control.is_present = true;
    descriptor->flow_control.versions = 6;
    descriptor->flow_control.sendme_inc = 31;
    descriptor->points = memory_allocate(point_count, sizeof(*descriptor->points));
    descriptor->point_count = point_count;
    for (size_t i = 0; i < point_count; i++)
        make_point(&descriptor->points[i], points[i]);
    return descriptor;
}

void model_place_point(struct introduction_point *point, uint32_t relay)
{
    set_relay(point, relay);
}

uint64_t model_point_number(const struct introduction_point *point)
{
    uint64_t number;
    memcpy(&number, point->auth_key, sizeof(number));
    return number;
}
