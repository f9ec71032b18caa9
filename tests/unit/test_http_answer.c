/* Tests the parser of a web server's answer, and what it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/http_answer.h"

static struct http_answer take(const char *text)
{
    struct http_answer answer = {0};
    http_answer_take(&answer, (const uint8_t *)text, strlen(text));
    return answer;
}

static void check_whole(const char *text, unsigned status)
{
    struct http_answer answer = take(text);
    assert_int_equal(answer.state, HTTP_ANSWER_WHOLE);
    assert_int_equal(answer.status, status);
}

static void check_bad(const char *text, const char *fault)
{
    struct http_answer answer = take(text);
    assert_int_equal(answer.state, HTTP_ANSWER_BAD);
    if (strstr(answer.fault, fault) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", answer.fault, fault);
}

static void test_whole(void **state)
{
    (void)state;
    check_whole("HTTP/1.1 200 OK\r\n\r\n", 200);
    check_whole("HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\n", 404);
    check_whole("HTTP/1.1 500\r\n\r\n", 500);
    check_whole("HTTP/1.1 503 \r\nA:\r\nB: \t \r\n\r\n", 503);
    check_whole("HTTP/1.1 999 \xc3\xa4\r\nX-!#$%&'*+-.^_`|~: \xff\r\n\r\n", 999);
    /* The first status counts, also one that others would follow, and bodies are not looked at. */
    check_whole("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 100);
    check_whole("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", 302);
    check_whole("HTTP/1.1 200 OK\r\n\r\n\0\1\2", 200);
}

static void test_more(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "H",
                                        "HTTP/1.1 20",
                                        "HTTP/1.1 200",
                                        "HTTP/1.1 200 OK\r\n",
                                        "HTTP/1.1 200 OK\r\nA",
                                        "HTTP/1.1 200 OK\r\nA: b\r\n\r"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(take(texts[i]).state, HTTP_ANSWER_MORE);
}

static void test_bad(void **state)
{
    (void)state;
    check_bad("SSH-2.0-OpenSSH", "does not begin as");
    check_bad("HTTP/2.0 200 OK\r\n\r\n", "does not begin as");
    check_bad("http/1.1 200 OK\r\n\r\n", "does not begin as");
    check_bad("HTTP/1.x 200 OK\r\n\r\n", "does not begin as");
    check_bad("HTTP/1.1  200 OK\r\n\r\n", "does not begin as");
    check_bad("HTTP/1.1 2x0 OK\r\n\r\n", "does not begin as");
    check_bad("HTTP/1.1 099 OK\r\n\r\n", "status is none");
    check_bad("HTTP/1.1 2000 OK\r\n\r\n", "more than three digits");
    check_bad("HTTP/1.1 200\tOK\r\n\r\n", "more than three digits");
    check_bad("HTTP/1.1 200 O\nK\r\n\r\n", "control characters");
    check_bad("HTTP/1.1 200 OK\rX", "lines don't end");
    check_bad("HTTP/1.1 200 OK\r\n folded: x\r\n", "no name");
    check_bad("HTTP/1.1 200 OK\r\n: x\r\n", "no name");
    check_bad("HTTP/1.1 200 OK\r\nA : x\r\n", "other characters");
    check_bad("HTTP/1.1 200 OK\r\nnothing\r\n", "other characters");
    check_bad("HTTP/1.1 200 OK\r\nA: \x01\r\n", "control characters");
    check_bad("HTTP/1.1 200 OK\r\nA: \x7f\r\n", "control characters");
    check_bad("HTTP/1.1 200 OK\r\n\rX", "lines don't end");
}

static void test_nul(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "HTTP/1.1 200 OK\r\nA\0: x\r\n\r\n";
    struct http_answer answer = {0};
    assert_int_equal(http_answer_take(&answer, bytes, sizeof(bytes) - 1), HTTP_ANSWER_BAD);
}

/* However it is cut it says the same. */
static void test_pieces(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 204 No Content\r\nA: b\r\nC: d\r\n\r\nbody";
    const size_t end = strlen(text) - strlen("body");
    struct http_answer answer = {0};
    for (size_t i = 0; i < end; i++) {
        assert_int_equal(answer.state, HTTP_ANSWER_MORE);
        http_answer_take(&answer, (const uint8_t *)text + i, 1);
    }
    assert_int_equal(answer.state, HTTP_ANSWER_WHOLE);
    assert_int_equal(answer.status, 204);
    assert_int_equal(answer.bytes, end);
    assert_int_equal(http_answer_take(&answer, (const uint8_t *)"x", 1), HTTP_ANSWER_WHOLE);
}

/* Feeds a beginning, and then the same piece without end; returns how many bytes were looked at. */
static struct http_answer take_endlessly(const char *beginning, const char *piece)
{
    struct http_answer answer = take(beginning);
    for (size_t i = 0; answer.state == HTTP_ANSWER_MORE; i++) {
        assert_true(i <= HTTP_ANSWER_BYTES_MAX);
        http_answer_take(&answer, (const uint8_t *)piece, strlen(piece));
    }
    return answer;
}

static void test_endless(void **state)
{
    (void)state;
    struct http_answer answer = take_endlessly("HTTP/1.1 200 ", "x");
    assert_int_equal(answer.state, HTTP_ANSWER_BAD);
    assert_string_equal(answer.fault, "its headers don't end");
    answer = take_endlessly("HTTP/1.1 200 OK\r\nA", "a");
    assert_string_equal(answer.fault, "its headers don't end");
    answer = take_endlessly("HTTP/1.1 200 OK\r\nA: ", "b");
    assert_string_equal(answer.fault, "its headers don't end");
    answer = take_endlessly("HTTP/1.1 200 OK\r\n", "A: b\r\n");
    assert_string_equal(answer.fault, "it has too many headers");
    assert_int_equal(answer.headers, HTTP_ANSWER_HEADERS_MAX + 1);
}

static void test_request(void **state)
{
    (void)state;
    char request[HTTP_REQUEST_SIZE];
    size_t length = http_request_write(request, "/up?x=1", "www.example.com", 80);
    assert_int_equal(length, strlen(request));
    assert_string_equal(request, "GET /up?x=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: obpub\r\n"
                                 "Accept: */*\r\nConnection: close\r\n\r\n");
    http_request_write(request, "/", "a.onion", 65535);
    assert_non_null(strstr(request, "\r\nHost: a.onion:65535\r\n"));
    char path[1025], host[254];
    memset(path, 'p', 1024);
    memset(host, 'h', 253);
    path[1024] = host[253] = '\0';
    length = http_request_write(request, path, host, 65535);
    assert_string_equal(request + length - 4, "\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_more),   cmocka_unit_test(test_bad),
        cmocka_unit_test(test_nul),     cmocka_unit_test(test_pieces), cmocka_unit_test(test_endless),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
