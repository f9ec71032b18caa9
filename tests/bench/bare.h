/* The bare limit: cryptography alone, done so many times, without anything around it. */
#ifndef OBPUB_TESTS_BARE_H
#define OBPUB_TESTS_BARE_H

#include <stddef.h>

enum bare_operation {
    BARE_VERIFY,       /* an Ed25519 signature of a message of so many bytes */
    BARE_SIGN,         /* the same made */
    BARE_MULTIPLY,     /* a point of Ed25519 multiplied, checked before */
    BARE_BASE,         /* the base point of Ed25519 multiplied */
    BARE_X25519_BASE,  /* the base point of X25519 multiplied */
    BARE_CHECK_POINT,  /* a key checked to be in the right subgroup */
    BARE_SHA3_256,     /* of so many bytes */
    BARE_SHAKE256,     /* of so many bytes, 96 bytes out */
    BARE_SHA256,       /* of so many bytes */
    BARE_AES,          /* AES-256-CTR of so many bytes */
    BARE_BASE64_READ,  /* so many bytes come out */
    BARE_BASE64_WRITE, /* so many bytes go in */
};

/* A piece of work: an operation on length bytes, count times. */
struct bare_work {
    enum bare_operation operation;
    size_t count;
    size_t length;
};

/* Gets keys, signatures and buffers ready. */
void bare_init(void);

/* Does all the work of a list that ends with a count of 0. For bench_seconds(). */
void bare_perform(void *list);

#endif
