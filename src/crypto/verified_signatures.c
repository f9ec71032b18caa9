/* Signatures that were verified before and found good. */
#include "crypto/verified_signatures.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void verified_signatures_clear(struct verified_signatures *verified)
{
    free(verified->digests);
    memset(verified, 0, sizeof(*verified));
}

/* A signature that is used again becomes the newest. */
static bool find_digest(struct verified_signatures *verified, const uint8_t digest[SHA256_SIZE])
{
    for (size_t i = verified->count; i > 0; i--) {
        if (memcmp(verified->digests[i - 1], digest, SHA256_SIZE) != 0)
            continue;
        memmove(verified->digests[i - 1], verified->digests[i], (verified->count - i) * SHA256_SIZE);
        memcpy(verified->digests[verified->count - 1], digest, SHA256_SIZE);
        return true;
    }
    return false;
}

static void add_digest(struct verified_signatures *verified, const uint8_t digest[SHA256_SIZE])
{
    if (verified->count == VERIFIED_SIGNATURES_MAX)
        verified_signatures_trim(verified, VERIFIED_SIGNATURES_MAX / 2);
    verified->digests = memory_resize(verified->digests, verified->count + 1, SHA256_SIZE);
    memcpy(verified->digests[verified->count++], digest, SHA256_SIZE);
}

int verified_signatures_verify(struct verified_signatures *verified,
                               const uint8_t signature[ED25519_SIGNATURE_SIZE], const void *message,
                               size_t length, const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    if (verified == NULL)
        return ed25519_verify(signature, message, length, public_key);
    /* Those before the text are of a fixed length, so that no two signatures are hashed from the same bytes.
     */
    const struct span pieces[] = {
        {public_key, ED25519_PUBLIC_KEY_SIZE}, {signature, ED25519_SIGNATURE_SIZE}, {message, length}};
    uint8_t digest[SHA256_SIZE];
    hash_sha256(digest, pieces, sizeof(pieces) / sizeof(pieces[0]));
    if (find_digest(verified, digest))
        return 0;
    if (ed25519_verify(signature, message, length, public_key) != 0)
        return -1;
    add_digest(verified, digest);
    return 0;
}

void verified_signatures_trim(struct verified_signatures *verified, size_t count)
{
    if (verified->count <= count)
        return;
    memmove(verified->digests, verified->digests[verified->count - count], count * SHA256_SIZE);
    verified->digests = memory_resize(verified->digests, count, SHA256_SIZE);
    verified->count = count;
}
