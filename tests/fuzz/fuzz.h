/* What the fuzz targets have in common. A target fuzz_NAME.c is linked with libFuzzer, or with replay.c. */
#ifndef OBPUB_TESTS_FUZZ_H
#define OBPUB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/helper_forge.h"

/* Gives one input to a target; size bytes, nothing behind them. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, as a crash would, when what a parser promises is not so. */
#define FUZZ_REQUIRE(condition)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* Prepares libsodium, with the same randomness in every run. To be called first; later calls do nothing. */
void fuzz_prepare(void);

/* A service whose keys the target holds, the same in every run. Its padding may be changed, which is why it
 * is a copy. */
struct forger fuzz_forger(void);

/* The input up to its first NUL, as a string; release with free(). */
char *fuzz_copy_string(const uint8_t *data, size_t size);

/* Takes the next message off an input of *size bytes: each stands behind two bytes that are its length, and
 * one that is empty or too long is all the rest. It is in the input and has at least one byte, *length in
 * all. NULL when there is none left. */
const uint8_t *fuzz_take_message(const uint8_t **data, size_t *size, size_t *length);

/* A copy of a text in which every certificate object that can be decoded is signed anew by a key, so that
 * what is behind the signature check can be reached. NUL-terminated; release with free(). */
char *fuzz_sign_certificates(const char *text, const struct ed25519_secret_key *secret_key,
                             const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* Examines a descriptor as "obpub inspect" does, without an address, with it, and with a client key; what
 * comes of it has to be what decoding it comes to. */
void fuzz_examine(const char *text, size_t length, const struct descriptor_expectation *expectation);

/* Makes a folder for this process alone the current one; it is removed at the end. */
void fuzz_enter_folder(void);

/* Writes a file, readable to this user only, into the current folder. */
void fuzz_write_file(const char *name, const void *bytes, size_t size);

#endif
