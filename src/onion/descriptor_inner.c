/* Reads the plaintext of a descriptor's innermost layer: what the service can, and its introduction points.
 */
#include "descriptor_inner.h"

#include <string.h>

#include "base/memory.h"
#include "descriptor_examine.h"
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

/* Which check is about what an item says. */
static const enum descriptor_check inner_checks[INNER_ITEMS] = {
    [ITEM_CREATE2_FORMATS] = CHECK_HANDSHAKE,       [ITEM_INTRO_AUTH_REQUIRED] = CHECK_INNER_FORM,
    [ITEM_SINGLE_ONION_SERVICE] = CHECK_INNER_FORM, [ITEM_FLOW_CONTROL] = CHECK_FLOW_CONTROL,
    [ITEM_POW_PARAMS] = CHECK_PROOF_OF_WORK,
};

/* The layer while it is read. */
struct inner_decoding {
    struct descriptor *descriptor;
    struct descriptor_examination *examination; /* NULL: it is not examined */
    int64_t wall_now;
    struct verified_signatures *verified;
    struct item_checker checker;
    struct document_reader reader;
};

/* Notes how a check went, where it is examined. Returns the result as it is. */
static int judge(const struct inner_decoding *decoding, enum descriptor_check check, int result,
                 const struct error *error)
{
    if (decoding->examination == NULL)
        return result;
    return check_result_note(&decoding->examination->checks[check], result, error);
}

/* Whether reading ends with a check that came out like this; an examination goes on with the next. */
static bool is_end(const struct inner_decoding *decoding, int result)
{
    return result != 0 && decoding->examination == NULL;
}

/* Handshakes are numbers; clients need ntor, which is 2 (tor-spec, "CREATE and CREATED cells"). */
static int check_create2_formats(const struct document_item *item, struct error *error)
{
    for (size_t i = 0; i < item->argument_count; i++) {
        if (text_equals(item->arguments[i], "2"))
            return 0;
    }
    return error_set(error, "\"create2-formats\" does not include ntor (2)");
}

/* Clients look at the first type alone, and at how it begins. */
static int check_intro_auth(const struct document_item *item, struct error *error)
{
    if (!text_begins_with(item->arguments[0], "ed25519"))
        return error_set(error, "\"intro-auth-required\" names a type that clients don't know");
    return 0;
}

static int keep_unknown_line(struct descriptor *descriptor, struct text line, struct error *error)
{
    if (line.length > UNKNOWN_LINE_LENGTH_MAX ||
        descriptor->unknown_line_count == DESCRIPTOR_UNKNOWN_LINES_MAX)
        return error_set_stricter(
            error, "the inner layer has an unknown line of %zu bytes, or too many of them", line.length);
    descriptor->unknown_lines[descriptor->unknown_line_count++] = memory_copy_text(line.start, line.length);
    return 0;
}

/* Takes over what one item from before the introduction points says. */
static int take_item(struct descriptor *descriptor, int rule, const struct document_item *item,
                     struct error *error)
{
    switch (rule) {
    case ITEM_CREATE2_FORMATS:
        return check_create2_formats(item, error);
    case ITEM_INTRO_AUTH_REQUIRED:
        descriptor->requires_intro_auth = true;
        return check_intro_auth(item, error);
    case ITEM_SINGLE_ONION_SERVICE:
        descriptor->is_single_onion_service = true;
        return 0;
    case ITEM_FLOW_CONTROL:
        return flow_control_parse(&descriptor->flow_control, item->arguments[0], item->arguments[1], error);
    case ITEM_POW_PARAMS:
        return pow_params_take(&descriptor->pow_params, item, error);
    default:
        return keep_unknown_line(descriptor, item->line, error);
    }
}

/* Checks one item and takes it over. */
static int decode_item(struct inner_decoding *decoding, const struct document_item *item, struct error *error)
{
    const int rule = item_checker_take(&decoding->checker, item, error);
    if (rule < 0)
        return judge(decoding, CHECK_INNER_FORM, rule, error);
    const enum descriptor_check check = rule == ITEM_UNKNOWN ? CHECK_INNER_FORM : inner_checks[rule];
    return judge(decoding, check, take_item(decoding->descriptor, rule, item, error), error);
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
static int decode_points(const struct inner_decoding *decoding, struct document_reader *reader,
                         struct document_item *item, struct error *error)
{
    struct introduction_point points[INTRODUCTION_POINTS_MAX];
    struct document_item next;
    size_t count = 0;
    int has_next;
    do {
        if (count == INTRODUCTION_POINTS_MAX)
            return error_set(error, "it has more than %d introduction points", INTRODUCTION_POINTS_MAX);
        has_next =
            introduction_point_decode(&points[count], reader, item, &next, decoding->descriptor->signing_key,
                                      decoding->wall_now, decoding->verified, NULL, error);
        if (has_next < 0)
            return error_add_context(error, "introduction point %zu", count + 1);
        if (check_no_duplicate(points, count, error) != 0)
            return -1;
        count++;
        if (has_next)
            *item = next;
    } while (has_next);
    keep_points(decoding->descriptor, points, count);
    return 0;
}

/* Examines all introduction points; item is the first one's first item. Those beyond what a descriptor may
 * have are counted. */
static void examine_points(const struct inner_decoding *decoding, struct document_reader *reader,
                           struct document_item *item, struct error *error)
{
    struct descriptor_examination *examination = decoding->examination;
    struct document_item next;
    int has_next;
    do {
        struct examined_point *point = examine_next_point(examination);
        has_next =
            introduction_point_decode(&point->point, reader, item, &next, decoding->descriptor->signing_key,
                                      decoding->wall_now, NULL, point, error);
        examine_point_end(examination);
        if (has_next)
            *item = next;
    } while (has_next);
}

/* Reads what is before the introduction points, up to the first one's first item. Returns 1 when item is
 * that, 0 when there is none, or -1. */
static int decode_features(struct inner_decoding *decoding, struct document_item *item, struct error *error)
{
    int has_item;
    while ((has_item = document_reader_next(&decoding->reader, item, error)) != 0) {
        if (has_item > 0 && text_equals(item->keyword, "introduction-point"))
            break;
        int result = has_item < 0 ? judge(decoding, CHECK_INNER_FORM,
                                          error_add_context(error, "the inner layer"), error)
                                  : decode_item(decoding, item, error);
        if (is_end(decoding, result))
            return -1;
    }
    const int result = item_checker_finish(&decoding->checker, error);
    return is_end(decoding, judge(decoding, CHECK_INNER_FORM, result, error)) ? -1 : has_item;
}

int descriptor_decode_inner(struct descriptor *descriptor, const char *text, size_t length, int64_t wall_now,
                            struct verified_signatures *verified, struct descriptor_examination *examination,
                            struct error *error)
{
    struct inner_decoding decoding = {
        .descriptor = descriptor, .examination = examination, .wall_now = wall_now, .verified = verified};
    struct document_item item;
    item_checker_init(&decoding.checker, "the inner layer", inner_rules, INNER_ITEMS, false);
    document_reader_init(&decoding.reader, text, length);
    const int has_point = decode_features(&decoding, &item, error);
    if (has_point < 0)
        return -1;
    if (examination == NULL)
        return has_point ? decode_points(&decoding, &decoding.reader, &item, error) : 0;
    if (has_point)
        examine_points(&decoding, &decoding.reader, &item, error);
    examine_points_end(examination);
    return 0;
}
