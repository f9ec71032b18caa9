/* Signatures of introduction points' certificates that were made before. */
#include "onion/point_signatures.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void point_signatures_clear(struct point_signatures *signatures)
{
    free(signatures->signatures);
    memset(signatures, 0, sizeof(*signatures));
}

/* True when the signatures are by the key and for the expiry of a certificate. */
static bool are_for(const struct point_signatures *signatures, const struct certificate *certificate)
{
    return signatures->expiration_hour == certificate->expiration_hour &&
           memcmp(signatures->signing_key, certificate->signing_key, ED25519_PUBLIC_KEY_SIZE) == 0;
}

/* The signature of a certificate, or NULL. Where it stood in the last descriptor it is looked for first. */
static const struct point_signature *find_signature(const struct point_signatures *known,
                                                    const struct certificate *certificate, size_t position)
{
    if (known == NULL || !are_for(known, certificate))
        return NULL;
    for (size_t i = 0; i < known->count; i++) {
        const struct point_signature *signature = &known->signatures[(position + i) % known->count];
        if (signature->type == certificate->type &&
            memcmp(signature->certified_key, certificate->certified_key, ED25519_PUBLIC_KEY_SIZE) == 0)
            return signature;
    }
    return NULL;
}

static void add_signature(struct point_signatures *made, const struct certificate *certificate,
                          const uint8_t encoded[CERTIFICATE_SIZE])
{
    if (!are_for(made, certificate)) {
        memcpy(made->signing_key, certificate->signing_key, ED25519_PUBLIC_KEY_SIZE);
        made->expiration_hour = certificate->expiration_hour;
        made->count = 0;
    }
    if (made->count == POINT_SIGNATURES_MAX)
        return;
    if (made->signatures == NULL)
        made->signatures = memory_allocate(POINT_SIGNATURES_MAX, sizeof(*made->signatures));
    struct point_signature *signature = &made->signatures[made->count++];
    signature->type = certificate->type;
    memcpy(signature->certified_key, certificate->certified_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(signature->signature, encoded + CERTIFICATE_BODY_SIZE, ED25519_SIGNATURE_SIZE);
}

int point_signatures_certify(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                             const struct ed25519_secret_key *signing_secret_key,
                             const struct point_signatures *known, struct point_signatures *made)
{
    const struct point_signature *signature = find_signature(known, certificate, made->count);
    if (signature != NULL)
        certificate_assemble(encoded, certificate, signature->signature);
    else if (certificate_make(encoded, certificate, signing_secret_key) != 0)
        return -1;
    add_signature(made, certificate, encoded);
    return 0;
}
