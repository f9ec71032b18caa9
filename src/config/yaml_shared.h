/* Which nodes of a YAML document stand in more than one place, by aliases. */
#ifndef OBPUB_CONFIG_YAML_SHARED_H
#define OBPUB_CONFIG_YAML_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include <yaml.h>

struct yaml_shared {
    uint8_t *places; /* of each node, from the first: in how many it stands; at most 2 are counted */
};

/* Goes through a whole document once. To be released with yaml_shared_clear(). */
void yaml_shared_find(struct yaml_shared *shared, yaml_document_t *document);
void yaml_shared_clear(struct yaml_shared *shared);

/* True when the value of a pair is written there and not an alias itself, and this value, or anything in it,
 * stands in another place of the document, too. */
bool yaml_shared_has_anchor(const struct yaml_shared *shared, yaml_document_t *document,
                            const yaml_node_pair_t *pair);

#endif
