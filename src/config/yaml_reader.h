/* Reads a YAML file whose mappings have known keys, and reports every mistake with its line. */
#ifndef OBPUB_CONFIG_YAML_READER_H
#define OBPUB_CONFIG_YAML_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "config/config_report.h"
#include "config/foreign_keys.h"
#include "config/yaml_mapping.h"
#include "config/yaml_shared.h"

struct yaml_reader {
    const char *path; /* as messages name it */
    struct config_report *report;
    yaml_document_t document;
    struct yaml_shared shared;
    struct foreign_keys foreign_keys;
};

/* Parses a file's bytes as yaml_file_parse() does. Returns 0 with a reader to be released with
 * yaml_reader_clear(), or -1 with an error in the report and nothing to release. */
int yaml_reader_parse(struct yaml_reader *reader, const char *path, const unsigned char *bytes, size_t length,
                      struct config_report *report);
void yaml_reader_clear(struct yaml_reader *reader);

/* The document's outermost node. */
yaml_node_t *yaml_reader_root(struct yaml_reader *reader);

/* The line on which a node begins, from 1. */
size_t yaml_reader_line(const yaml_node_t *node);

/* Reads a mapping: values[i] becomes the value of the mapping's i-th key, or NULL where there is none.
 * Reports what is no mapping, and keys that are there twice, or required and missing; and of those that are
 * unknown or retired, what is an error. The others are for foreign_keys_report(), once all has been read. */
void yaml_reader_read_mapping(struct yaml_reader *reader, yaml_node_t *node,
                              const struct yaml_mapping *mapping, yaml_node_t **values);

/* The text of a scalar, or NULL after reporting that the value of key is none, is empty, or has a NUL. The
 * text is the document's. */
const char *yaml_reader_read_text(struct yaml_reader *reader, yaml_node_t *node, const char *key);

/* True when a text is a truth value as YAML 1.1 has them, "true" and "false" and four words more, which
 * *truth becomes then. */
bool yaml_reader_parse_truth(bool *truth, const char *text);

/* The number of entries of a list, or 0 after reporting that the value of key is no list or has no entries.
 */
size_t yaml_reader_read_list(struct yaml_reader *reader, yaml_node_t *node, const char *key);

/* True for a list without entries. */
bool yaml_reader_is_empty_list(const yaml_node_t *node);

/* The entry of a list that yaml_reader_read_list() has accepted. */
yaml_node_t *yaml_reader_list_entry(struct yaml_reader *reader, yaml_node_t *list, size_t index);

#endif
