/* Reads a YAML file whose mappings have known keys, and reports every mistake with its line. */
#include "config/yaml_reader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/closest_word.h"
#include "obpub/memory.h"

/* Letters of a mistaken key that are quoted. */
#define QUOTE_LENGTH_MAX 40
/* Lists and mappings within each other; a config has five. */
#define DEPTH_MAX 32

/* Reads an open file as a whole. Returns its bytes, to be released with free(), or NULL after an error. */
static unsigned char *read_descriptor(const struct yaml_reader *reader, int descriptor, size_t *length)
{
    struct stat status;
    const char *complaint = NULL;
    if (fstat(descriptor, &status) != 0)
        complaint = "it can't be looked at";
    else if (S_ISDIR(status.st_mode))
        complaint = "is a folder: name the config file in it";
    else if (!S_ISREG(status.st_mode))
        complaint = "is not a plain file: name the config file";
    else if (status.st_size < 0 || (size_t)status.st_size > YAML_FILE_SIZE_MAX)
        complaint = "is too long to be a config file (more than 4 MiB)";
    if (complaint != NULL) {
        config_report_add_error(reader->report, reader->path, 0, "%s", complaint);
        return NULL;
    }
    if ((status.st_mode & S_IWOTH) != 0)
        config_report_add_warning(
            reader->report, reader->path, 0,
            "anybody may change this file, and so decide which backends get the visitors: chmod "
            "o-w it");
    size_t size = (size_t)status.st_size;
    unsigned char *bytes = memory_allocate(size + 1, 1);
    *length = 0;
    while (*length < size) {
        ssize_t got = read(descriptor, bytes + *length, size - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            config_report_add_error(reader->report, reader->path, 0, "it can't be read (%s)",
                                    strerror(errno));
            free(bytes);
            return NULL;
        }
        if (got == 0)
            break;
        *length += (size_t)got;
    }
    return bytes;
}

static unsigned char *read_file(const struct yaml_reader *reader, size_t *length)
{
    int descriptor = open(reader->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) {
        if (errno == ENOENT)
            config_report_add_error(reader->report, reader->path, 0,
                                    "there is no such file: name the config file with -c FILE");
        else
            config_report_add_error(reader->report, reader->path, 0, "it can't be opened (%s)",
                                    strerror(errno));
        return NULL;
    }
    unsigned char *bytes = read_descriptor(reader, descriptor, length);
    close(descriptor);
    return bytes;
}

static int report_no_memory(const struct yaml_reader *reader)
{
    config_report_add_error(reader->report, reader->path, 0, "there is not enough memory to parse it");
    return -1;
}

/* The line of a byte of the file, from 1. */
static size_t count_lines(const unsigned char *bytes, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += bytes[i] == '\n' ? 1 : 0;
    return line;
}

/* Reports what libyaml did not like. */
static void report_parser_error(const struct yaml_reader *reader, const yaml_parser_t *parser,
                                const unsigned char *bytes, size_t length)
{
    const char *problem = parser->problem != NULL ? parser->problem : "it can't be parsed";
    size_t line = parser->problem_mark.line + 1;
    const char *advice = "look at this line's indentation (spaces, never tabs), colons and quotes";
    if (parser->error == YAML_READER_ERROR) {
        line = count_lines(bytes, parser->problem_offset < length ? parser->problem_offset : length);
        advice = "a config file is UTF-8 text without control characters";
    }
    config_report_add_error(reader->report, reader->path, line, "not valid YAML: %s%s%s; %s", problem,
                            parser->context != NULL ? " " : "",
                            parser->context != NULL ? parser->context : "", advice);
}

/* Parses the bytes once without keeping anything, only to see how deep they go: libyaml's time grows with the
 * square of the depth. */
static int check_depth(const struct yaml_reader *reader, const unsigned char *bytes, size_t length)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0)
        return report_no_memory(reader);
    yaml_parser_set_input_string(&parser, bytes, length);
    int depth = 0;
    bool is_at_end = false;
    while (!is_at_end && depth <= DEPTH_MAX) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            report_parser_error(reader, &parser, bytes, length);
            yaml_parser_delete(&parser);
            return -1;
        }
        if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
            depth++;
        else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
            depth--;
        is_at_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    if (depth > DEPTH_MAX)
        config_report_add_error(reader->report, reader->path, parser.mark.line + 1,
                                "lists and mappings are nested more than %d deep: no config needs that",
                                DEPTH_MAX);
    yaml_parser_delete(&parser);
    return depth > DEPTH_MAX ? -1 : 0;
}

/* Checks that nothing follows the first document. */
static int check_end(const struct yaml_reader *reader, yaml_parser_t *parser, const unsigned char *bytes,
                     size_t length)
{
    yaml_document_t second;
    if (yaml_parser_load(parser, &second) == 0) {
        report_parser_error(reader, parser, bytes, length);
        return -1;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    if (root != NULL)
        config_report_add_error(
            reader->report, reader->path, yaml_reader_line(root),
            "a second YAML document begins here: keep all in one, without a \"---\" between");
    yaml_document_delete(&second);
    return root == NULL ? 0 : -1;
}

/* Parses the bytes into the reader's document. */
static int parse_document(struct yaml_reader *reader, const unsigned char *bytes, size_t length)
{
    if (check_depth(reader, bytes, length) != 0)
        return -1;
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0)
        return report_no_memory(reader);
    yaml_parser_set_input_string(&parser, bytes, length);
    int result = -1;
    if (yaml_parser_load(&parser, &reader->document) == 0) {
        report_parser_error(reader, &parser, bytes, length);
    } else {
        if (yaml_reader_root(reader) == NULL)
            config_report_add_error(
                reader->report, reader->path, 0,
                "is empty: it needs \"services:\" with at least one service (see obpub.yaml(5))");
        else
            result = check_end(reader, &parser, bytes, length);
        if (result != 0)
            yaml_document_delete(&reader->document);
    }
    yaml_parser_delete(&parser);
    return result;
}

int yaml_reader_load(struct yaml_reader *reader, const char *path, struct config_report *report)
{
    *reader = (struct yaml_reader){.path = path, .report = report};
    size_t length = 0;
    unsigned char *bytes = read_file(reader, &length);
    if (bytes == NULL)
        return -1;
    int result = parse_document(reader, bytes, length);
    free(bytes);
    return result;
}

void yaml_reader_clear(struct yaml_reader *reader)
{
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

static bool names_are_alike(const char *one, const char *other)
{
    for (; *one != '\0' && *other != '\0'; one++, other++) {
        char left = *one == '_' ? '-' : (char)tolower((unsigned char)*one);
        char right = *other == '_' ? '-' : (char)tolower((unsigned char)*other);
        if (left != right)
            return false;
    }
    return *one == *other;
}

/* Warns when a key is a retired one. Returns false when it is not. */
static bool warn_retired(const struct yaml_reader *reader, const struct yaml_mapping *mapping,
                         const char *name, size_t line)
{
    for (size_t i = 0; i < mapping->retired_count; i++) {
        if (!names_are_alike(name, mapping->retired[i].name))
            continue;
        config_report_add_warning(reader->report, reader->path, line, "\"%s\" does nothing here: %s", name,
                                  mapping->retired[i].advice);
        return true;
    }
    return false;
}

/* Reports a key that no mapping of this kind has, and which one was probably meant. */
static void report_unknown(const struct yaml_reader *reader, const struct yaml_mapping *mapping,
                           const char *name, size_t line)
{
    const char *names[YAML_KEYS_MAX];
    for (size_t i = 0; i < mapping->key_count; i++)
        names[i] = mapping->keys[i].name;
    size_t closest = closest_word_find(name, names, mapping->key_count);
    if (closest < mapping->key_count)
        config_report_add_error(reader->report, reader->path, line,
                                "%s has no key \"%.*s\": write \"%s\" if that is meant", mapping->what,
                                QUOTE_LENGTH_MAX, name, names[closest]);
    else
        config_report_add_error(reader->report, reader->path, line,
                                "%s has no key \"%.*s\": remove it (obpub.yaml(5) has all keys)",
                                mapping->what, QUOTE_LENGTH_MAX, name);
}

/* Files one key and its value under the mapping's keys. lines has where each key was seen first, or 0. */
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
    for (size_t i = 0; i < mapping->key_count; i++) {
        if (strcmp(name, mapping->keys[i].name) != 0)
            continue;
        if (lines[i] != 0)
            config_report_add_error(reader->report, reader->path, line,
                                    "\"%s\" is there twice, first on line %zu: remove one of them", name,
                                    lines[i]);
        else
            values[i] = is_null(value) ? NULL : value;
        lines[i] = lines[i] != 0 ? lines[i] : line;
        return;
    }
    if (!warn_retired(reader, mapping, name, line))
        report_unknown(reader, mapping, name, line);
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
                                mapping->keys[0].name);
        return;
    }
    size_t lines[YAML_KEYS_MAX] = {0};
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++)
        read_pair(reader, mapping, pair, values, lines);
    for (size_t i = 0; i < mapping->key_count; i++) {
        if (!mapping->keys[i].is_required || values[i] != NULL)
            continue;
        if (lines[i] != 0)
            config_report_add_error(reader->report, reader->path, lines[i],
                                    "\"%s\" has no value: give it one", mapping->keys[i].name);
        else
            config_report_add_error(reader->report, reader->path, line,
                                    "%s needs \"%s:\", which is missing: add it", mapping->what,
                                    mapping->keys[i].name);
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

yaml_node_t *yaml_reader_list_entry(struct yaml_reader *reader, yaml_node_t *list, size_t index)
{
    return yaml_document_get_node(&reader->document, list->data.sequence.items.start[index]);
}
