/* Remembers blinded keys, so that many histories with the same services are played in little time: linked in
 * place of blinding_derive_public_key() (ld --wrap), which it calls for those it does not know. */
#include <string.h>

#include "crypto/blinding.h"

#define PLACES 131072 /* a power of two */

struct remembered {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint64_t period_number, period_length;
};

int __real_blinding_derive_public_key(uint8_t *blinded_key, const uint8_t *identity_key,
                                      uint64_t period_number, uint64_t period_length);
int __wrap_blinding_derive_public_key(uint8_t *blinded_key, const uint8_t *identity_key,
                                      uint64_t period_number, uint64_t period_length);

int __wrap_blinding_derive_public_key(uint8_t *blinded_key, const uint8_t *identity_key,
                                      uint64_t period_number, uint64_t period_length)
{
    static struct remembered places[PLACES];
    uint64_t hash;
    memcpy(&hash, identity_key, sizeof(hash));
    hash = (hash ^ period_number ^ (period_length << 40)) * 0x9e3779b97f4a7c15u;
    struct remembered *place = &places[(hash >> 32) % PLACES];
    if (place->period_length != period_length || place->period_number != period_number ||
        memcmp(place->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE) != 0) {
        if (__real_blinding_derive_public_key(place->blinded_key, identity_key, period_number,
                                              period_length) != 0) {
            place->period_length = 0;
            return -1;
        }
        memcpy(place->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
        place->period_number = period_number;
        place->period_length = period_length;
    }
    memcpy(blinded_key, place->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}
