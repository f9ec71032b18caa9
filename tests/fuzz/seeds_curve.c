/* Seeds for the arithmetic of Curve25519: signatures at which verifiers differ, points, and made ones. */
#include <string.h>

#include "../unit/vectors.h"
#include "base/memory.h"
#include "fuzz.h"
#include "seeds.h"

/* The operations of fuzz_curve.c. */
enum operation { ANY_SIGNATURE, MADE_SIGNATURE, SIGNING, PRODUCT, X25519 };

static char last_kind[64];
static size_t of_kind;

/* Whether it is among the first two of its kind. */
static bool is_wanted(const char *kind, const char *verdict)
{
    char *both = text_format("%s-%s", kind, verdict);
    of_kind = strcmp(both, last_kind) == 0 ? of_kind + 1 : 0;
    snprintf(last_kind, sizeof(last_kind), "%s", both);
    free(both);
    return of_kind < 2;
}

static void write_signature(char **words)
{
    if (!is_wanted(words[0], words[2]))
        return;
    uint8_t bytes[1 + 32 + 64 + 64] = {ANY_SIGNATURE};
    const size_t length = strlen(words[4]) / 2;
    vectors_decode_hex(words[3], bytes + 1, 32);
    vectors_decode_hex(words[5], bytes + 33, 64);
    vectors_decode_hex(words[4], bytes + 97, length);
    char *name = text_format("%s-%zu", last_kind, of_kind);
    seeds_write("curve", name, bytes, 97 + length);
    free(name);
}

static void write_point(char **words)
{
    if (!is_wanted(words[0], "point"))
        return;
    uint8_t bytes[1 + 2 + 32 + 32] = {PRODUCT, 0, 0, 5};
    vectors_decode_hex(words[1], bytes + 35, 32);
    char *name = text_format("%s-%zu", last_kind, of_kind);
    seeds_write("curve", name, bytes, sizeof(bytes));
    free(name);
}

/* Made ones: parts of small order of key and R, times that the order is added, bits turned over. */
static const uint8_t choices[][5] = {
    {0, 0, 0, 0, 0}, {4, 4, 0, 0, 0}, {1, 7, 0, 0, 0}, {0, 1, 0, 0, 0},
    {2, 0, 0, 0, 0}, {0, 0, 4, 0, 0}, {0, 0, 3, 0, 0}, {0, 0, 0, 3, 40},
};

void seeds_write_curve(void)
{
    vectors_for_each("ed25519_hard_signatures.txt", 6, write_signature);
    vectors_for_each("ed25519_points.txt", 2, write_point);
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        uint8_t bytes[1 + 5 + 32 + 32 + 5] = {MADE_SIGNATURE};
        memcpy(bytes + 1, choices[i], sizeof(choices[i]));
        memset(bytes + 6, 0x35, 32);
        memset(bytes + 38, 0x9c, 32);
        memcpy(bytes + 70, "obpub", 5);
        char *name = text_format("made-%zu", i);
        seeds_write("curve", name, bytes, sizeof(bytes));
        bytes[0] = SIGNING;
        free(name);
        name = text_format("signing-%zu", i);
        seeds_write("curve", name, bytes, sizeof(bytes));
        free(name);
    }
    uint8_t made[1 + 2 + 32 + 32] = {PRODUCT, 1, 4, 7};
    memset(made + 35, 0x35, 32);
    seeds_write("curve", "product-mixed", made, sizeof(made));
    made[2] = 0;
    seeds_write("curve", "product", made, sizeof(made));
    uint8_t agreement[1 + 32 + 32] = {X25519, 0x77, 1, 2, 3};
    seeds_write("curve", "x25519-zero", agreement, sizeof(agreement));
    agreement[33] = 9;
    seeds_write("curve", "x25519", agreement, sizeof(agreement));
    memset(agreement + 33, 0xff, 32);
    seeds_write("curve", "x25519-unreduced", agreement, sizeof(agreement));
}
