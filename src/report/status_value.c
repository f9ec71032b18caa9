/* Values as the status has them, for each JSON object that says the same facts. */
#include "report/status_value.h"

#include "base/calendar.h"
#include "onion/onion_address.h"
#include "onion/presigned.h"

json_t *status_value_text(const char *text)
{
    json_t *value = text != NULL && text[0] != '\0' ? json_string(text) : NULL;
    return value != NULL ? value : json_null();
}

json_t *status_value_time(int64_t seconds)
{
    char text[CALENDAR_TEXT_SIZE];
    return calendar_format_second(text, seconds) == 0 ? json_string(text) : json_null();
}

json_t *status_value_address(const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    char address[ONION_ADDRESS_SIZE];
    onion_address_encode(address, identity_key);
    return json_sprintf("%s.onion", address);
}

json_t *status_value_bundle(const struct bundle_plan *plan, const struct time_schedule *schedule,
                            int64_t wall_now)
{
    if (plan == NULL)
        return json_null();
    enum presigned_state state = presigned_judge(plan, schedule, wall_now);
    char text[PRESIGNED_TEXT_SIZE];
    presigned_describe(text, plan, schedule, wall_now);
    json_t *object = json_object();
    json_object_set_new(object, "created", status_value_time(plan->created));
    json_object_set_new(object, "begins", status_value_time(bundle_plan_begin(plan)));
    json_object_set_new(object, "expires", status_value_time(bundle_plan_end(plan)));
    json_object_set_new(object, "state", json_string(presigned_name_state(state)));
    json_object_set_new(object, "error", state == PRESIGNED_GOOD ? json_null() : status_value_text(text));
    return object;
}
