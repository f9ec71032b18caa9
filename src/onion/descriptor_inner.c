/* Reads the plaintext of a descriptor's innermost layer: what the service can, and its introduction points.
 */
#include "descriptor_inner.h"

#include <string.h>

#include "base/memory.h"
#include "flow_control.h"
#include "item_rules.h"

enum inner_item {
    ITEM_CREATE2_FORMATS,
    ITEM_INTRO_AUTH_REQUIRED,
    ITEM_SINGLE_ONION_SERVICE,
    ITEM_FLOW_CONTROL,
    ITEM_POW_PARAMS,
    INNER_ITEMS,
};

static const struct item_rule inner_rules[INNER_ITEMS] = {
    [ITEM_CREATE2_FORMATS] = {"create2-formats", 1, 0, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_INTRO_AUTH_REQUIRED] = {"intro-auth-required", 1, 0, ITEM_OBJECT_NEVER, NULL, false, false},
    [ITEM_SINGLE_ONION_SERVICE] = {"single-onion-service", 0, 0, ITEM_OBJECT_NEVER, NULL, false, false},
    [ITEM_FLOW_CONTROL] = {"flow-control", 2, 0, ITEM_OBJECT_NEVER, NULL, false, false},
    [ITEM_POW_PARAMS] = {"pow-params", 1, 0, ITEM_OBJECT_NEVER, NULL, false, true},
};

/* Handshakes are numbers; clients need ntor, which is 2 (tor-spec, "CREATE and CREATED cells"). */
static int check_create2_formats(const struct document_item *item, struct error *error)
{
    for (size_t i = 0; i < item->argument_count; i++) {
        if (text_equals(item->arguments[i], "2"))
            return 0;
    }
    return error_set(error, "\"create2-formats\" does not include ntor (2)");
}

static int keep_unknown_line(struct descriptor *descriptor, struct text line, struct error *error)
{
    if (line.length > UNKNOWN_LINE_LENGTH_MAX ||
        descriptor->unknown_line_count == DESCRIPTOR_UNKNOWN_LINES_MAX)
        return error_set(error, "the inner layer has an unknown line of %zu bytes, or too many of them",
                         line.length);
    descriptor->unknown_lines[descriptor->unknown_line_count++] = memory_copy_text(line.start, line.length);
    return 0;
}

/* Takes over one item from before the introduction points. */
static int decode_item(struct descriptor *descriptor, struct item_checker *checker,
                       const struct document_item *item, struct error *error)
{
    switch (item_checker_take(checker, item, error)) {
    case ITEM_CREATE2_FORMATS:
        return check_create2_formats(item, error);
    case ITEM_INTRO_AUTH_REQUIRED:
        descriptor->requires_intro_auth = true;
        return 0;
    case ITEM_SINGLE_ONION_SERVICE:
        descriptor->is_single_onion_service = true;
        return 0;
    case ITEM_FLOW_CONTROL:
        return flow_control_parse(&descriptor->flow_control, item->arguments[0], item->arguments[1], error);
    case ITEM_POW_PARAMS:
        return pow_params_take(&descriptor->pow_params, item, error);
    case ITEM_UNKNOWN:
        return keep_unknown_line(descriptor, item->line, error);
    default:
        return -1;
    }
}

/* Checks that the point behind count others is not one of them. */
static int check_no_duplicate(const struct introduction_point *points, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (introduction_point_equals(&points[i], &points[count]))
            return error_set(error, "introduction point %zu is the same as introduction point %zu", count + 1,
                             i + 1);
    }
    return 0;
}

static void keep_points(struct descriptor *descriptor, const struct introduction_point *points, size_t count)
{
    descriptor->points = memory_allocate(count, sizeof(*points));
    memcpy(descriptor->points, points, count * sizeof(*points));
    descriptor->point_count = count;
}

/* Reads all introduction points; item is the first one's first item. */
static int decode_points(struct descriptor *descriptor, struct document_reader *reader,
                         struct document_item *item, int64_t wall_now, struct verified_signatures *verified,
                         struct error *error)
{
    struct introduction_point points[INTRODUCTION_POINTS_MAX];
    struct document_item next;
    size_t count = 0;
    int has_next;
    do {
        if (count == INTRODUCTION_POINTS_MAX)
            return error_set(error, "it has more than %d introduction points", INTRODUCTION_POINTS_MAX);
        has_next = introduction_point_decode(&points[count], reader, item, &next, descriptor->signing_key,
                                             wall_now, verified, error);
        if (has_next < 0)
            return error_add_context(error, "introduction point %zu", count + 1);
        if (check_no_duplicate(points, count, error) != 0)
            return -1;
        count++;
        if (has_next)
            *item = next;
    } while (has_next);
    keep_points(descriptor, points, count);
    return 0;
}

int descriptor_decode_inner(struct descriptor *descriptor, const char *text, size_t length, int64_t wall_now,
                            struct verified_signatures *verified, struct error *error)
{
    struct item_checker checker;
    struct document_reader reader;
    struct document_item item;
    item_checker_init(&checker, "the inner layer", inner_rules, INNER_ITEMS, false);
    document_reader_init(&reader, text, length);
    int has_item;
    while ((has_item = document_reader_next(&reader, &item, error)) == 1) {
        if (text_equals(item.keyword, "introduction-point"))
            break;
        if (decode_item(descriptor, &checker, &item, error) != 0)
            return -1;
    }
    if (has_item < 0)
        return error_add_context(error, "the inner layer");
    if (item_checker_finish(&checker, error) != 0)
        return -1;
    return has_item ? decode_points(descriptor, &reader, &item, wall_now, verified, error) : 0;
}
