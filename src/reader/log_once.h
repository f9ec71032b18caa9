/* Writes a sentence to the log once, and not each time that a tor is tried again; and not very many of them,
 * whoever has a part in what they say. */
#ifndef OBPUB_READER_LOG_ONCE_H
#define OBPUB_READER_LOG_ONCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

/* Sentences that are remembered, and written in an hour at most. */
#define LOG_ONCE_MAX 64

/* Zeroed: nothing has been said. */
struct log_once {
    struct {
        uint64_t hash;
        int64_t moment;
    } said[LOG_ONCE_MAX];
    size_t count;
};

/* Writes a warning, unless it has been written within the hour before now (milliseconds that only go
 * forward), or LOG_ONCE_MAX others have. log may be NULL. */
void log_once_warn(struct log_once *said, const struct log *log, int64_t now, const char *sentence);

#endif
