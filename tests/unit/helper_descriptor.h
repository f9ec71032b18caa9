/* Descriptors for the tests: the ones recorded in vectors/, and what lies in their encrypted layers. */
#ifndef OBPUB_TESTS_HELPER_DESCRIPTOR_H
#define OBPUB_TESTS_HELPER_DESCRIPTOR_H

#include "onion/descriptor.h"

/* A file vectors/descriptor_*.txt: a descriptor that somebody else made, and what somebody else found in it.
 */
struct descriptor_vector {
    char *file;       /* the whole of it */
    const char *text; /* the descriptor */
    size_t length;
    struct descriptor_expectation expectation;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct descriptor expected; /* without what the file does not tell */
    char flow_control[64];      /* the line's arguments, or "-" */
    size_t authorised_clients;  /* 0: everybody */
    uint8_t client_keys[3][32]; /* secret keys of some of these */
    size_t client_key_count;
};

/* Reads vectors/NAME; fails the test when it can't be read. Release with descriptor_vector_clear(). */
void descriptor_vector_read(struct descriptor_vector *vector, const char *name);
void descriptor_vector_clear(struct descriptor_vector *vector);

void assert_pow_params_equal(const struct pow_params *pow_params, const struct pow_params *expected);

/* The plaintexts of a descriptor's layers, each NUL-terminated and to be released with free(). */
struct opened_layers {
    char *middle;
    size_t middle_length; /* bytes, with the padding */
    char *inner;
    size_t inner_length;
};

/* Decrypts both layers, without the code under test but for the ciphers; fails the test when it can't. */
void open_layers(struct opened_layers *layers, const char *text, const uint8_t *identity_key,
                 const struct descriptor *descriptor);
/* The same for a client with this secret key; NULL: for everybody. */
void open_layers_as_client(struct opened_layers *layers, const char *text, const uint8_t *identity_key,
                           const struct descriptor *descriptor, const uint8_t *client_key);
void opened_layers_clear(struct opened_layers *layers);

#endif
