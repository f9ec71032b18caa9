/* Writes a sentence to the log once, and not each time that a tor is tried again; and not very many of them,
 * whoever has a part in what they say. */
#include "reader/log_once.h"

#include <stdbool.h>
#include <string.h>

#include "crypto/hash.h"

#define HOUR 3600000 /* milliseconds */

static uint64_t hash_sentence(const char *sentence)
{
    uint8_t digest[SHA256_SIZE];
    uint64_t hash;
    hash_sha256(digest, &(struct span){sentence, strlen(sentence)}, 1);
    memcpy(&hash, digest, sizeof(hash));
    return hash;
}

/* Forgets what was said more than an hour ago. */
static void forget_old(struct log_once *said, int64_t now)
{
    for (size_t i = 0; i < said->count;) {
        if (now - said->said[i].moment >= HOUR)
            said->said[i] = said->said[--said->count];
        else
            i++;
    }
}

static bool was_said(const struct log_once *said, uint64_t hash)
{
    for (size_t i = 0; i < said->count; i++) {
        if (said->said[i].hash == hash)
            return true;
    }
    return false;
}

void log_once_warn(struct log_once *said, const struct log *log, int64_t now, const char *sentence)
{
    uint64_t hash = hash_sentence(sentence);
    forget_old(said, now);
    if (was_said(said, hash) || said->count == LOG_ONCE_MAX)
        return;
    said->said[said->count].hash = hash;
    said->said[said->count++].moment = now;
    if (log != NULL)
        log_write(log, LOG_LEVEL_WARNING, "obpub-reader: %s", sentence);
}
