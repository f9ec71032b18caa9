/* Keys of a config file that mean nothing at their place: which of them are errors, and what is said of the
 * others once the whole file has been read. */
#ifndef OBPUB_CONFIG_FOREIGN_KEYS_H
#define OBPUB_CONFIG_FOREIGN_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config_report.h"
#include "config/yaml_mapping.h"

/* Bytes of such a key that are quoted. */
#define FOREIGN_KEY_NAME_MAX 40
/* So many different ones are named; there is no end to those that a file may have. */
#define FOREIGN_KEYS_MAX 64

/* Kinds of mappings that a file may have. */
#define FOREIGN_KEYS_MAPPINGS 4

/* A key as often as mappings of one kind have it. */
struct foreign_key {
    const struct yaml_mapping *mapping;     /* the kind that it was found in */
    const struct yaml_mapping *owner;       /* the kind that has such a key, or NULL */
    const struct yaml_retired_key *retired; /* its row, for a key of the past, or NULL */
    char name[FOREIGN_KEY_NAME_MAX + 1];
    size_t line; /* the first one's, from 1 */
    size_t count;
    bool is_taken;   /* a key of the past: its value counts as another key's */
    bool has_anchor; /* one of them is there for its value, which is used in another place */
    bool is_said;
};

struct foreign_keys {
    const struct yaml_mapping
        *mappings[FOREIGN_KEYS_MAPPINGS]; /* all kinds that the file may have, or NULL */
    struct foreign_key keys[FOREIGN_KEYS_MAX];
    size_t count;
    size_t more; /* that found no place above */
};

/* Takes a key that its mapping does not know. What is near to a key of the mapping, or one of another kind
 * that would be missed there, is an error: it was meant to do something. has_anchor: its value is used in
 * another place by an alias, so that is what the key is for, whatever its name; unless that is a mistyped
 * one. */
void foreign_keys_add(struct foreign_keys *keys, const struct yaml_mapping *mapping, const char *name,
                      size_t line, bool has_anchor, struct config_report *report, const char *path);

/* Takes a key of the past. is_taken: its value counts as that of the key that has come in its place. */
void foreign_keys_add_retired(struct foreign_keys *keys, const struct yaml_mapping *mapping,
                              const struct yaml_retired_key *retired, const char *name, size_t line,
                              bool is_taken);

/* Looks whether a key that a mapping lacks stands in the wrong place, where that has not been said yet: then
 * that is said, with the line of what it should stand beside. Returns false when it does not. */
bool foreign_keys_explain_missing(struct foreign_keys *keys, const struct yaml_mapping *mapping,
                                  const char *name, size_t line, struct config_report *report,
                                  const char *path);

/* Says of all others that they do nothing, each kind once, and of those of the past in one line. */
void foreign_keys_report(struct foreign_keys *keys, struct config_report *report, const char *path);

#endif
