/* The log: lines on standard error, in the form that whoever reads them there expects. */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/printable.h"

/* Bytes of what stands before the message. */
#define PREFIX_SIZE 64

/* The levels' words, and their priorities in syslog(3). */
static const struct {
    const char *word;
    int priority;
} levels[] = {
    [LOG_LEVEL_DEBUG] = {"debug", 7},       [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_WARNING] = {"warning", 4},   [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_CRITICAL] = {"critical", 2},
};

/* The step between two levels in Python's logging, of which the first is debug. */
#define PYTHON_STEP 10
/* Digits of a number there that are worth reading: all greater ones are critical. */
#define PYTHON_DIGITS_MAX 6

static bool parse_python_number(enum log_level *level, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > PYTHON_DIGITS_MAX || text[digits] != '\0')
        return false;
    unsigned long number = strtoul(text, NULL, 10);
    unsigned long step = (number + PYTHON_STEP - 1) / PYTHON_STEP;
    *level = LOG_LEVEL_CRITICAL;
    if (step <= LOG_LEVEL_CRITICAL)
        *level = step > 0 ? (enum log_level)(step - 1) : LOG_LEVEL_DEBUG;
    return true;
}

bool log_level_parse(enum log_level *level, const char *text)
{
    static const struct {
        const char *word;
        enum log_level level;
    } others[] = {{"notset", LOG_LEVEL_DEBUG}, {"warn", LOG_LEVEL_WARNING}, {"fatal", LOG_LEVEL_CRITICAL}};
    for (enum log_level i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_CRITICAL; i++) {
        if (strcasecmp(text, levels[i].word) != 0)
            continue;
        *level = i;
        return true;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcasecmp(text, others[i].word) != 0)
            continue;
        *level = others[i].level;
        return true;
    }
    return parse_python_number(level, text);
}

/* True when JOURNAL_STREAM names this very file: the variable is inherited also by programs whose standard
 * error has been sent elsewhere. */
static bool is_journal_stream(int descriptor)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char expected[64];
    if (stream == NULL || fstat(descriptor, &status) != 0)
        return false;
    snprintf(expected, sizeof(expected), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)status.st_dev,
             (uintmax_t)status.st_ino);
    return strcmp(stream, expected) == 0;
}

void log_open(struct log *log, int descriptor, enum log_level verbosity)
{
    log->descriptor = descriptor;
    log->verbosity = verbosity;
    log->is_journal = is_journal_stream(descriptor);
}

bool log_has_level(const struct log *log, enum log_level level)
{
    return level >= log->verbosity;
}

/* Writes what stands before the message. Returns its length. */
static size_t make_prefix(const struct log *log, enum log_level level, char prefix[PREFIX_SIZE])
{
    int length;
    if (log->is_journal) {
        length = snprintf(prefix, PREFIX_SIZE, "<%d>", levels[level].priority);
    } else {
        struct timespec now;
        char second[CALENDAR_TEXT_SIZE];
        clock_gettime(CLOCK_REALTIME, &now);
        calendar_format_stamp(second, now.tv_sec);
        length = snprintf(prefix, PREFIX_SIZE, "%s.%03dZ %s: ", second, (int)(now.tv_nsec / 1000000),
                          levels[level].word);
    }
    return length > 0 && length < PREFIX_SIZE ? (size_t)length : 0;
}

/* Writes the message into text, made safe and short enough. */
static void make_message(char text[LOG_MESSAGE_SIZE_MAX + 1], const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void make_message(char text[LOG_MESSAGE_SIZE_MAX + 1], const char *format, va_list arguments)
{
    int length = vsnprintf(text, LOG_MESSAGE_SIZE_MAX + 1, format, arguments);
    if (length < 0)
        text[0] = '\0';
    if (length > LOG_MESSAGE_SIZE_MAX) {
        size_t end = LOG_MESSAGE_SIZE_MAX - 3;
        while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
            end--; /* not in the middle of a character */
        strcpy(text + end, "...");
    }
    text_make_printable(text);
}

/* Writes one whole line with one write(), so that lines of several processes don't mix. */
static void write_line(const struct log *log, enum log_level level, const char *message)
{
    if (!log_has_level(log, level))
        return;
    int saved_errno = errno;
    char line[PREFIX_SIZE + LOG_MESSAGE_SIZE_MAX + 2];
    size_t length = make_prefix(log, level, line);
    size_t message_length = strlen(message);
    memcpy(line + length, message, message_length);
    length += message_length;
    line[length++] = '\n';
    for (size_t done = 0; done < length;) {
        ssize_t written = write(log->descriptor, line + done, length - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        done += (size_t)written;
    }
    errno = saved_errno;
}

static void write_message(const struct log *log, enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void write_message(const struct log *log, enum log_level level, const char *format, va_list arguments)
{
    if (!log_has_level(log, level))
        return;
    char message[LOG_MESSAGE_SIZE_MAX + 1];
    make_message(message, format, arguments);
    write_line(log, level, message);
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_message(log, level, format, arguments);
    va_end(arguments);
}

/* FNV-1a, enough to tell a handful of sentences apart. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* Remembers a trouble. Returns false when it was known already. When there are too many, the oldest goes. */
static bool remember_trouble(struct log_state *state, uint64_t hash)
{
    for (size_t i = 0; i < state->trouble_count; i++) {
        if (state->troubles[i] == hash)
            return false;
    }
    if (state->trouble_count == LOG_STATE_TROUBLES_MAX) {
        memmove(state->troubles, state->troubles + 1, sizeof(state->troubles) - sizeof(state->troubles[0]));
        state->trouble_count--;
    }
    state->troubles[state->trouble_count++] = hash;
    return true;
}

bool log_write_trouble(const struct log *log, struct log_state *state, enum log_level level,
                       const char *format, ...)
{
    char message[LOG_MESSAGE_SIZE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    make_message(message, format, arguments);
    va_end(arguments);
    state->is_known = true;
    state->is_trouble = true;
    if (!remember_trouble(state, hash_text(message)))
        return false;
    write_line(log, level, message);
    return true;
}

bool log_write_well(const struct log *log, struct log_state *state, enum log_level level, const char *format,
                    ...)
{
    if (state->is_known && !state->is_trouble)
        return false;
    *state = (struct log_state){.is_known = true};
    va_list arguments;
    va_start(arguments, format);
    write_message(log, level, format, arguments);
    va_end(arguments);
    return true;
}
