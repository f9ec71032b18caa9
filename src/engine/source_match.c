/* Which sources of a new config are which of those that are served: what the config calls them tells. */
#include "engine/source_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/key_index.h"
#include "base/memory.h"

/* Those that are served, by their identity keys. */
struct served {
    const struct config_backend *const *configs;
    struct key_index first; /* of those with a key */
    size_t *next;           /* of those with the same key, or KEY_INDEX_NONE */
    bool *is_taken;
};

typedef bool (*comparison)(const struct config_backend *one, const struct config_backend *other);

static bool has_same_place(const struct config_backend *one, const struct config_backend *other)
{
    return one->has_control == other->has_control &&
           (!one->has_control || control_endpoint_equals(&one->control, &other->control));
}

static bool has_same_name(const struct config_backend *one, const struct config_backend *other)
{
    return strcmp(one->name, other->name) == 0;
}

static bool has_same_place_and_name(const struct config_backend *one, const struct config_backend *other)
{
    return has_same_place(one, other) && has_same_name(one, other);
}

/* Both have the same address, by which they were found. But that of a twin says nothing of which tor it is.
 */
static bool is_same_service(const struct config_backend *one, const struct config_backend *other)
{
    return !one->is_twin && !other->is_twin;
}

/* The last one first, so that the first one of a key comes first. */
static void served_fill(struct served *served, size_t count)
{
    served->next = memory_allocate(count, sizeof(*served->next));
    served->is_taken = memory_allocate(count, sizeof(*served->is_taken));
    for (size_t i = count; i-- > 0;) {
        if (served->configs[i] == NULL)
            continue;
        const uint8_t *identity_key = served->configs[i]->identity_key;
        served->next[i] = key_index_find(&served->first, identity_key);
        key_index_add(&served->first, identity_key, i);
    }
}

static void served_clear(struct served *served)
{
    key_index_clear(&served->first);
    free(served->next);
    free(served->is_taken);
}

/* Takes the first one that is still free and compares well. */
static size_t served_take(struct served *served, const struct config_backend *wanted, comparison compares)
{
    size_t i = key_index_find(&served->first, wanted->identity_key);
    while (i != KEY_INDEX_NONE && (served->is_taken[i] || served->configs[i]->is_twin != wanted->is_twin ||
                                   !compares(served->configs[i], wanted)))
        i = served->next[i];
    if (i == KEY_INDEX_NONE)
        return SOURCE_MATCH_NONE;
    served->is_taken[i] = true;
    return i;
}

void source_match(const struct config_backend *const *served_configs, size_t served_count,
                  const struct config_backend *const *wanted, size_t wanted_count, size_t *matches)
{
    static const comparison comparisons[] = {has_same_place_and_name, has_same_place, has_same_name,
                                             is_same_service};
    struct served served = {.configs = served_configs};
    served_fill(&served, served_count);
    for (size_t i = 0; i < wanted_count; i++)
        matches[i] = SOURCE_MATCH_NONE;
    for (size_t pass = 0; pass < sizeof(comparisons) / sizeof(comparisons[0]); pass++) {
        for (size_t i = 0; i < wanted_count; i++) {
            if (matches[i] == SOURCE_MATCH_NONE)
                matches[i] = served_take(&served, wanted[i], comparisons[pass]);
        }
    }
    served_clear(&served);
}
