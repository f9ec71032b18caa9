/* Which nodes of a YAML document stand in more than one place, by aliases. */
#include "config/yaml_shared.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"

/* libyaml numbers nodes from 1. */
static void count_place(struct yaml_shared *shared, int index)
{
    uint8_t *places = &shared->places[index - 1];
    if (*places < 2)
        (*places)++;
}

void yaml_shared_find(struct yaml_shared *shared, yaml_document_t *document)
{
    const yaml_node_t *start = document->nodes.start, *top = document->nodes.top;
    shared->places = memory_allocate((size_t)(top - start) + 1, sizeof(*shared->places));
    if (start < top)
        count_place(shared, 1); /* the outermost one is there without being in any other */
    for (const yaml_node_t *node = start; node < top; node++) {
        if (node->type == YAML_SEQUENCE_NODE) {
            for (const int *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
                 item++)
                count_place(shared, *item);
        } else if (node->type == YAML_MAPPING_NODE) {
            for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
                 pair < node->data.mapping.pairs.top; pair++) {
                count_place(shared, pair->key);
                count_place(shared, pair->value);
            }
        }
    }
}

void yaml_shared_clear(struct yaml_shared *shared)
{
    free(shared->places);
    shared->places = NULL;
}

/* What stands in one place only is a tree, no deeper than yaml_file_parse() lets it be. */
static bool has_shared(const struct yaml_shared *shared, yaml_document_t *document, int index)
{
    const yaml_node_t *node = yaml_document_get_node(document, index);
    bool is_found = shared->places[index - 1] > 1;
    if (node->type == YAML_SEQUENCE_NODE) {
        for (const int *item = node->data.sequence.items.start;
             !is_found && item < node->data.sequence.items.top; item++)
            is_found = has_shared(shared, document, *item);
    } else if (node->type == YAML_MAPPING_NODE) {
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             !is_found && pair < node->data.mapping.pairs.top; pair++)
            is_found = has_shared(shared, document, pair->value);
    }
    return is_found;
}

bool yaml_shared_has_anchor(const struct yaml_shared *shared, yaml_document_t *document,
                            const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(document, pair->value);
    bool is_alias = value->start_mark.index < key->start_mark.index;
    return !is_alias && has_shared(shared, document, pair->value);
}
