/* Writes the first inputs of the fuzz targets' corpora, from what vectors/ has of tor and others, and from
 * forged descriptors: make_seeds FOLDER. Run from anywhere; the same files come out every time. */
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../unit/helper_descriptor.h"
#include "../unit/vectors.h"
#include "base/memory.h"
#include "config/key_decode.h"
#include "fuzz.h"
#include "seeds.h"

#define RELAYS_KEPT 3 /* of a consensus */

static const char *corpus;

void seeds_write(const char *target, const char *name, const void *bytes, size_t size)
{
    char *folder = text_format("%s/%s", corpus, target), *path = text_format("%s/seed-%s", folder, name);
    mkdir(corpus, 0777);
    mkdir(folder, 0777);
    FILE *file = fopen(path, "wb");
    FUZZ_REQUIRE(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
    free(path);
    free(folder);
}

void seeds_write_text(const char *target, const char *name, const char *text)
{
    seeds_write(target, name, text, strlen(text));
}

void seeds_write_with_byte(const char *target, const char *name, uint8_t byte, const char *text,
                           size_t length)
{
    uint8_t *bytes = memory_allocate(length + 1, 1);
    bytes[0] = byte;
    memcpy(bytes + 1, text, length);
    seeds_write(target, name, bytes, length + 1);
    free(bytes);
}

/* Skips the comment lines that vectors begin with. */
static const char *skip_comments(const char *text)
{
    while (*text == '#')
        text = strchr(text, '\n') + 1;
    return text;
}

/* A descriptor as an event: every line ends with CR LF. */
static void write_event(const char *name, const char *descriptor)
{
    char *text = text_format("650+HS_DESC_CONTENT zopi3buo54z46f7bixk2yvocvgx6fcdklvx2ekjydsdvvskb3kyrzyad x "
                             "$0102030405060708090A0B0C0D0E0F1011121314~relay\r\n");
    for (const char *line = descriptor; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char *longer = text_format("%s%.*s\r\n", text, (int)length, line);
        free(text);
        text = longer;
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    char *whole = text_format("%s.\r\n650 OK\r\n", text);
    if (strlen(whole) < 4096)
        seeds_write_with_byte("control_reply", name, 7, whole, strlen(whole));
    free(whole);
    free(text);
}

/* A descriptor that somebody else made, and each of its layers. */
static void write_descriptor(const char *file)
{
    struct descriptor_vector vector;
    struct opened_layers layers;
    struct error error;
    descriptor_vector_read(&vector, file);
    struct {
        uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
        uint64_t period_number;
        int64_t now;
        uint32_t period_length, voting_interval;
    } header = {
        .period_number = vector.expectation.period_number,
        .now = vector.expectation.wall_now,
        .period_length = vector.expectation.schedule.period_length,
        .voting_interval = vector.expectation.schedule.voting_interval,
    };
    memcpy(header.identity_key, vector.identity_key, sizeof(header.identity_key));
    uint8_t *whole = memory_allocate(sizeof(header) + vector.length, 1);
    memcpy(whole, &header, sizeof(header));
    memcpy(whole + sizeof(header), vector.text, vector.length);
    seeds_write("descriptor", file, whole, sizeof(header) + vector.length);
    free(whole);
    const char *signature = strstr(vector.text, "\nsignature ");
    FUZZ_REQUIRE(signature != NULL);
    seeds_write_with_byte("inspect", file, 0, vector.text, vector.length);
    seeds_write("descriptor_outer", file, vector.text, (size_t)(signature + 1 - vector.text));

    struct descriptor *descriptor =
        descriptor_decode(vector.text, vector.length, &vector.expectation, &error);
    if (descriptor != NULL) {
        open_layers(&layers, vector.text, vector.identity_key, descriptor);
        seeds_write("descriptor_middle", file, layers.middle, strlen(layers.middle));
        seeds_write("descriptor_inner", file, layers.inner, strlen(layers.inner));
        seeds_write_text("document", file, layers.inner);
        const char *points = strstr(layers.inner, "introduction-point");
        if (points != NULL)
            seeds_write_text("introduction_point", file, points);
        opened_layers_clear(&layers);
        descriptor_free(descriptor);
    }
    descriptor_vector_clear(&vector);
}

/* A point with every kind of link specifiers, good and bad. */
static void write_links(const char *point)
{
    static const char ipv4[] = {0, 6, 1, 2, 3, 4, 5, 6}, rsa[] = {2, 20, [21] = 1},
                      ed25519[] = {3, 32, [33] = 1}, ipv6[] = {1, 18, 32, 1, [19] = 1}, unknown[] = {9, 1, 1};
    static const struct {
        const char *bytes;
        size_t length;
    } kinds[] = {{ipv4, sizeof(ipv4)},
                 {rsa, sizeof(rsa)},
                 {ed25519, sizeof(ed25519)},
                 {ipv6, sizeof(ipv6)},
                 {unknown, sizeof(unknown)}};
    /* Of each kind so many. */
    static const unsigned char counts[][5] = {{1, 1, 0, 0, 0}, {1, 1, 1, 1, 1}, {0, 1, 0, 0, 0},
                                              {2, 1, 0, 0, 0}, {1, 0, 0, 0, 0}, {1, 2, 0, 0, 0},
                                              {1, 1, 2, 0, 0}, {1, 1, 0, 2, 0}, {0, 0, 0, 0, 1}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        uint8_t bytes[256] = {0};
        size_t length = 1;
        for (size_t kind = 0; kind < 5; kind++) {
            for (unsigned char j = 0; j < counts[i][kind]; j++) {
                memcpy(bytes + length, kinds[kind].bytes, kinds[kind].length);
                length += kinds[kind].length;
                bytes[0]++;
            }
        }
        char *name = text_format("links-%zu", i), *base64 = text_base64(bytes, length);
        char *text = text_format("introduction-point %s%s", base64, strchr(point, '\n'));
        seeds_write_text("introduction_point", name, text);
        free(text);
        free(base64);
        free(name);
    }
}

#define POW_SEED "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* Inner layers with pow-params, good and bad in each argument. */
static void write_pow_params(void)
{
    static const char *const lines[] = {
        "v1 " POW_SEED "= 10 2023-11-15T00:00:00",
        "v1 " POW_SEED " +0042949672 2024-02-29T23:59:59 more",
        "v2 x\npow-params v1 /+////////////////////////////////////////8 4294967295 9999-12-31T23:59:59",
        "v1 " POW_SEED "= 10 2023-11-15T00:00:00\npow-params v1 x",
        "v1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg== 10 2023-11-15T00:00:00",
        "v1 " POW_SEED "= -10 2023-11-15T00:00:00",
        "v1 " POW_SEED "= 4294967296 2023-11-15T00:00:00",
        "v1 " POW_SEED "= 10 2023-02-29T00:00:60",
        "v1 " POW_SEED "= 10",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char *name = text_format("pow-params-%zu", i);
        char *inner = text_format("create2-formats 2\npow-params %s\n", lines[i]);
        seeds_write_text("descriptor_inner", name, inner);
        free(inner);
        free(name);
    }
}

/* Middle layers for so many authorised clients. */
static void write_restricted(uint8_t count)
{
    struct forger forger = fuzz_forger();
    struct descriptor_authorization *authorization = forge_authorization(&forger, count);
    char *name = text_format("restricted-%u", count), *inner = forge_inner(&forger, 1);
    char *middle = forge_restricted_middle(&forger, inner, authorization);
    seeds_write_text("descriptor_middle", name, middle);
    free(middle);
    free(inner);
    free(name);
    descriptor_authorization_free(authorization);
}

static void write_relay_nicknames(void)
{
    seeds_write_text("relay_nickname", "relay",
                     "r relay1 AAAA BBBB 2026-01-01 00:00:00 127.0.0.1 1 0\ns Fast HSDir\n");
    seeds_write_text("relay_nickname", "long", "r abcdefghijklmnopqrst AAAA\n");
    seeds_write_text("relay_nickname", "odd", "r  a-b AAAA\n");
    seeds_write_text("relay_nickname", "none", "r\n");
}

static void write_client_keys(void)
{
    static const char *const lines[] = {
        "descriptor:x25519:z7ogbyvtzt5fx3sdbpg3ki6heal5i25cofdqktvqhv36goem5flq\n",
        " descriptor : x25519 :\tZ7OGBYVTZT5FX3SDBPG3KI6HEAL5I25COFDQKTVQHV36GOEM5FLQ\r\n",
        "descriptor:x25519:aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "descriptor:x25519:xmvmrtdptl6msmfm36bxozaerdbehlusw5gm6z7ln4kwlakesdza",
        "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid:descriptor:x25519:"
        "xmvmrtdptl6msmfm36bxozaerdbehlusw5gm6z7ln4kwlakesdza\n",
        "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid.onion:descriptor:x25519:"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "::::",
    };
    for (size_t i = 0; i < 2 * sizeof(lines) / sizeof(lines[0]); i++) {
        char *name = text_format("%s-%zu", i % 2 == 0 ? "public" : "private", i / 2);
        seeds_write_with_byte("client_key", name, i % 2, lines[i / 2], strlen(lines[i / 2]));
        free(name);
    }
}

/* A descriptor in a control port's reply, with a line that begins with a dot, and as an editor keeps it. */
static void write_reply(const char *text)
{
    char *reply = text_format("250 OK\n250+hs/service/desc/id/x=\n%s..\n.\n250 OK\n\n", text);
    char *returns = memory_allocate(2 * strlen(text) + 1, 1), *end = returns;
    for (const char *byte = text; *byte != '\0'; byte++) {
        if (*byte == '\n')
            *end++ = '\r';
        *end++ = *byte;
    }
    seeds_write_with_byte("inspect", "reply", 0, reply, strlen(reply));
    seeds_write_with_byte("inspect", "returns", 0, returns, strlen(returns));
    free(returns);
    free(reply);
}

/* What the targets' own service would publish, with which every layer can be reached. */
static void write_forged(void)
{
    struct forger forger = fuzz_forger();
    for (size_t count = 0; count <= 2; count++) {
        char *name = text_format("forged-%zu", count), *inner = forge_inner(&forger, count);
        char *middle = forge_middle(&forger, inner), *outer = forge_outer(&forger, middle);
        char *text = forge_signed(&forger, outer);
        seeds_write_text("descriptor_inner", name, inner);
        seeds_write_text("descriptor_middle", name, middle);
        seeds_write_text("descriptor_outer", name, outer);
        seeds_write_text("document", name, text);
        seeds_write_with_byte("inspect", "whole", 0, text, strlen(text));
        write_reply(text);
        seeds_write_with_byte("inspect", "outer", 1, outer, strlen(outer));
        seeds_write_with_byte("inspect", "middle", 2, middle, strlen(middle));
        seeds_write_with_byte("inspect", "inner", 3, inner, strlen(inner));
        if (count == 0)
            write_event("descriptor", text);
        free(text);
        free(outer);
        free(middle);
        free(inner);
        free(name);
    }
    char *point = forge_point(&forger, 7), *inner = forge_inner(&forger, INTRODUCTION_POINTS_MAX + 1);
    seeds_write_text("introduction_point", "forged", point);
    seeds_write_text("descriptor_inner", "too-many-points", inner);
    free(inner);
    inner = forge_inner(&forger, INTRODUCTION_POINTS_MAX);
    seeds_write_with_byte("inspect", "as-many-points-as-can-be", 3, inner, strlen(inner));
    free(inner);
    inner = text_format("create2-formats 2\nintro-auth-required ed25519\nunknown line\n%s%s", point, point);
    seeds_write_text("descriptor_inner", "same-point", inner);
    free(inner);
    inner = text_format("%slegacy-key\n-----BEGIN RSA PUBLIC KEY-----\nAA==\n-----END RSA PUBLIC KEY-----\n",
                        point);
    seeds_write_text("introduction_point", "legacy-key", inner);
    free(inner);
    inner = text_format("introduction-point AQIUAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nonion-key ntor %s\n",
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    seeds_write_text("introduction_point", "low-order", inner);
    free(inner);
    write_links(point);
    free(point);
}

/* A certificate of the targets' own service, one without its key, and one with an unknown extension. */
static void write_certificates(void)
{
    struct forger forger = fuzz_forger();
    struct certificate certificate = {.type = CERTIFICATE_INTRODUCTION_AUTH_KEY,
                                      .expiration_hour = forger.expiration_hour};
    uint8_t encoded[CERTIFICATE_SIZE], longer[CERTIFICATE_SIZE + 5] = {0};
    memcpy(certificate.certified_key, forger.identity_key, sizeof(certificate.certified_key));
    memcpy(certificate.signing_key, forger.signing_key, sizeof(certificate.signing_key));
    FUZZ_REQUIRE(certificate_make(encoded, &certificate, &forger.signing_secret_key) == 0);
    seeds_write("certificate", "good", encoded, sizeof(encoded));
    size_t body = CERTIFICATE_SIZE - ED25519_SIGNATURE_SIZE;
    static const uint8_t extension[] = {0, 1, 5, 0, 'x'};
    memcpy(longer, encoded, body);
    memcpy(longer + body, extension, sizeof(extension));
    longer[39] = 2;
    seeds_write("certificate", "extension", longer, sizeof(longer));
    encoded[39] = 0;
    memset(encoded + 40, 0, ED25519_SIGNATURE_SIZE);
    seeds_write("certificate", "without-key", encoded, 40 + ED25519_SIGNATURE_SIZE);
}

/* A certificate of a tor's. */
static void write_recorded_certificate(char **words)
{
    uint8_t bytes[512];
    size_t size = strlen(words[3]) / 2;
    FUZZ_REQUIRE(size <= sizeof(bytes));
    vectors_decode_hex(words[3], bytes, size);
    seeds_write("certificate", "tor", bytes, size);
}

/* Cuts a consensus to its first relays; release with free(). */
static char *cut_consensus(const char *text)
{
    const char *cut = text;
    for (size_t i = 0; i <= RELAYS_KEPT && cut != NULL; i++) {
        cut = strstr(cut, "\nr ");
        cut = cut != NULL ? cut + 1 : NULL;
    }
    const char *footer = strstr(text, "directory-footer");
    if (cut == NULL || footer == NULL)
        return text_format("%s", text);
    return text_format("%.*s%s", (int)(cut - text), text, footer);
}

static void write_network(const char *folder)
{
    char *name = text_format("%s/consensus", folder), *consensus_file = vectors_read_file(name, NULL);
    free(name);
    name = text_format("%s/microdescriptors", folder);
    char *microdescriptors_file = vectors_read_file(name, NULL);
    const char *microdescriptors = skip_comments(microdescriptors_file);
    char *consensus = cut_consensus(skip_comments(consensus_file));
    seeds_write_text("consensus", folder, consensus);
    /* Two entries are enough. */
    const char *end = strstr(strstr(microdescriptors + 1, "\nonion-key") + 1, "\nonion-key") + 1;
    seeds_write("microdescriptor", folder, microdescriptors, (size_t)(end - microdescriptors));
    size_t consensus_length = strlen(consensus), length = strlen(microdescriptors);
    char *both = memory_allocate(consensus_length + length + 2, 1);
    both[0] = 1;
    memcpy(both + 1, consensus, consensus_length);
    memcpy(both + 2 + consensus_length, microdescriptors, length);
    seeds_write("network", folder, both, consensus_length + length + 2);
    free(both);
    free(consensus);
    free(microdescriptors_file);
    free(consensus_file);
    free(name);
}

/* Relays of the vectors have no addresses of IPv6, and are all where a relay can be. */
static void write_consensus_with_addresses(void)
{
    static const char *const lines[] = {
        "a [2001:db8::1]:9001\na [2001:db8::2]:1",
        "a [1:2:3:4:5:6:7:Ab]:65535",
        "a [::]:0",
        "a [1:2:3:4:5:6:7:8:9]:1\na [12345::]:1\na [1:2:3:4::5:6:7:8]:1\na [::ffff:1.2.3.4]:1",
        "a 192.0.2.1:9001\na [::1\na [::1]:99999\na [g::1]:1",
    };
    char *file = vectors_read_file("ring-first-half/consensus", NULL),
         *cut = cut_consensus(skip_comments(file));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char *name = text_format("addresses-%zu", i), *with_lines = text_format("\n%s\ns ", lines[i]);
        char *changed = text_replace(cut, "\ns ", with_lines);
        seeds_write_text("consensus", name, changed);
        free(changed);
        free(with_lines);
        free(name);
    }
    char *changed = text_replace(cut, " 192.0.2.", " 192.0.2.256.");
    seeds_write_text("consensus", "bad-address", changed);
    free(changed);
    free(cut);
    free(file);
}

/* The networks of the other vectors have no parameters. */
static void write_consensus_with_parameters(void)
{
    char *file = vectors_read_file("ring-first-half/consensus", NULL),
         *cut = cut_consensus(skip_comments(file));
    seeds_write_text("consensus", "parameters", cut);
    char *changed = text_replace(
        cut, "circwindow=1000", "circwindow=1000 hsdir_interval=-1 hsdir_n_replicas=99 hsdir_spread_fetch=x");
    seeds_write_text("consensus", "bad-parameters", changed);
    free(changed);
    free(cut);
    free(file);
}

static void write_key(char **words)
{
    static unsigned int count;
    uint8_t bytes[512];
    size_t size = strlen(words[1]) / 2;
    char *name = text_format("%u", count++);
    FUZZ_REQUIRE(size <= sizeof(bytes));
    vectors_decode_hex(words[1], bytes, size);
    seeds_write("key", name, bytes, size);
    seeds_write_text("onion_address", name, words[2]);
    free(name);
}

static void write_texts(void)
{
    seeds_write_with_byte("quoted_string", "no-room", 3, "\"abc\"", 5);
    static const struct {
        const char *target, *name, *text;
    } texts[] = {
        {"endpoint", "socket", "unix:/run/tor/control"},
        {"endpoint", "ipv4", "127.0.0.1:9051"},
        {"endpoint", "ipv6", "[fe80::1%eth0]:9051"},
        {"endpoint", "loopback", "[::1]:9051"},
        {"endpoint", "mapped", "[::ffff:127.0.0.1]:9051"},
        {"endpoint", "localhost", "LocalHost:9051"},
        {"endpoint", "host", "backend.example:9051"},
        {"endpoint", "onion", "x.onion:9051"},
        {"endpoint", "path", "/run/tor/control"},
        {"endpoint", "ipv6-alone", "::1"},
        {"endpoint", "brackets-alone", "[::1]"},
        {"endpoint", "no-ipv6-in-brackets", "[x]"},
        {"endpoint", "host-alone", "backend.example"},
        {"onion_address", "version-2", "expyuzz4wqqyqhjn.onion"},
        {"key", "public", "== ed25519v1-public: type0 ==\0\0\0"},
        {"key", "encrypted",
         "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"},
        {"key", "rsa",
         "-----BEGIN PRIVATE KEY-----\nMB8CAQAwDQYJKoZIhvcNAQEBBQAEC2FiY2RlZmdoaWpr\n"
         "-----END PRIVATE KEY-----\n"},
        {"key", "version-2",
         "-----BEGIN PRIVATE KEY-----\n"
         "MFECAQEwBQYDK2VwBCIEIBERERERERERERERERERERERERERERERERERERERERER\n"
         "gSEAERERERERERERERERERERERERERERERERERERERERERE=\n-----END PRIVATE KEY-----\n"},
        {"document", "ranges", "flow-control 1-2,4,60-63 31\na 18446744073709551615 0 QQ== QQ QUI= QUJD\n"},
        {"microdescriptor", "annotation",
         "@last-listed 2026-01-01 00:00:00\nonion-key\nid ed25519 "
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nid rsa1024 x\n"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        seeds_write_text(texts[i].target, texts[i].name, texts[i].text);
    uint8_t secret_key[96] = "== ed25519v1-secret: type0 ==";
    secret_key[63] = 0x40;
    seeds_write("key", "zero-prefix", secret_key, sizeof(secret_key));
    seeds_write("key", "empty", secret_key, 0);
    char *long_text = memory_allocate(KEY_FILE_SIZE_MAX + 1, 1);
    seeds_write("key", "too-long", long_text, KEY_FILE_SIZE_MAX + 1);
    free(long_text);
    uint8_t public_key[64] = "== ed25519v1-public: type0 ==";
    seeds_write("key", "tor-public", public_key, sizeof(public_key));
    static const char *const quoted[] = {"\"/run/tor/control.authcookie\"", "\"a\\\"b\\\\c\\n\\t\\r\\101\" x",
                                         "\"\\777\"", "\"\\0\"", "\"open\\"};
    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
        char *name = text_format("%zu", i);
        seeds_write_with_byte("quoted_string", name, 32, quoted[i], strlen(quoted[i]));
        free(name);
    }
}

/* What tor says to PROTOCOLINFO, with the targets' cookie file. */
#define PROTOCOL_INFO(methods)                                                                               \
    "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=" methods "\r\n250-VERSION Tor=\"0.4.9.11\"\r\n250 OK\r\n"

/* The answer to AUTHCHALLENGE that a tor gives which has the targets' cookie. */
static char *answer_challenge(void)
{
    uint8_t cookie[32], nonce[32], hash[SHA256_SIZE];
    memset(cookie, 'c', sizeof(cookie));
    memset(nonce, 0x5a, sizeof(nonce));
    const struct span pieces[] = {{cookie, 32}, {nonce, 32}, {nonce, 32}};
    static const char key[] = "Tor safe cookie authentication server-to-controller hash";
    hash_hmac_sha256(hash, key, strlen(key), pieces, 3);
    char hash_hex[2 * SHA256_SIZE + 1], nonce_hex[2 * 32 + 1];
    for (size_t i = 0; i < 32; i++) {
        snprintf(hash_hex + 2 * i, 3, "%02X", hash[i]);
        snprintf(nonce_hex + 2 * i, 3, "%02X", nonce[i]);
    }
    return text_format("250 AUTHCHALLENGE SERVERHASH=%s SERVERNONCE=%s\r\n250 OK\r\n", hash_hex, nonce_hex);
}

static void write_authentications(void)
{
    char *challenge = answer_challenge();
    char *safe_cookie = text_format(
        "%s%s", PROTOCOL_INFO("COOKIE,SAFECOOKIE,HASHEDPASSWORD COOKIEFILE=\"cookie\""), challenge);
    static const struct {
        const char *name, *text;
        uint8_t configured;
    } texts[] = {
        {"null", PROTOCOL_INFO("NULL") "250 OK\r\n", 4},
        {"null-refused", PROTOCOL_INFO("NULL") "515 Authentication failed\r\n", 0},
        {"password", PROTOCOL_INFO("HASHEDPASSWORD") "250 OK\r\n", 1},
        {"password-refused", PROTOCOL_INFO("HASHEDPASSWORD") "515 Authentication failed\r\n", 1},
        {"password-missing", PROTOCOL_INFO("HASHEDPASSWORD") "250 OK\r\n", 9},
        {"password-wanted", PROTOCOL_INFO("HASHEDPASSWORD"), 0},
        {"cookie", PROTOCOL_INFO("COOKIE COOKIEFILE=\"cookie\"") "250 OK\r\n", 2},
        {"cookie-refused", PROTOCOL_INFO("COOKIE COOKIEFILE=\"cookie\"") "515 no\r\n", 2},
        {"cookie-wanted", PROTOCOL_INFO("COOKIE COOKIEFILE=\"cookie\""), 4},
        {"cookie-bad", PROTOCOL_INFO("SAFECOOKIE COOKIEFILE=\"short\""), 4},
        {"challenge-refused", PROTOCOL_INFO("SAFECOOKIE COOKIEFILE=\"cookie\"") "513 no\r\n", 4},
        {"challenge-bad", PROTOCOL_INFO("SAFECOOKIE COOKIEFILE=\"cookie\"") "250 AUTHCHALLENGE x\r\n", 4},
        {"other", PROTOCOL_INFO("OTHER"), 0},
        {"secret", PROTOCOL_INFO("OBPUB-SECRET") "250 AUTHCHALLENGE x\r\n", 1},
        {"secret-wanted", PROTOCOL_INFO("OBPUB-SECRET"), 0},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        seeds_write_with_byte("authentication", texts[i].name, texts[i].configured, texts[i].text,
                              strlen(texts[i].text));
        seeds_write_with_byte("control_reply", texts[i].name, 5, texts[i].text, strlen(texts[i].text));
    }
    seeds_write_with_byte("authentication", "safe-cookie", 4, safe_cookie, strlen(safe_cookie));
    free(safe_cookie);
    free(challenge);
}

static void write_replies(void)
{
    static const char *const texts[] = {
        "650 HS_DESC UPLOADED zopi3buo54z46f7bixk2yvocvgx6fcdklvx2ekjydsdvvskb3kyrzyad UNKNOWN "
        "$0102030405060708090A0B0C0D0E0F1011121314~relay\r\n",
        "650 HS_DESC FAILED zopi3buo54z46f7bixk2yvocvgx6fcdklvx2ekjydsdvvskb3kyrzyad UNKNOWN "
        "$0102030405060708090A0B0C0D0E0F1011121314~relay descriptor-id REASON=UPLOAD_REJECTED\r\n",
        "650 HS_DESC UPLOAD UNKNOWN UNKNOWN UNKNOWN x HSDIR_INDEX=00\r\n650 HS_DESC CREATED x UNKNOWN "
        "UNKNOWN\r\n",
        "250+md/all=\r\n\n..a\r\n.\r\n250 OK\r\n250-TestingTorNetwork=1\r\n250 ExitNodes\r\n",
        "250-md/all=\r\n250 OK\r\n552 Unrecognized key \"x\"\r\n",
        "650+NEWCONSENSUS\r\nr x\r\n.\r\n650 OK\r\nHTTP/1.0 501\r\n",
        "650 STREAM 57 NEW 0 127.0.0.1.$0102030405060708090A0B0C0D0E0F1011121314.exit:31104 "
        "PURPOSE=DIR_UPLOAD ISO_FIELDS=\r\n",
        "650 STREAM 57 SUCCEEDED 26 127.0.0.1.$0102030405060708090A0B0C0D0E0F1011121314.exit:31104\r\n"
        "650 STREAM 57 CLOSED 26 example.org:80 REASON=DESTROY\r\n650 STREAM x CLOSED 26 example.org:80\r\n"
        "650 STREAM 58 NEW 0 example.org:80 PURPOSE=DIR_UPLOAD\r\n",
        "250-net/listeners/socks=\"127.0.0.1:9050\" \"unix:/run/tor/socks\"\r\n250 OK\r\n",
        "250-net/listeners/socks=\"[::]:9050\" \"0.0.0.0:1\"\r\n250 OK\r\n250-net/listeners/socks=\r\n250 "
        "OK\r\n",
        "650 CIRC_MINOR 7 PURPOSE_CHANGED "
        "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA~a,$0102030405060708090A0B0C0D0E0F1011121314~relay7 "
        "PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_CONNECTING "
        "REND_QUERY=vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd SOCKS_USERNAME=\"control-1-0\" "
        "OLD_PURPOSE=HS_CLIENT_INTRO OLD_HS_STATE=HSCI_INTRO_SENT\r\n",
        "650 OBPUB_AGENT TOR_GONE\r\n650 OBPUB_AGENT LEAVING\r\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *name = text_format("%zu", i);
        seeds_write_with_byte("control_reply", name, (uint8_t)i, texts[i], strlen(texts[i]));
        free(name);
    }
}

int main(int argument_count, char **arguments)
{
    static const char *const descriptors[] = {
        "descriptor_tor_plain.txt",  "descriptor_tor_pow.txt",    "descriptor_tor_restricted.txt",
        "descriptor_tor_single.txt", "descriptor_tor_twenty.txt", "descriptor_stem_none.txt",
    };
    if (argument_count != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 1;
    }
    corpus = arguments[1];
    fuzz_prepare();
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
        write_descriptor(descriptors[i]);
    write_forged();
    write_restricted(1);
    write_restricted(17);
    write_client_keys();
    write_relay_nicknames();
    write_pow_params();
    write_certificates();
    vectors_for_each("certificate_tor.txt", 4, write_recorded_certificate);
    write_network("network-first-half");
    write_network("network-second-half");
    write_network("network-new");
    write_consensus_with_parameters();
    write_consensus_with_addresses();
    vectors_for_each("key_files.txt", 3, write_key);
    write_texts();
    seeds_write_configs();
    seeds_write_refused_configs();
    write_authentications();
    write_replies();
    seeds_write_recorded();
    seeds_write_status();
    seeds_write_http();
    seeds_write_curve();
    seeds_write_socks();
    seeds_write_agent();
    seeds_write_reader();
    seeds_write_bundles();
    seeds_write_signer_requests();
    seeds_write_signer_bundles();
    return 0;
}
