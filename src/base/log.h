/* The log: lines on standard error, in the form that whoever reads them there expects. */
#ifndef OBPUB_BASE_LOG_H
#define OBPUB_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a line's message; a longer one is cut and ends in "...". */
#define LOG_MESSAGE_SIZE_MAX 4096

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_CRITICAL,
};

/* Parses the name of a level in letters of either case, or its number as Python's logging has it, for files
 * and variables that were Onionbalance's: 10 is debug, 50 critical, and others are the next graver one. Names
 * are also those that Python has besides. Returns false when a text is neither. */
bool log_level_parse(enum log_level *level, const char *text);

struct log {
    int descriptor; /* where the lines go; stays the caller's */
    enum log_level verbosity;
    bool is_journal; /* lines begin with "<priority>"; else with the time and the level */
};

/* Begins to log to descriptor what is at least as grave as verbosity. The journal is recognised by
 * JOURNAL_STREAM (systemd.exec(5)) naming the device and inode of descriptor. */
void log_open(struct log *log, int descriptor, enum log_level verbosity);

/* True when a line of this level would be written. */
bool log_has_level(const struct log *log, enum log_level level);

/* Writes one line. What could steer a terminal, line ends among it, becomes '?'. A line that can't be written
 * is lost: there is nobody left to tell. errno stays as it was. */
void log_write(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How many different troubles of one subject are remembered as said. */
#define LOG_STATE_TROUBLES_MAX 8

/* What has been said of one subject (a backend, the local tor), so that it is said again only when it
 * changed. Zeroed: nothing yet. It may be copied and forgotten at will. */
struct log_state {
    bool is_known;   /* something has been said */
    bool is_trouble; /* the last thing was a trouble */
    uint8_t trouble_count;
    uint64_t troubles[LOG_STATE_TROUBLES_MAX]; /* hashes of the sentences said since the subject was well */
};

/* Writes a line about a subject that is in trouble, unless the same sentence has been written since it was
 * last well, so keep out of it what differs each time. Returns true when it was new. */
bool log_write_trouble(const struct log *log, struct log_state *state, enum log_level level,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes a line about a subject that is well, when it was in trouble before or nothing has been said of it.
 * Its troubles are forgotten, so that they are said when they come back. Returns true when it was new. */
bool log_write_well(const struct log *log, struct log_state *state, enum log_level level, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

#endif
