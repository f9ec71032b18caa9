/* Checks verifiers of signatures against vectors/ed25519_hard_signatures.txt. */
#include "helper_curve.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/curve.h"
#include "vectors.h"

#define MESSAGE_MAX 64

void helper_curve_check_verdict(char **words, helper_curve_verifier *verify)
{
    uint8_t public_key[CURVE_POINT_SIZE], message[MESSAGE_MAX], signature[CURVE_SIGNATURE_SIZE];
    vectors_decode_hex(words[3], public_key, sizeof(public_key));
    const size_t length = strlen(words[4]) / 2;
    assert_true(length <= sizeof(message));
    vectors_decode_hex(words[4], message, length);
    vectors_decode_hex(words[5], signature, sizeof(signature));
    const int expected = strcmp(words[1], "good") == 0 ? 0 : -1;
    if (verify(signature, message, length, public_key) != expected)
        fail_msg("%s is not found %s: key %s, signature %s", words[0], words[1], words[3], words[5]);
}
