/* Reads a YAML file into libyaml's tree, within limits. */
#include "config/yaml_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/plain_file.h"

/* Lists and mappings within each other; a config has five. */
#define DEPTH_MAX 32
#define ANCHORS_MAX 1000
#define DIRECTIVES_MAX 100

/* The file that is being read, and where to complain. */
struct yaml_file {
    const char *path;
    struct config_report *report;
};

/* Reads an open file as a whole. Returns its bytes, to be released with free(), or NULL after an error. */
static unsigned char *read_open_file(const struct yaml_file *file, const struct plain_file *plain,
                                     size_t *length)
{
    if (plain->status.st_size < 0 || (size_t)plain->status.st_size > YAML_FILE_SIZE_MAX) {
        config_report_add_error(file->report, file->path, 0,
                                "is too long to be a config file (more than 4 MiB)");
        return NULL;
    }
    if ((plain->status.st_mode & S_IWOTH) != 0)
        config_report_add_warning(
            file->report, file->path, 0,
            "anybody may change this file, and so decide which backends get the visitors: chmod "
            "o-w it");
    size_t size = (size_t)plain->status.st_size;
    unsigned char *bytes = memory_allocate(size + 1, 1);
    ssize_t got = plain_file_read(plain, bytes, size);
    if (got >= 0) {
        *length = (size_t)got;
        return bytes;
    }
    config_report_add_error(file->report, file->path, 0, "it can't be read (%s)", strerror(errno));
    free(bytes);
    return NULL;
}

/* Says why the file can't be used. */
static void report_fault(const struct yaml_file *file, enum plain_file_fault fault, int error_number)
{
    switch (fault) {
    case PLAIN_FILE_MISSING:
        config_report_add_error(file->report, file->path, 0,
                                "there is no such file: name the config file with -c FILE");
        break;
    case PLAIN_FILE_FOLDER:
        config_report_add_error(file->report, file->path, 0, "is a folder: name the config file in it");
        break;
    case PLAIN_FILE_NOT_PLAIN:
        config_report_add_error(file->report, file->path, 0, "is not a plain file: name the config file");
        break;
    case PLAIN_FILE_FORBIDDEN:
        config_report_add_error(
            file->report, file->path, 0,
            "this user (uid %u) may not open it: run this as a user who may, or let this one read "
            "it",
            (unsigned)geteuid());
        break;
    default:
        config_report_add_error(file->report, file->path, 0, "it can't be opened (%s)",
                                strerror(error_number));
    }
}

static unsigned char *read_file(const struct yaml_file *file, size_t *length)
{
    struct plain_file plain;
    enum plain_file_fault fault = plain_file_open(&plain, file->path, NULL);
    if (fault != PLAIN_FILE_GOOD) {
        report_fault(file, fault, plain.error_number);
        return NULL;
    }
    unsigned char *bytes = read_open_file(file, &plain, length);
    plain_file_close(&plain);
    return bytes;
}

static int report_no_memory(const struct yaml_file *file)
{
    config_report_add_error(file->report, file->path, 0, "there is not enough memory to parse it");
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
static void report_parser_error(const struct yaml_file *file, const yaml_parser_t *parser,
                                const unsigned char *bytes, size_t length)
{
    const char *problem = parser->problem != NULL ? parser->problem : "it can't be parsed";
    size_t line = parser->problem_mark.line + 1;
    const char *advice = "look at this line's indentation (spaces, never tabs), colons and quotes";
    if (parser->error == YAML_READER_ERROR) {
        line = count_lines(bytes, parser->problem_offset < length ? parser->problem_offset : length);
        advice = "a config file is UTF-8 text without control characters";
    }
    config_report_add_error(file->report, file->path, line, "not valid YAML: %s%s%s; %s", problem,
                            parser->context != NULL ? " " : "",
                            parser->context != NULL ? parser->context : "", advice);
}

static bool event_has_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL;
    default:
        return false;
    }
}

/* How much a file asks of libyaml, whose time grows with the square of either. */
struct yaml_shape {
    int depth, anchors;
};

static bool shape_is_too_much(const struct yaml_shape *shape)
{
    return shape->depth > DEPTH_MAX || shape->anchors > ANCHORS_MAX;
}

/* Parses event by event, keeping none, until the end or until it is too much. Returns -1 where it is no YAML.
 */
static int measure_shape(yaml_parser_t *parser, struct yaml_shape *shape)
{
    bool is_at_end = false;
    while (!is_at_end && !shape_is_too_much(shape)) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) == 0)
            return -1;
        if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
            shape->depth++;
        else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
            shape->depth--;
        shape->anchors += event_has_anchor(&event) ? 1 : 0;
        is_at_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return 0;
}

/* True for the last byte of what YAML takes for a line break in UTF-8: CR, LF, NEL, U+2028 and U+2029. */
static bool may_end_line(unsigned char byte)
{
    return byte == '\n' || byte == '\r' || byte == 0x85 || byte == 0xa8 || byte == 0xa9;
}

/* Checks that there are not many directives ("%TAG ..."), before libyaml compares each with all others. */
static int check_directives(const struct yaml_file *file, const unsigned char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '%' && (i == 0 || may_end_line(bytes[i - 1])))
            count++;
    }
    if (count <= DIRECTIVES_MAX)
        return 0;
    config_report_add_error(file->report, file->path, 0,
                            "more than %d lines begin with \"%%\": no config needs that", DIRECTIVES_MAX);
    return -1;
}

/* Checks that no line begins with a no-break space (U+00A0), as is copied from web pages: YAML takes that for
 * a letter of a key's name, and nobody sees the difference. */
static int check_indentation(const struct yaml_file *file, const unsigned char *bytes, size_t length)
{
    bool is_indentation = true;
    for (size_t i = 0; i + 1 < length; i++) {
        if (is_indentation && bytes[i] == 0xc2 && bytes[i + 1] == 0xa0) {
            config_report_add_error(
                file->report, file->path, count_lines(bytes, i),
                "a no-break space stands before what this line says, as copied from a web "
                "page: type blanks in its place");
            return -1;
        }
        is_indentation =
            bytes[i] == '\n' || bytes[i] == '\r' || (is_indentation && (bytes[i] == ' ' || bytes[i] == '-'));
    }
    return 0;
}

/* Prepares for parsing the bytes, which are UTF-8 and nothing else: what was counted in them was. */
static int begin_parser(const struct yaml_file *file, yaml_parser_t *parser, const unsigned char *bytes,
                        size_t length)
{
    if (yaml_parser_initialize(parser) == 0)
        return report_no_memory(file);
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, bytes, length);
    return 0;
}

/* Goes over the bytes once to see that they can be parsed in reasonable time. */
static int check_shape(const struct yaml_file *file, const unsigned char *bytes, size_t length)
{
    yaml_parser_t parser;
    if (check_directives(file, bytes, length) != 0 || begin_parser(file, &parser, bytes, length) != 0)
        return -1;
    struct yaml_shape shape = {0};
    int result = measure_shape(&parser, &shape);
    if (result != 0)
        report_parser_error(file, &parser, bytes, length);
    else if (shape.depth > DEPTH_MAX)
        config_report_add_error(file->report, file->path, parser.mark.line + 1,
                                "lists and mappings are nested more than %d deep: no config needs that",
                                DEPTH_MAX);
    else if (shape.anchors > ANCHORS_MAX)
        config_report_add_error(file->report, file->path, parser.mark.line + 1,
                                "there are more than %d anchors (\"&name\"): write the entries out",
                                ANCHORS_MAX);
    yaml_parser_delete(&parser);
    return result == 0 && !shape_is_too_much(&shape) ? 0 : -1;
}

/* Checks that nothing follows the first document. */
static int check_end(const struct yaml_file *file, yaml_parser_t *parser, const unsigned char *bytes,
                     size_t length)
{
    yaml_document_t second;
    if (yaml_parser_load(parser, &second) == 0) {
        report_parser_error(file, parser, bytes, length);
        return -1;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    if (root != NULL)
        config_report_add_error(
            file->report, file->path, root->start_mark.line + 1,
            "a second YAML document begins here: keep all in one, without a \"---\" between");
    yaml_document_delete(&second);
    return root == NULL ? 0 : -1;
}

/* Parses the bytes into a document. */
static int parse_document(const struct yaml_file *file, yaml_document_t *document, const unsigned char *bytes,
                          size_t length)
{
    if (check_indentation(file, bytes, length) != 0 || check_shape(file, bytes, length) != 0)
        return -1;
    yaml_parser_t parser;
    if (begin_parser(file, &parser, bytes, length) != 0)
        return -1;
    int result = -1;
    if (yaml_parser_load(&parser, document) == 0) {
        report_parser_error(file, &parser, bytes, length);
    } else {
        if (yaml_document_get_root_node(document) == NULL)
            config_report_add_error(
                file->report, file->path, 0,
                "is empty: it needs \"services:\" with at least one service (see obpub.yaml(5))");
        else
            result = check_end(file, &parser, bytes, length);
        if (result != 0)
            yaml_document_delete(document);
    }
    yaml_parser_delete(&parser);
    return result;
}

unsigned char *yaml_file_read(const char *path, size_t *length, struct config_report *report)
{
    const struct yaml_file file = {path, report};
    return read_file(&file, length);
}

int yaml_file_parse(yaml_document_t *document, const char *path, const unsigned char *bytes, size_t length,
                    struct config_report *report)
{
    const struct yaml_file file = {path, report};
    /* The byte order mark that some editors put first, which libyaml takes only where it may guess. */
    size_t mark = length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return parse_document(&file, document, bytes + mark, length - mark);
}
