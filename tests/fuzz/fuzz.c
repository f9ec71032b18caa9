/* What the fuzz targets have in common. */
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/memory.h"
#include "onion/text_builder.h"

#define CERTIFICATE_LABEL "ED25519 CERT"
#define CERTIFICATE_ENCODED_MAX 4096 /* longer than any that is accepted */

/* Made once, since key blinding takes its time. */
static struct forger common_forger;
static bool is_prepared;
static char folder[256];

static const char *name_randomness(void)
{
    return "none";
}

static void make_randomness(void *bytes, size_t size)
{
    memset(bytes, 0x5a, size);
}

static uint32_t make_random_number(void)
{
    return 0x5a5a5a5a;
}

void fuzz_prepare(void)
{
    static randombytes_implementation randomness = {
        .implementation_name = name_randomness, .random = make_random_number, .buf = make_randomness};
    if (is_prepared)
        return;
    is_prepared = true;
    randombytes_set_implementation(&randomness);
    FUZZ_REQUIRE(sodium_init() >= 0);
    forger_init(&common_forger, 1);
}

struct forger fuzz_forger(void)
{
    return common_forger;
}

char *fuzz_copy_string(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    return memory_copy_text(size > 0 ? text : "", size > 0 ? strnlen(text, size) : 0);
}

const uint8_t *fuzz_take_message(const uint8_t **data, size_t *size, size_t *length)
{
    if (*size < 3)
        return NULL;
    *length = (size_t)(*data)[0] << 8 | (*data)[1];
    if (*length == 0 || *length > *size - 2)
        *length = *size - 2;
    const uint8_t *message = *data + 2;
    *data += 2 + *length;
    *size -= 2 + *length;
    return message;
}

/* Appends a text's first certificate object, which begins behind start and ends at end, signed anew. */
static void append_signed(struct text_builder *builder, const char *start, const char *end,
                          const struct ed25519_secret_key *secret_key, const uint8_t *public_key)
{
    uint8_t encoded[CERTIFICATE_ENCODED_MAX];
    struct text base64 = {start, (size_t)(end - start)};
    ptrdiff_t length = text_decode_base64(base64, encoded, sizeof(encoded));
    if (length < ED25519_SIGNATURE_SIZE) {
        text_builder_append_format(builder, "%.*s", (int)(end - start), start);
        return;
    }
    const struct span body = {encoded, (size_t)length - ED25519_SIGNATURE_SIZE};
    FUZZ_REQUIRE(ed25519_sign(encoded + body.length, &body, 1, secret_key, public_key) == 0);
    text_builder_append_base64(builder, encoded, (size_t)length, true);
    text_builder_append(builder, "\n");
}

char *fuzz_sign_certificates(const char *text, const struct ed25519_secret_key *secret_key,
                             const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    static const char begin[] = "-----BEGIN " CERTIFICATE_LABEL "-----\n";
    struct text_builder builder;
    text_builder_init(&builder, strlen(text) + 256);
    for (;;) {
        const char *found = strstr(text, begin);
        const char *end = found != NULL ? strstr(found + strlen(begin), "-----END ") : NULL;
        if (end == NULL)
            break;
        const char *start = found + strlen(begin);
        text_builder_append_format(&builder, "%.*s", (int)(start - text), text);
        append_signed(&builder, start, end, secret_key, public_key);
        text = end;
    }
    text_builder_append(&builder, text);
    return builder.text;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void fuzz_enter_folder(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/obpub-fuzz-XXXXXX", parent != NULL ? parent : "/tmp");
    FUZZ_REQUIRE(mkdtemp(folder) != NULL && chdir(folder) == 0);
    atexit(remove_folder);
}

void fuzz_write_file(const char *name, const void *bytes, size_t size)
{
    int descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_REQUIRE(descriptor >= 0);
    FUZZ_REQUIRE(size == 0 || write(descriptor, bytes, size) == (ssize_t)size);
    close(descriptor);
}
