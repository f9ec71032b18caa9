/* Which keys a mapping of a config file may have, and what is to be there. */
#ifndef OBPUB_CONFIG_YAML_MAPPING_H
#define OBPUB_CONFIG_YAML_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key that old files still carry, and that gets a warning. It does nothing, or its value counts as that of
 * the key that has come in its place. Compared without regard to case, '-' and '_' being the same. */
struct yaml_retired_key {
    const char *name;
    const char *advice;    /* what to do instead: the end of a sentence */
    const char *successor; /* whose value it is, where the mapping does not have that one as well; or NULL */
};

/* What a mapping is called in messages ("a service"), and its keys. At most YAML_KEYS_MAX of them. */
#define YAML_KEYS_MAX 20
struct yaml_mapping {
    const char *what;
    const char *const *keys;
    size_t key_count;
    /* Sets of keys, the sum of their YAML_KEY(). A key in neither may be missing, and without a value, or
     * with null, it is as if it were not there. */
    uint32_t required;   /* these have to be there, with a value */
    uint32_t with_value; /* these may be missing; but there without a value they are errors */
    const struct yaml_retired_key *retired;
    size_t retired_count;
    bool is_strict; /* keys that it does not have are errors, since Onionbalance has no such mapping */
};

/* The set of one key, by its index. */
#define YAML_KEY(index) (UINT32_C(1) << (index))

/* Returns the index of a key, or key_count when the mapping has none of that name. */
size_t yaml_mapping_find(const struct yaml_mapping *mapping, const char *name);

/* Returns the row of a retired key; NULL when a key is none. */
const struct yaml_retired_key *yaml_mapping_find_retired(const struct yaml_mapping *mapping,
                                                         const char *name);

/* True when a set has the key with an index, which may be key_count. */
bool yaml_mapping_is_in(uint32_t set, size_t index);

#endif
