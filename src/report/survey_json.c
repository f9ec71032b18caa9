/* What the HSDirs of an onion service hand out, as JSON. */
#include "base/hex.h"
#include "report/status_value.h"
#include "report/survey_groups.h"
#include "report/survey_report.h"

static json_t *make_group(size_t number)
{
    return number != SURVEY_NO_GROUP ? json_integer((json_int_t)number + 1) : json_null();
}

static json_t *make_hsdir(const struct survey_report *report, const struct survey_groups *groups,
                          size_t number)
{
    static const char *const findings[] = {
        [SURVEY_NOT_ASKED] = "not asked", [SURVEY_NO_ANSWER] = "no answer", [SURVEY_NONE] = "none",
        [SURVEY_BROKEN] = "broken",       [SURVEY_FOUND] = "found",
    };
    const struct surveyed_hsdir *hsdir = &report->hsdirs[number];
    struct inspection inspection = report->inspection;
    char fingerprint[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
    json_t *object = json_object();
    hex_encode_upper(fingerprint, hsdir->fingerprint, RELAY_FINGERPRINT_SIZE);
    json_object_set_new(object, "nickname",
                        status_value_text(inspection.find_name != NULL
                                              ? inspection.find_name(hsdir->fingerprint, inspection.context)
                                              : NULL));
    json_object_set_new(object, "fingerprint", json_string(fingerprint));
    json_object_set_new(object, "slot", json_string(survey_slot_name(hsdir->slot)));
    json_object_set_new(object, "isAskedByClients", json_boolean(hsdir->is_asked));
    json_object_set_new(object, "finding", json_string(findings[hsdir->finding]));
    json_object_set_new(object, "reason", status_value_text(hsdir->reason));
    json_object_set_new(object, "maker", make_group(groups->makers[number]));
    json_object_set_new(object, "set", make_group(groups->sets[number]));
    inspection.examination = hsdir->examination;
    const bool has_counter = hsdir->examination != NULL &&
                             hsdir->examination->checks[CHECK_REVISION_COUNTER].outcome == CHECK_PASSED;
    json_object_set_new(object, "isOlderThanOthers",
                        has_counter ? json_boolean(survey_report_is_outdone(report, number)) : json_null());
    json_object_set_new(object, "descriptor",
                        hsdir->examination != NULL ? inspection_make_json(&inspection) : json_null());
    return object;
}

json_t *survey_report_make_json(const struct survey_report *report)
{
    struct survey_groups groups;
    json_t *object = json_object(), *hsdirs = json_array();
    survey_groups_find(&groups, report);
    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(hsdirs, make_hsdir(report, &groups, i));
    survey_groups_clear(&groups);
    json_object_set_new(object, "address", status_value_address(report->inspection.identity_key));
    json_object_set_new(object, "clientSlot",
                        json_string(survey_slot_name(report->inspection.network->client_slot)));
    json_object_set_new(object, "hsdirs", hsdirs);
    return object;
}
