/* Reads a YAML file whose mappings have known keys, and reports every mistake with its line. */
#include "config/yaml_reader.h"

#include <string.h>
#include <strings.h>

#include "config/yaml_file.h"

/* Entries of a mapping that are looked at; there are not half as many keys that mean anything. More of them,
 * named by many aliases, would take hours. */
#define PAIRS_MAX 100
/* Mappings whose entries one may have by merge keys. */
#define MERGES_MAX 16

/* The entries of a mapping, its own first and then those that it has by merge keys. */
struct pairs {
    const yaml_node_pair_t *pairs[PAIRS_MAX];
    size_t count, merges;
};

int yaml_reader_parse(struct yaml_reader *reader, const char *path, const unsigned char *bytes, size_t length,
                      struct config_report *report)
{
    *reader = (struct yaml_reader){.path = path, .report = report};
    if (yaml_file_parse(&reader->document, path, bytes, length, report) != 0)
        return -1;
    yaml_shared_find(&reader->shared, &reader->document);
    return 0;
}

void yaml_reader_clear(struct yaml_reader *reader)
{
    yaml_shared_clear(&reader->shared);
    yaml_document_delete(&reader->document);
}

yaml_node_t *yaml_reader_root(struct yaml_reader *reader)
{
    return yaml_document_get_root_node(&reader->document);
}

size_t yaml_reader_line(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

/* True for a value that is not there at all, or null, ~ and the like. */
static bool is_null(const yaml_node_t *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
        if (strcmp((const char *)node->data.scalar.value, nulls[i]) == 0)
            return true;
    }
    return false;
}

/* Has a retired key count as the one that has come in its place, unless that is there as well. */
static void take_retired(struct yaml_reader *reader, const struct yaml_mapping *mapping,
                         const struct yaml_retired_key *retired, const yaml_node_pair_t *pair,
                         yaml_node_t **values, const size_t *lines)
{
    const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
    yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
    bool is_taken = false;
    size_t i =
        retired->successor != NULL ? yaml_mapping_find(mapping, retired->successor) : mapping->key_count;
    if (i < mapping->key_count && lines[i] == 0 && !is_null(value)) {
        values[i] = value;
        is_taken = true;
    }
    foreign_keys_add_retired(&reader->foreign_keys, mapping, retired, (const char *)key->data.scalar.value,
                             yaml_reader_line(key), is_taken);
}

/* Files one key and its value under the mapping's keys, if it is one of them. lines has where each key was
 * seen first, or 0. */
static void read_pair(struct yaml_reader *reader, const struct yaml_mapping *mapping,
                      const yaml_node_pair_t *pair, yaml_node_t **values, size_t *lines)
{
    const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
    yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
    size_t line = yaml_reader_line(key);
    if (key->type != YAML_SCALAR_NODE) {
        config_report_add_error(reader->report, reader->path, line, "a key of %s has to be a word",
                                mapping->what);
        return;
    }
    const char *name = (const char *)key->data.scalar.value;
    if (strlen(name) != key->data.scalar.length) {
        config_report_add_error(reader->report, reader->path, line,
                                "a key of %s has a NUL in it: remove that", mapping->what);
        return;
    }
    size_t i = yaml_mapping_find(mapping, name);
    if (i == mapping->key_count) {
        if (yaml_mapping_find_retired(mapping, name) == NULL)
            foreign_keys_add(&reader->foreign_keys, mapping, name, line,
                             yaml_shared_has_anchor(&reader->shared, &reader->document, pair), reader->report,
                             reader->path);
        return;
    }
    if (lines[i] != 0)
        config_report_add_error(reader->report, reader->path, line,
                                "\"%s\" is there twice, first on line %zu: remove one of them", name,
                                lines[i]);
    else if (yaml_mapping_is_in(mapping->with_value, i) && is_null(value))
        config_report_add_error(reader->report, reader->path, line,
                                "\"%s\" has no value: give it one, or remove the key", name);
    else
        values[i] = is_null(value) ? NULL : value;
    lines[i] = lines[i] != 0 ? lines[i] : line;
}

/* Takes the mapping's retired keys, once it is known which others it has. */
static void read_retired(struct yaml_reader *reader, const struct pairs *pairs,
                         const struct yaml_mapping *mapping, yaml_node_t **values, const size_t *lines)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const yaml_node_t *key = yaml_document_get_node(&reader->document, pairs->pairs[i]->key);
        const char *name = (const char *)key->data.scalar.value;
        if (key->type != YAML_SCALAR_NODE || strlen(name) != key->data.scalar.length)
            continue;
        const struct yaml_retired_key *retired = yaml_mapping_find_retired(mapping, name);
        if (retired != NULL && yaml_mapping_find(mapping, name) == mapping->key_count)
            take_retired(reader, mapping, retired, pairs->pairs[i], values, lines);
    }
}

/* -- merge keys */

/* True for a key "<<" without quotes, whose value's entries are to be as if they stood here. */
static bool is_merge_key(struct yaml_reader *reader, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(&reader->document, pair->key);
    return key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

static bool has_pair(struct yaml_reader *reader, const struct pairs *pairs, int name)
{
    const yaml_node_t *wanted = yaml_document_get_node(&reader->document, name);
    for (size_t i = 0; i < pairs->count; i++) {
        const yaml_node_t *key = yaml_document_get_node(&reader->document, pairs->pairs[i]->key);
        if (key->type == YAML_SCALAR_NODE && wanted->type == YAML_SCALAR_NODE &&
            strcmp((const char *)key->data.scalar.value, (const char *)wanted->data.scalar.value) == 0)
            return true;
    }
    return false;
}

/* Always returns false. */
static bool refuse_many(struct yaml_reader *reader, const yaml_node_t *node, const char *what)
{
    config_report_add_error(reader->report, reader->path, yaml_reader_line(node),
                            "%s has more than %d keys: remove those that obpub.yaml(5) does not have", what,
                            PAIRS_MAX);
    return false;
}

static bool gather_pairs(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                         struct pairs *pairs);

/* Adds the entries of what a merge key names: a mapping, or a list of some. Returns whether that could be
 * done; what is wrong is reported. */
static bool merge(struct yaml_reader *reader, const yaml_node_t *node, const char *what, struct pairs *pairs)
{
    if (++pairs->merges > MERGES_MAX) {
        config_report_add_error(
            reader->report, reader->path, yaml_reader_line(node),
            "%s has entries of more than %d others by merge keys (\"<<\"): write them out", what, MERGES_MAX);
        return false;
    }
    if (node->type == YAML_MAPPING_NODE)
        return gather_pairs(reader, node, what, pairs);
    if (node->type == YAML_SEQUENCE_NODE) {
        for (const int *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
            if (!merge(reader, yaml_document_get_node(&reader->document, *item), what, pairs))
                return false;
        }
        return true;
    }
    config_report_add_error(
        reader->report, reader->path, yaml_reader_line(node),
        "a merge key (\"<<\") needs a mapping, or a list of some, mostly an alias of one");
    return false;
}

/* Adds the entries of a mapping, and those that it merges. What is merged does not count where the key is
 * there already. Returns whether that could be done; what is wrong is reported. */
static bool gather_pairs(struct yaml_reader *reader, const yaml_node_t *node, const char *what,
                         struct pairs *pairs)
{
    const yaml_node_pair_t *const start = node->data.mapping.pairs.start;
    const yaml_node_pair_t *const top = node->data.mapping.pairs.top;
    if (top - start > PAIRS_MAX)
        return refuse_many(reader, node, what);
    for (const yaml_node_pair_t *pair = start; pair < top; pair++) {
        if (is_merge_key(reader, pair) || (pairs->merges > 0 && has_pair(reader, pairs, pair->key)))
            continue;
        if (pairs->count == PAIRS_MAX)
            return refuse_many(reader, node, what);
        pairs->pairs[pairs->count++] = pair;
    }
    for (const yaml_node_pair_t *pair = start; pair < top; pair++) {
        if (is_merge_key(reader, pair) &&
            !merge(reader, yaml_document_get_node(&reader->document, pair->value), what, pairs))
            return false;
    }
    return true;
}

/* -- mappings */

/* The key that shows best what a mapping is like: the first one that is needed. */
static const char *example_key(const struct yaml_mapping *mapping)
{
    size_t i = 0;
    while (i + 1 < mapping->key_count && !yaml_mapping_is_in(mapping->required, i))
        i++;
    return mapping->keys[i];
}

void yaml_reader_read_mapping(struct yaml_reader *reader, yaml_node_t *node,
                              const struct yaml_mapping *mapping, yaml_node_t **values)
{
    for (size_t i = 0; i < mapping->key_count; i++)
        values[i] = NULL;
    size_t line = yaml_reader_line(node);
    if (node->type != YAML_MAPPING_NODE) {
        config_report_add_error(reader->report, reader->path, line,
                                "%s has to be a mapping, lines like \"%s: ...\"", mapping->what,
                                example_key(mapping));
        return;
    }
    struct pairs pairs = {.count = 0};
    if (!gather_pairs(reader, node, mapping->what, &pairs))
        return;
    size_t lines[YAML_KEYS_MAX] = {0};
    for (size_t i = 0; i < pairs.count; i++)
        read_pair(reader, mapping, pairs.pairs[i], values, lines);
    read_retired(reader, &pairs, mapping, values, lines);
    for (size_t i = 0; i < mapping->key_count; i++) {
        if (!yaml_mapping_is_in(mapping->required, i) || values[i] != NULL)
            continue;
        if (lines[i] != 0)
            config_report_add_error(reader->report, reader->path, lines[i],
                                    "\"%s\" has no value: give it one", mapping->keys[i]);
        else if (!foreign_keys_explain_missing(&reader->foreign_keys, mapping, mapping->keys[i], line,
                                               reader->report, reader->path))
            config_report_add_error(reader->report, reader->path, line,
                                    "%s needs \"%s:\", which is missing: add it", mapping->what,
                                    mapping->keys[i]);
    }
}

const char *yaml_reader_read_text(struct yaml_reader *reader, yaml_node_t *node, const char *key)
{
    const char *complaint = NULL;
    if (node->type != YAML_SCALAR_NODE)
        complaint = "has to be one text, not a list or a mapping";
    else if (node->data.scalar.length == 0)
        complaint = "is empty: give it a value, or remove it";
    else if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
        complaint = "has a NUL in it: remove that";
    if (complaint == NULL)
        return (const char *)node->data.scalar.value;
    config_report_add_error(reader->report, reader->path, yaml_reader_line(node), "\"%s\" %s", key,
                            complaint);
    return NULL;
}

bool yaml_reader_parse_truth(bool *truth, const char *text)
{
    static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) != 0)
            continue;
        *truth = i >= sizeof(words) / sizeof(words[0]) / 2;
        return true;
    }
    return false;
}

size_t yaml_reader_read_list(struct yaml_reader *reader, yaml_node_t *node, const char *key)
{
    size_t count = 0;
    if (node->type == YAML_SEQUENCE_NODE)
        count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (node->type != YAML_SEQUENCE_NODE)
        config_report_add_error(reader->report, reader->path, yaml_reader_line(node),
                                "\"%s\" has to be a list, each entry beginning with \"- \"", key);
    else if (count == 0)
        config_report_add_error(reader->report, reader->path, yaml_reader_line(node),
                                "\"%s\" is an empty list: at least one entry is needed", key);
    return count;
}

bool yaml_reader_is_empty_list(const yaml_node_t *node)
{
    return node->type == YAML_SEQUENCE_NODE &&
           node->data.sequence.items.top == node->data.sequence.items.start;
}

yaml_node_t *yaml_reader_list_entry(struct yaml_reader *reader, yaml_node_t *list, size_t index)
{
    return yaml_document_get_node(&reader->document, list->data.sequence.items.start[index]);
}
