/* Tokens of documents: items, arguments, objects, numbers and base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"
#include "onion/document.h"

static struct text text_of(const char *string)
{
    return (struct text){string, strlen(string)};
}

static void assert_text_is(struct text text, const char *string)
{
    if (!text_equals(text, string))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.length, text.start, string);
}

static void test_items(void **state)
{
    (void)state;
    static const char text[] = "first\nsecond-2  one\ttwo \n"
                               "third x\n-----BEGIN SOME LABEL-----\nQUJD\nREVG\n-----END SOME LABEL-----\n"
                               "fourth\n-----BEGIN EMPTY-----\n-----END EMPTY-----\n"
                               "fifth last line";
    struct document_reader reader;
    struct document_item item;
    document_reader_init(&reader, text, strlen(text));
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    assert_text_is(item.keyword, "first");
    assert_int_equal(item.argument_count, 0);
    assert_false(item.has_object);
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    assert_text_is(item.keyword, "second-2");
    assert_text_is(item.line, "second-2  one\ttwo ");
    assert_int_equal(item.argument_count, 2);
    assert_text_is(item.arguments[0], "one");
    assert_text_is(item.arguments[1], "two");
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    assert_text_is(item.keyword, "third");
    assert_text_is(item.line, "third x");
    assert_true(item.has_object);
    assert_text_is(item.object_label, "SOME LABEL");
    assert_text_is(item.object, "QUJD\nREVG\n");
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    assert_text_is(item.keyword, "fourth");
    assert_true(item.has_object);
    assert_text_is(item.object, "");
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    assert_text_is(item.keyword, "fifth");
    assert_int_equal(item.argument_count, 2);
    assert_false(item.has_object);
    assert_int_equal(document_reader_next(&reader, &item, NULL), 0);
    assert_int_equal(document_reader_next(&reader, &item, NULL), 0);
}

static void test_empty_document(void **state)
{
    (void)state;
    struct document_reader reader;
    struct document_item item;
    document_reader_init(&reader, "", 0);
    assert_int_equal(document_reader_next(&reader, &item, NULL), 0);
}

static void test_many_arguments(void **state)
{
    (void)state;
    static const char text[] = "k 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n";
    struct document_reader reader;
    struct document_item item;
    document_reader_init(&reader, text, strlen(text));
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    assert_int_equal(item.argument_count, DOCUMENT_ARGUMENTS_MAX);
    assert_text_is(item.arguments[15], "16");
    assert_text_is(item.line, "k 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18");
}

/* Texts whose first item is malformed. */
static const struct {
    const char *text;
    size_t length; /* 0: up to its NUL */
    const char *words;
} malformed[] = {
    {"\n", 0, "empty line"},
    {" keyword\n", 0, "not a keyword"},
    {"key_word\n", 0, "not a keyword"},
    {"k\303\244y\n", 0, "not a keyword"},
    {"-key\n", 0, "not a keyword"},
    {"-----BEGIN X-----\nAAAA\n-----END X-----\n", 0, "not a keyword"},
    {"key\r\n", 0, "control character"},
    {"key \033[31m\n", 0, "control character"},
    {"key \177\n", 0, "control character"},
    {"key \0word\n", 10, "control character"},
    {"key\n-----", 0, "malformed beginning"},
    {"key\n-----BEGIN X----\nAAAA\n-----END X-----\n", 0, "malformed beginning"},
    {"key\n-----BEGIN -----\nAAAA\n-----END -----\n", 0, "malformed beginning"},
    {"key\n-----BEGIN X_Y-----\nAAAA\n-----END X_Y-----\n", 0, "malformed beginning"},
    {"key\n-----BEGIN X-----", 0, "without end"},
    {"key\n-----BEGIN X-----\n", 0, "without end"},
    {"key\n-----BEGIN X-----\nAAAA\n", 0, "without end"},
    {"key\n-----BEGIN X-----\nAAAA-----END X-----\n", 0, "without end"},
    {"key\n-----BEGIN X-----\nAAAA\n-----END X----\n", 0, "without end"},
    {"key\n-----BEGIN X-----\nAAAA\n-----END X----- \n", 0, "without end"},
    {"key\n-----BEGIN X-----\nAAAA\n-----BEGIN X-----\n-----END X-----\n", 0, "without end"},
    {"key\n-----BEGIN X-----\nAAAA\n-----END Y-----\n", 0, "another label"},
    {"key\n-----BEGIN X-----\nAAAA\n-----END XY-----\n", 0, "another label"},
    {"key\n-----BEGIN X-----\nAA\rA\n-----END X-----\n", 0, "control character in an object"},
    {"key\n-----BEGIN X-----\nAA\0A\n-----END X-----\n", 43, "control character in an object"},
};

static void test_malformed_items(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct document_reader reader;
        struct document_item item;
        struct error error = {.text = ""};
        size_t length = malformed[i].length > 0 ? malformed[i].length : strlen(malformed[i].text);
        /* A copy without a NUL behind it, so that reading too far is seen. */
        char *copy = memory_allocate(length, 1);
        memcpy(copy, malformed[i].text, length);
        document_reader_init(&reader, copy, length);
        assert_int_equal(document_reader_next(&reader, &item, &error), -1);
        if (strstr(error.text, malformed[i].words) == NULL)
            fail_msg("\"%s\" gives \"%s\"", malformed[i].text, error.text);
        free(copy);
    }
}

static void test_error_quotes_at_most_a_part(void **state)
{
    (void)state;
    char text[2000];
    struct document_reader reader;
    struct document_item item;
    struct error error;
    memset(text, '_', sizeof(text));
    document_reader_init(&reader, text, sizeof(text));
    assert_int_equal(document_reader_next(&reader, &item, &error), -1);
    assert_true(strlen(error.text) < 120);
}

static const struct {
    const char *text;
    uint64_t maximum;
    int result;
    uint64_t number;
} numbers[] = {
    {"0", 0, 0, 0},
    {"1", 0, -1, 0},
    {"7", 9, 0, 7},
    {"10", 9, -1, 0},
    {"255", 255, 0, 255},
    {"256", 255, -1, 0},
    {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, -1, 0},
    {"99999999999999999999", UINT64_MAX, -1, 0},
    {"123456789012345678901234567890", UINT64_MAX, -1, 0},
    {"", 9, -1, 0},
    {"00", 9, -1, 0},
    {"01", 9, -1, 0},
    {"+1", 9, -1, 0},
    {"-1", 9, -1, 0},
    {" 1", 9, -1, 0},
    {"1 ", 9, -1, 0},
    {"0x1", 99, -1, 0},
    {"1.0", 99, -1, 0},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint64_t number = 0;
        assert_int_equal(text_parse_uint64(text_of(numbers[i].text), numbers[i].maximum, &number),
                         numbers[i].result);
        assert_int_equal(number, numbers[i].number);
    }
}

/* RFC 4648 section 10, and what may vary in a document. A result of NULL: refused. */
static const struct {
    const char *text, *bytes;
} base64_rows[] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {"Zg", "f"},
    {"Zm8", "fo"},
    {"Zm9vYg", "foob"},
    {"Zm9vYmE", "fooba"},
    {"Zm9v\nYmFy\n", "foobar"},
    {"Z\nm\n9v\n\nYmE=\n", "fooba"},
    {"Zg=\n=\n", "f"},
    {"++//", "\373\357\377"},
    {"Z", NULL},
    {"Zm9vY", NULL},
    {"Zg=", NULL},
    {"Zg===", NULL},
    {"Zm8==", NULL},
    {"Zm9v=", NULL},
    {"Zm9v====", NULL},
    {"=", NULL},
    {"====", NULL},
    {"Z===", NULL},
    {"Zg==Zg==", NULL},
    {"Zg=a", NULL},
    {"Zh==", NULL},
    {"Zh", NULL},
    {"Zm9=", NULL},
    {"Zm9", NULL},
    {"Zm9v YmFy", NULL},
    {"Zm9v\tYmFy", NULL},
    {"Zm9v\r\nYmFy", NULL},
    {"Zm9-", NULL},
    {"Zm9_", NULL},
    {"Zm\3049v", NULL},
    {"Zm9*YmFy", NULL},
};

static void test_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(base64_rows) / sizeof(base64_rows[0]); i++) {
        uint8_t bytes[16];
        struct text text = text_of(base64_rows[i].text);
        ptrdiff_t size = text_decode_base64(text, bytes, sizeof(bytes));
        if (base64_rows[i].bytes == NULL) {
            if (size != -1)
                fail_msg("\"%s\" is not refused", base64_rows[i].text);
            continue;
        }
        size_t expected = strlen(base64_rows[i].bytes);
        if (size != (ptrdiff_t)expected)
            fail_msg("\"%s\" gives %td bytes", base64_rows[i].text, size);
        assert_memory_equal(bytes, base64_rows[i].bytes, expected);
        assert_int_equal(text_decode_base64(text, bytes, expected), expected);
        assert_int_equal(text_decode_base64_exact(text, bytes, expected), 0);
        assert_int_equal(text_decode_base64_exact(text, bytes, expected + 1), -1);
        if (expected > 0)
            assert_int_equal(text_decode_base64(text, bytes, expected - 1), -1);
    }
}

/* Against libsodium's codec: every length, with line breaks and without. */
static void test_base64_of_all_lengths(void **state)
{
    (void)state;
    static const uint8_t seed[randombytes_SEEDBYTES] = "base64";
    for (size_t size = 0; size < 300; size++) {
        uint8_t bytes[300], decoded[300];
        char encoded[512], broken[1024];
        randombytes_buf_deterministic(bytes, size, seed);
        for (int variant = 0; variant < 2; variant++) {
            sodium_bin2base64(encoded, sizeof(encoded), bytes, size,
                              variant == 0 ? sodium_base64_VARIANT_ORIGINAL
                                           : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
            assert_int_equal(text_decode_base64_exact(text_of(encoded), decoded, size), 0);
            assert_memory_equal(decoded, bytes, size);
            size_t length = 0;
            for (size_t i = 0; encoded[i] != '\0'; i++) {
                broken[length++] = encoded[i];
                if (i % 64 == 63 || i % 7 == size % 7)
                    broken[length++] = '\n';
            }
            struct text text = {broken, length};
            memset(decoded, 0, sizeof(decoded));
            assert_int_equal(text_decode_base64_exact(text, decoded, size), 0);
            assert_memory_equal(decoded, bytes, size);
        }
    }
}

static void test_base64_never_writes_too_far(void **state)
{
    (void)state;
    for (size_t length = 0; length < 40; length++) {
        char text[40];
        memset(text, 'A', sizeof(text));
        for (size_t size = 0; size < 32; size++) {
            uint8_t *bytes = memory_allocate(size + 1, 1);
            bytes[size] = 0x5a;
            ptrdiff_t decoded = text_decode_base64((struct text){text, length}, bytes, size);
            assert_true(decoded <= (ptrdiff_t)size);
            assert_int_equal(bytes[size], 0x5a);
            free(bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_empty_document),
        cmocka_unit_test(test_many_arguments),
        cmocka_unit_test(test_malformed_items),
        cmocka_unit_test(test_error_quotes_at_most_a_part),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_of_all_lengths),
        cmocka_unit_test(test_base64_never_writes_too_far),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
