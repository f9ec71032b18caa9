/* Which time period a descriptor is of: its blinded key tells. */
#include "descriptor_period.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/blinding.h"

/* Time periods that a descriptor can be of: the running one and its neighbours. */
#define POSSIBLE_PERIODS 3
_Static_assert(sizeof(((struct known_blinded_keys *)NULL)->keys) /
                       sizeof(((struct known_blinded_keys *)NULL)->keys[0]) ==
                   POSSIBLE_PERIODS,
               "a key for each is kept");

/* Lists them, the likeliest first. */
static void list_periods(uint64_t periods[POSSIBLE_PERIODS], const struct descriptor_expectation *expectation)
{
    const uint64_t running = expectation->period_number;
    const uint64_t in_order[POSSIBLE_PERIODS] = {running, running - 1, running + 1};
    size_t likeliest = 0;
    for (size_t i = 1; i < POSSIBLE_PERIODS; i++) {
        if (expectation->likely_period_number == in_order[i])
            likeliest = i;
    }
    size_t count = 0;
    periods[count++] = in_order[likeliest];
    for (size_t i = 0; i < POSSIBLE_PERIODS; i++) {
        if (i != likeliest)
            periods[count++] = in_order[i];
    }
}

/* Forgets the keys of another service, or of periods of another length. */
static void prepare_known_keys(struct known_blinded_keys *known,
                               const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint32_t period_length)
{
    if (known->period_length == period_length &&
        memcmp(known->identity_key, identity_key, sizeof(known->identity_key)) == 0)
        return;
    *known = (struct known_blinded_keys){.period_length = period_length};
    memcpy(known->identity_key, identity_key, sizeof(known->identity_key));
}

/* The known key of a period, or NULL. */
static const uint8_t *find_known_key(const struct known_blinded_keys *known, uint64_t period_number)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->keys[i].period_number == period_number)
            return known->keys[i].key;
    }
    return NULL;
}

void known_blinded_keys_add(struct known_blinded_keys *known,
                            const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint32_t period_length,
                            uint64_t period_number, const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE])
{
    prepare_known_keys(known, identity_key, period_length);
    if (find_known_key(known, period_number) != NULL)
        return;
    known->keys[known->next].period_number = period_number;
    memcpy(known->keys[known->next].key, blinded_key, ED25519_PUBLIC_KEY_SIZE);
    known->next = (known->next + 1) % POSSIBLE_PERIODS;
    known->count += known->count < POSSIBLE_PERIODS;
}

/* Finds the blinded key of the expected service in a time period, or works it out. */
static int find_blinded_key(uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                            const struct descriptor_expectation *expectation, uint64_t period_number)
{
    struct known_blinded_keys *known = expectation->known_keys;
    const uint32_t period_length = expectation->schedule.period_length;
    if (known != NULL) {
        prepare_known_keys(known, expectation->identity_key, period_length);
        const uint8_t *known_key = find_known_key(known, period_number);
        if (known_key != NULL) {
            memcpy(blinded_key, known_key, ED25519_PUBLIC_KEY_SIZE);
            return 0;
        }
    }
    if (blinding_derive_public_key(blinded_key, expectation->identity_key, period_number, period_length) != 0)
        return -1;
    if (known != NULL)
        known_blinded_keys_add(known, expectation->identity_key, period_length, period_number, blinded_key);
    return 0;
}

int descriptor_find_period(uint64_t *period_number, const struct descriptor_expectation *expectation,
                           const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], struct error *error)
{
    uint64_t periods[POSSIBLE_PERIODS];
    list_periods(periods, expectation);
    for (size_t i = 0; i < POSSIBLE_PERIODS; i++) {
        uint8_t possible_key[ED25519_PUBLIC_KEY_SIZE];
        if (find_blinded_key(possible_key, expectation, periods[i]) != 0)
            return error_set(error, "the address it is expected to be of has no valid key");
        if (memcmp(possible_key, blinded_key, sizeof(possible_key)) == 0) {
            *period_number = periods[i];
            return 0;
        }
    }
    return error_set(error,
                     "it is not a descriptor of this service, or not of a time period that is possible now "
                     "(period %" PRIu64 " is running)",
                     expectation->period_number);
}
