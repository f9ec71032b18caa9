/* Checks verifiers of signatures against vectors/ed25519_hard_signatures.txt. */
#ifndef OBPUB_TESTS_HELPER_CURVE_H
#define OBPUB_TESTS_HELPER_CURVE_H

#include <stddef.h>
#include <stdint.h>

/* Words in a line of that file. */
#define HELPER_CURVE_HARD_WORDS 6

/* Like curve_verify(). */
typedef int helper_curve_verifier(const uint8_t *signature, const void *message, size_t length,
                                  const uint8_t *public_key);

/* Fails the test where a verifier does not say what obpub has to say to a line of the file. */
void helper_curve_check_verdict(char **words, helper_curve_verifier *verify);

#endif
