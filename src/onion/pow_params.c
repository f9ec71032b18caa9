/* Reads and writes pow-params lines. */
#include "onion/pow_params.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base64.h"

/* The line's arguments: type, seed, suggested effort, expiration time. */
#define ARGUMENTS 4

static struct text without_first(struct text text)
{
    return (struct text){text.start + 1, text.length - 1};
}

/* Clients take a number with a plus sign and with leading zeros, though nobody writes such. What tor's make
 * of a minus sign depends on how long its integers are: nothing is read into that. */
static int parse_effort(uint32_t *effort, struct text text)
{
    uint64_t number;
    if (text_begins_with(text, "+"))
        text = without_first(text);
    while (text.length > 1 && text.start[0] == '0')
        text = without_first(text);
    if (text_parse_uint64(text, UINT32_MAX, &number) != 0)
        return -1;
    *effort = (uint32_t)number;
    return 0;
}

bool pow_params_equal(const struct pow_params *one, const struct pow_params *other)
{
    if (!one->is_present || !other->is_present)
        return one->is_present == other->is_present;
    return memcmp(one->seed, other->seed, POW_SEED_SIZE) == 0 &&
           one->suggested_effort == other->suggested_effort && one->expires_at == other->expires_at;
}

int pow_params_take(struct pow_params *pow_params, const struct document_item *item, struct error *error)
{
    struct pow_params taken = {.is_present = true};
    if (!text_equals(item->arguments[0], "v1"))
        return 0;
    if (pow_params->is_present)
        return error_set(error, "\"pow-params v1\" is there twice");
    if (item->argument_count < ARGUMENTS)
        return error_set(error, "\"pow-params v1\" has only %zu of %d arguments", item->argument_count,
                         ARGUMENTS);
    if (text_decode_base64_exact(item->arguments[1], taken.seed, sizeof(taken.seed)) != 0)
        return error_set(error, "the seed of \"pow-params v1\" is not base64 of %d bytes", POW_SEED_SIZE);
    if (parse_effort(&taken.suggested_effort, item->arguments[2]) != 0)
        return error_set(error, "the suggested effort of \"pow-params v1\" is no number from 0 to %" PRIu32,
                         UINT32_MAX);
    if (calendar_parse_stamp(item->arguments[3], &taken.expires_at) != 0)
        return error_set(error, "the expiration time of \"pow-params v1\" is not of the form "
                                "YYYY-MM-DDTHH:MM:SS");
    *pow_params = taken;
    return 0;
}

int pow_params_format(char line[POW_PARAMS_LINE_SIZE], const struct pow_params *pow_params)
{
    char seed[BASE64_PADDED_LENGTH(POW_SEED_SIZE)], expiration_time[CALENDAR_TEXT_SIZE];
    int64_t readable;
    memset(seed, '=', sizeof(seed));
    base64_encode(seed, pow_params->seed, sizeof(pow_params->seed));
    if (calendar_format_stamp(expiration_time, pow_params->expires_at) != 0 ||
        calendar_parse_stamp(text_from_string(expiration_time), &readable) != 0)
        return -1;
    snprintf(line, POW_PARAMS_LINE_SIZE, "pow-params v1 %.*s %" PRIu32 " %s\n", (int)sizeof(seed), seed,
             pow_params->suggested_effort, expiration_time);
    return 0;
}
