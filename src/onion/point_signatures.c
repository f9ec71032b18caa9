/* Signatures of introduction points' certificates that were made before. */
#include "onion/point_signatures.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* There is room for a multiple of so many: those of one descriptor. */
#define ROOM_STEP (2 * INTRODUCTION_POINTS_MAX)

void point_signatures_clear(struct point_signatures *signatures)
{
    free(signatures->signatures);
    memset(signatures, 0, sizeof(*signatures));
}

/* Has the memory be what count signatures take. */
static void resize(struct point_signatures *signatures, size_t count)
{
    size_t room = (count + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
    if (room == signatures->room)
        return;
    signatures->signatures = memory_resize(signatures->signatures, room, sizeof(*signatures->signatures));
    signatures->room = room;
}

void point_signatures_drop_unused(struct point_signatures *signatures)
{
    size_t kept = 0;
    for (size_t i = 0; i < signatures->count; i++) {
        struct point_signature *signature = &signatures->signatures[i];
        if (!signature->is_used)
            continue;
        signature->is_used = false;
        signatures->signatures[kept++] = *signature;
    }
    if (kept == 0) {
        point_signatures_clear(signatures);
        return;
    }
    signatures->count = kept;
    signatures->next = 0;
    resize(signatures, kept);
}

/* True when the signatures are by the key and for the expiry of a certificate. */
static bool are_for(const struct point_signatures *signatures, const struct certificate *certificate)
{
    return signatures->expiration_hour == certificate->expiration_hour &&
           memcmp(signatures->signing_key, certificate->signing_key, ED25519_PUBLIC_KEY_SIZE) == 0;
}

/* The signature of a certificate, or NULL. It is looked for first behind the last one that was found: most
 * descriptors have their points in the order of the one before. */
static struct point_signature *find_signature(struct point_signatures *signatures,
                                              const struct certificate *certificate)
{
    if (!are_for(signatures, certificate))
        return NULL;
    for (size_t i = 0; i < signatures->count; i++) {
        size_t place = signatures->next + i;
        if (place >= signatures->count)
            place -= signatures->count;
        struct point_signature *signature = &signatures->signatures[place];
        if (signature->type == certificate->type &&
            memcmp(signature->certified_key, certificate->certified_key, ED25519_PUBLIC_KEY_SIZE) == 0) {
            signatures->next = place + 1 < signatures->count ? place + 1 : 0;
            return signature;
        }
    }
    return NULL;
}

static void add_signature(struct point_signatures *signatures, const struct certificate *certificate,
                          const uint8_t encoded[CERTIFICATE_SIZE])
{
    if (!are_for(signatures, certificate)) {
        memcpy(signatures->signing_key, certificate->signing_key, ED25519_PUBLIC_KEY_SIZE);
        signatures->expiration_hour = certificate->expiration_hour;
        signatures->count = signatures->next = 0;
    }
    if (signatures->count == POINT_SIGNATURES_MAX)
        return;
    if (signatures->count == signatures->room)
        resize(signatures, signatures->count + 1);
    struct point_signature *signature = &signatures->signatures[signatures->count++];
    signature->type = certificate->type;
    signature->is_used = true;
    memcpy(signature->certified_key, certificate->certified_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(signature->signature, encoded + CERTIFICATE_BODY_SIZE, ED25519_SIGNATURE_SIZE);
}

int point_signatures_certify(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                             const struct ed25519_secret_key *signing_secret_key,
                             struct point_signatures *signatures)
{
    struct point_signature *signature = signatures != NULL ? find_signature(signatures, certificate) : NULL;
    if (signature != NULL) {
        signature->is_used = true;
        certificate_assemble(encoded, certificate, signature->signature);
        return 0;
    }
    if (certificate_make(encoded, certificate, signing_secret_key) != 0)
        return -1;
    if (signatures != NULL)
        add_signature(signatures, certificate, encoded);
    return 0;
}
