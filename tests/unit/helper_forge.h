/* Makes descriptors with any fault one likes, from keys that the test holds. */
#ifndef OBPUB_TESTS_HELPER_FORGE_H
#define OBPUB_TESTS_HELPER_FORGE_H

#include "onion/descriptor.h"
#include "onion/descriptor_authorization.h"

/* A service whose every key the test has. All of it is worked out from a number. */
struct forger {
    struct ed25519_secret_key identity_secret_key, blinded_secret_key, signing_secret_key;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct descriptor_expectation expectation; /* without the identity key, see forger_expectation() */
    uint64_t revision_counter;
    uint32_t expiration_hour; /* of every certificate */
    const char
        *padding; /* put behind the plaintext of both layers; of padding_length bytes, which may be NUL */
    size_t padding_length;
    const uint8_t *cookie; /* of restricted descriptors, else NULL */
};

/* The forger of that number; its descriptors are of the time period now running. */
void forger_init(struct forger *forger, uint8_t number);

/* A certificate in base64 with its BEGIN and END lines, made by the forger's signing key. */
char *forge_certificate(const struct forger *forger, uint8_t type, const uint8_t *certified_key);

/* An X25519 key that an introduction point encrypts to, and the Ed25519 key of its certificate. */
void forge_enc_key(uint8_t enc_key[X25519_PUBLIC_KEY_SIZE], uint8_t certified_key[ED25519_PUBLIC_KEY_SIZE],
                   uint8_t number);

/* The text of a good introduction point. */
char *forge_point(const struct forger *forger, uint8_t number);

/* The text of a good inner layer with so many points. */
char *forge_inner(const struct forger *forger, size_t point_count);

/* The text of a good middle layer around an inner one. */
char *forge_middle(const struct forger *forger, const char *inner);

/* The text of a good middle layer for authorised clients alone. */
char *forge_restricted_middle(const struct forger *forger, const char *inner,
                              const struct descriptor_authorization *authorization);

/* What the authorised clients are given, who have the secret keys {0, 1}, {0, 2} and so on, count of them. */
struct descriptor_authorization *forge_authorization(const struct forger *forger, uint8_t count);

/* The text of a good outer layer around a middle one, up to its signature. */
char *forge_outer(const struct forger *forger, const char *middle);

/* The outer layer with its signature line. */
char *forge_signed(const struct forger *forger, const char *outer);

/* The whole descriptor around an inner layer. */
char *forge_around(const struct forger *forger, const char *inner);

/* Text with the first occurrence of from replaced by to; fails the test when there is none. All strings of
 * this file are to be released with free(). */
char *text_replace(const char *text, const char *from, const char *to);

/* Text made like printf() does. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes in base64, with padding. */
char *text_base64(const void *bytes, size_t size);

/* What a descriptor of the forger's service is held to. */
struct descriptor_expectation forger_expectation(const struct forger *forger);

/* Decodes a forger's text that has to be good. Release with descriptor_free(). */
struct descriptor *decode_forged(const struct forger *forger, const char *text);

/* Decodes a text that has to be refused with a sentence that has words in it. */
void assert_descriptor_refused(const char *text, size_t length,
                               const struct descriptor_expectation *expectation, const char *words);

#endif
