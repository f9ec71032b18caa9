/* Which keys a mapping of a config file may have, and what is to be there. */
#include "config/yaml_mapping.h"

#include <string.h>

#include "config/closest_word.h"

size_t yaml_mapping_find(const struct yaml_mapping *mapping, const char *name)
{
    size_t i = 0;
    while (i < mapping->key_count && strcmp(mapping->keys[i], name) != 0)
        i++;
    return i;
}

const struct yaml_retired_key *yaml_mapping_find_retired(const struct yaml_mapping *mapping, const char *name)
{
    for (size_t i = 0; i < mapping->retired_count; i++) {
        if (closest_word_is_same(name, mapping->retired[i].name))
            return &mapping->retired[i];
    }
    return NULL;
}

bool yaml_mapping_is_in(uint32_t set, size_t index)
{
    return (set >> index & 1) != 0;
}
