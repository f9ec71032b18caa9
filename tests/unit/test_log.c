/* Tests of the log: its two forms, its levels, and saying a thing once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "helper_folder.h"

/* What has been written since the last look. */
static char written[3 * LOG_MESSAGE_SIZE_MAX];
static int file;

static int setup(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    unsetenv("JOURNAL_STREAM");
    file = open("log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return file >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
    unsetenv("JOURNAL_STREAM");
    close(file);
    return folder_teardown(state);
}

/* Takes what is in the file out of it. */
static const char *take(void)
{
    ssize_t length = pread(file, written, sizeof(written) - 1, 0);
    assert_true(length >= 0);
    written[length] = '\0';
    assert_int_equal(ftruncate(file, 0), 0);
    return written;
}

/* Makes JOURNAL_STREAM name a device and inode this far away from the file's. */
static void set_journal_stream(unsigned device, unsigned inode)
{
    struct stat status;
    char text[64];
    assert_int_equal(fstat(file, &status), 0);
    snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status.st_dev + device,
             (uintmax_t)status.st_ino + inode);
    setenv("JOURNAL_STREAM", text, 1);
}

static void open_journal(struct log *log, enum log_level verbosity)
{
    set_journal_stream(0, 0);
    log_open(log, file, verbosity);
    assert_true(log->is_journal);
}

static void test_journal_priorities(void **state)
{
    (void)state;
    struct log log;
    open_journal(&log, LOG_LEVEL_DEBUG);
    log_write(&log, LOG_LEVEL_DEBUG, "a");
    log_write(&log, LOG_LEVEL_INFO, "b %d", 1);
    log_write(&log, LOG_LEVEL_WARNING, "c");
    log_write(&log, LOG_LEVEL_ERROR, "d");
    log_write(&log, LOG_LEVEL_CRITICAL, "%s", "e");
    assert_string_equal(take(), "<7>a\n<6>b 1\n<4>c\n<3>d\n<2>e\n");
}

static void test_journal_is_recognised(void **state)
{
    (void)state;
    struct log log;
    static const char *const others[] = {"", "1", ":", "1:", "x:y", " ", "-1:-1"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        setenv("JOURNAL_STREAM", others[i], 1);
        log_open(&log, file, LOG_LEVEL_INFO);
        assert_false(log.is_journal);
    }
    set_journal_stream(1, 0);
    log_open(&log, file, LOG_LEVEL_INFO);
    assert_false(log.is_journal);
    set_journal_stream(0, 1);
    log_open(&log, file, LOG_LEVEL_INFO);
    assert_false(log.is_journal);
    set_journal_stream(0, 0);
    log_open(&log, -1, LOG_LEVEL_INFO);
    assert_false(log.is_journal);
    log_open(&log, file, LOG_LEVEL_INFO);
    assert_true(log.is_journal);
}

/* Reads the time at the beginning of a line, in milliseconds since the epoch. */
static int64_t read_time(const char *line)
{
    struct tm date = {0};
    int milliseconds = -1, end = 0;
    assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &date.tm_year, &date.tm_mon,
                            &date.tm_mday, &date.tm_hour, &date.tm_min, &date.tm_sec, &milliseconds, &end),
                     7);
    assert_int_equal(end, (int)strlen("2026-01-01T00:00:00.000Z "));
    date.tm_year -= 1900;
    date.tm_mon -= 1;
    return (int64_t)timegm(&date) * 1000 + milliseconds;
}

static int64_t now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_timestamps(void **state)
{
    (void)state;
    struct log log;
    static const char *const words[] = {"debug", "info", "warning", "error", "critical"};
    log_open(&log, file, LOG_LEVEL_DEBUG);
    for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_CRITICAL; level++) {
        int64_t before = now_milliseconds();
        log_write(&log, level, "x");
        int64_t after = now_milliseconds();
        int64_t moment = read_time(take());
        char expected[32];
        assert_true(before <= moment && moment <= after);
        snprintf(expected, sizeof(expected), "%s: x\n", words[level]);
        assert_string_equal(written + strlen("2026-01-01T00:00:00.000Z "), expected);
    }
}

static void test_levels(void **state)
{
    (void)state;
    for (enum log_level verbosity = LOG_LEVEL_DEBUG; verbosity <= LOG_LEVEL_CRITICAL; verbosity++) {
        for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_CRITICAL; level++) {
            struct log log;
            log_open(&log, file, verbosity);
            log_write(&log, level, "x");
            assert_int_equal(log_has_level(&log, level), level >= verbosity);
            assert_int_equal(take()[0] != '\0', level >= verbosity);
        }
    }
}

/* By obpub's names, and by the names and numbers of Python's logging. */
static void test_level_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum log_level level;
    } good[] = {
        {"debug", LOG_LEVEL_DEBUG},       {"Info", LOG_LEVEL_INFO},      {"WARNING", LOG_LEVEL_WARNING},
        {"WARN", LOG_LEVEL_WARNING},      {"warn", LOG_LEVEL_WARNING},   {"error", LOG_LEVEL_ERROR},
        {"CRITICAL", LOG_LEVEL_CRITICAL}, {"FATAL", LOG_LEVEL_CRITICAL}, {"NOTSET", LOG_LEVEL_DEBUG},
        {"0", LOG_LEVEL_DEBUG},           {"10", LOG_LEVEL_DEBUG},       {"11", LOG_LEVEL_INFO},
        {"20", LOG_LEVEL_INFO},           {"30", LOG_LEVEL_WARNING},     {"40", LOG_LEVEL_ERROR},
        {"50", LOG_LEVEL_CRITICAL},       {"51", LOG_LEVEL_CRITICAL},    {"999999", LOG_LEVEL_CRITICAL},
    };
    static const char *const bad[] = {"", "loud", "warns", "-1", "10 ", "1e1", "1000000", "0x10"};
    enum log_level level = LOG_LEVEL_ERROR;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(log_level_parse(&level, bad[i]));
    assert_int_equal(level, LOG_LEVEL_ERROR);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(log_level_parse(&level, good[i].text));
        assert_int_equal(level, good[i].level);
    }
}

static void test_nothing_steers_a_terminal(void **state)
{
    (void)state;
    struct log log;
    open_journal(&log, LOG_LEVEL_INFO);
    log_write(&log, LOG_LEVEL_INFO, "%s", "a\n<0>b\r\x1b[31mc\td\x7f\xff\xc2\x9b");
    assert_string_equal(take(), "<6>a?<0>b??[31mc?d????\n");
    log_write(&log, LOG_LEVEL_INFO,
              "b\xc3\xbc"
              "cher");
    assert_string_equal(take(), "<6>b\xc3\xbc"
                                "cher\n");
    log_write(&log, LOG_LEVEL_INFO, "%s", "");
    assert_string_equal(take(), "<6>\n");
}

static void test_long_messages_are_cut(void **state)
{
    (void)state;
    struct log log;
    open_journal(&log, LOG_LEVEL_INFO);
    char text[2 * LOG_MESSAGE_SIZE_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_write(&log, LOG_LEVEL_INFO, "%s", text);
    assert_int_equal(strlen(take()), 3 + LOG_MESSAGE_SIZE_MAX + 1);
    assert_string_equal(written + 3 + LOG_MESSAGE_SIZE_MAX - 4, "x...\n");

    text[LOG_MESSAGE_SIZE_MAX] = '\0'; /* just not too long */
    log_write(&log, LOG_LEVEL_INFO, "%s", text);
    assert_int_equal(strlen(take()), 3 + LOG_MESSAGE_SIZE_MAX + 1);
    assert_string_equal(written + 3 + LOG_MESSAGE_SIZE_MAX - 4, "xxxx\n");

    /* A character of two bytes is not cut in half, wherever it begins. */
    for (size_t start = 0; start < 2; start++) {
        text[0] = 'x';
        for (size_t i = start; i + 1 < sizeof(text) - 1; i += 2)
            memcpy(text + i, "\xc3\xbc", 2);
        text[sizeof(text) - 1] = '\0';
        log_write(&log, LOG_LEVEL_INFO, "%s", text);
        assert_null(strchr(take(), '?'));
        assert_string_equal(written + strlen(written) - 6, "\xc3\xbc...\n");
    }
}

static void test_errno_stays(void **state)
{
    (void)state;
    struct log log;
    log_open(&log, file, LOG_LEVEL_INFO);
    log.descriptor = -1;
    errno = ENOTDIR;
    log_write(&log, LOG_LEVEL_INFO, "lost");
    assert_int_equal(errno, ENOTDIR);
}

static void test_trouble_is_said_once(void **state)
{
    (void)state;
    struct log log;
    struct log_state subject = {0};
    open_journal(&log, LOG_LEVEL_INFO);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "refused"), i == 0);
        assert_int_equal(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "timed %s", "out"), i == 0);
    }
    assert_string_equal(take(), "<4>refused\n<4>timed out\n");

    for (int i = 0; i < 3; i++)
        assert_int_equal(log_write_well(&log, &subject, LOG_LEVEL_INFO, "connected"), i == 0);
    assert_string_equal(take(), "<6>connected\n");

    assert_true(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "refused"));
    assert_string_equal(take(), "<4>refused\n");
}

static void test_well_from_the_start_is_said(void **state)
{
    (void)state;
    struct log log;
    struct log_state subject = {0}, other = {0};
    open_journal(&log, LOG_LEVEL_INFO);
    assert_true(log_write_well(&log, &subject, LOG_LEVEL_INFO, "connected"));
    assert_false(log_write_well(&log, &subject, LOG_LEVEL_INFO, "connected again"));
    assert_true(log_write_trouble(&log, &other, LOG_LEVEL_ERROR, "connected"));
    assert_string_equal(take(), "<6>connected\n<3>connected\n");
}

/* What the level leaves out counts as said, so that nothing old comes up when the level changes. */
static void test_below_the_level(void **state)
{
    (void)state;
    struct log log;
    struct log_state subject = {0};
    open_journal(&log, LOG_LEVEL_ERROR);
    assert_true(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "refused"));
    assert_string_equal(take(), "");
    log.verbosity = LOG_LEVEL_INFO;
    assert_false(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "refused"));
    assert_string_equal(take(), "");
}

static void test_many_troubles(void **state)
{
    (void)state;
    struct log log;
    struct log_state subject = {0};
    open_journal(&log, LOG_LEVEL_INFO);
    for (int i = 0; i <= LOG_STATE_TROUBLES_MAX; i++)
        assert_true(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "trouble %d", i));
    for (int i = 1; i <= LOG_STATE_TROUBLES_MAX; i++)
        assert_false(log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "trouble %d", i));
    assert_true(
        log_write_trouble(&log, &subject, LOG_LEVEL_WARNING, "trouble 0")); /* the oldest is forgotten */
    assert_int_equal(subject.trouble_count, LOG_STATE_TROUBLES_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_journal_priorities),
        TEST(test_journal_is_recognised),
        TEST(test_timestamps),
        TEST(test_levels),
        TEST(test_level_names),
        TEST(test_nothing_steers_a_terminal),
        TEST(test_long_messages_are_cut),
        TEST(test_errno_stays),
        TEST(test_trouble_is_said_once),
        TEST(test_well_from_the_start_is_said),
        TEST(test_below_the_level),
        TEST(test_many_troubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
