/* Reads a YAML file into libyaml's tree, within limits. */
#ifndef OBPUB_CONFIG_YAML_FILE_H
#define OBPUB_CONFIG_YAML_FILE_H

#include <stddef.h>

#include <yaml.h>

#include "config/config_report.h"

#define YAML_FILE_SIZE_MAX ((size_t)4 * 1024 * 1024)

/* Reads the file at path: a plain file of at most YAML_FILE_SIZE_MAX bytes. Returns its *length bytes, to be
 * released with free(), or NULL with an error in the report. */
unsigned char *yaml_file_read(const char *path, size_t *length, struct config_report *report);

/* Parses length bytes of UTF-8 with one document; path is the file's as messages name it. Returns 0 with a
 * document, which has a root node, to be released with yaml_document_delete(); or -1 with an error in the
 * report and nothing to release. */
int yaml_file_parse(yaml_document_t *document, const char *path, const unsigned char *bytes, size_t length,
                    struct config_report *report);

#endif
