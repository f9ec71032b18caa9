/* A descriptor that was examined, as JSON. */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/hex.h"
#include "onion/version_ranges.h"
#include "report/inspection.h"
#include "report/status_value.h"

#define SECONDS_PER_HOUR 3600
/* Room for an IPv6 address in brackets with its port. */
#define PLACE_SIZE (INET6_ADDRSTRLEN + 16)

static json_t *make_hex(const uint8_t *bytes, size_t size)
{
    char hex[HEX_TEXT_SIZE(ED25519_PUBLIC_KEY_SIZE)];
    hex_encode_upper(hex, bytes, size);
    return json_string(hex);
}

static json_t *make_hour(uint32_t hour)
{
    return status_value_time((int64_t)hour * SECONDS_PER_HOUR);
}

static json_t *make_makers(unsigned makers)
{
    json_t *array = json_array();
    if ((makers & CHECKED_BY_HSDIR) != 0)
        json_array_append_new(array, json_string("hsdir"));
    if ((makers & CHECKED_BY_CLIENT) != 0)
        json_array_append_new(array, json_string("client"));
    json_array_append_new(array, json_string("obpub"));
    return array;
}

static json_t *make_checks(const struct check_result *checks, const struct check_row *rows, size_t count)
{
    static const char *const outcomes[] = {
        [CHECK_NOT_MADE] = "not made", [CHECK_PASSED] = "passed", [CHECK_FAILED] = "failed"};
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *check = json_object();
        json_object_set_new(check, "name", json_string(rows[i].name));
        json_object_set_new(check, "result", json_string(outcomes[checks[i].outcome]));
        json_object_set_new(check, "madeBy", make_makers(rows[i].makers));
        json_object_set_new(check, "failedBy",
                            checks[i].outcome == CHECK_FAILED
                                ? make_makers(check_result_makers(&checks[i], &rows[i]))
                                : json_array());
        json_object_set_new(check, "reason", status_value_text(checks[i].error.text));
        json_object_set_new(check, "failures", json_integer((json_int_t)checks[i].failures));
        json_array_append_new(array, check);
    }
    return array;
}

/* A counter has 64 bits, and JSON's numbers have fewer in many programs. */
static json_t *make_counter(uint64_t counter)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)counter);
    return json_string(text);
}

static json_t *make_lengths(const struct layer_lengths *lengths)
{
    json_t *object = json_object();
    json_object_set_new(object, "encryptedBytes", json_integer((json_int_t)lengths->encrypted));
    json_object_set_new(object, "bytes", json_integer((json_int_t)lengths->plaintext));
    json_object_set_new(object, "paddingBytes",
                        json_integer((json_int_t)(lengths->plaintext - lengths->text)));
    return object;
}

static void add_period(json_t *object, const struct time_schedule *schedule, uint64_t period)
{
    json_object_set_new(object, "timePeriod", json_integer((json_int_t)period));
    if (!time_schedule_is_possible(schedule))
        return;
    json_object_set_new(object, "timePeriodStart", status_value_time(time_period_start(schedule, period)));
    json_object_set_new(object, "timePeriodEnd", status_value_time(time_period_start(schedule, period + 1)));
}

static json_t *make_outer_layer(const struct inspection *inspection)
{
    const struct descriptor_examination *examination = inspection->examination;
    const struct descriptor *descriptor = examination->descriptor;
    struct making making;
    json_t *object = json_object();
    inspection_find_making(inspection, &making);
    if (examination->checks[CHECK_LIFETIME].outcome == CHECK_PASSED)
        json_object_set_new(object, "lifetimeMinutes", json_integer(descriptor->lifetime));
    if (examination->has_certificate) {
        json_object_set_new(object, "blindedKey", make_hex(descriptor->blinded_key, ED25519_PUBLIC_KEY_SIZE));
        json_object_set_new(object, "descriptorSigningKey",
                            make_hex(descriptor->signing_key, ED25519_PUBLIC_KEY_SIZE));
        json_object_set_new(object, "certifiedUntil", make_hour(descriptor->signing_key_expiration_hour));
    }
    if (examination->has_period)
        add_period(object, &inspection->schedule, descriptor->period_number);
    if (examination->checks[CHECK_REVISION_COUNTER].outcome == CHECK_PASSED)
        json_object_set_new(object, "revisionCounter", make_counter(descriptor->revision_counter));
    if (making.is_known)
        json_object_set_new(object, "madeAbout", status_value_time(making.made_at));
    if (making.is_known || making.is_ahead)
        json_object_set_new(object, "isAheadOfClock", json_boolean(making.is_ahead));
    return object;
}

static json_t *make_middle_layer(const struct descriptor_examination *examination)
{
    json_t *object = make_lengths(&examination->middle);
    json_object_set_new(object, "clientLines",
                        json_integer((json_int_t)examination->descriptor->auth_client_count));
    return object;
}

static json_t *make_flow_control(const struct flow_control *flow_control)
{
    char versions[VERSION_RANGES_SIZE];
    if (!flow_control->is_present)
        return json_null();
    json_t *object = json_object();
    version_ranges_format(versions, flow_control->versions);
    json_object_set_new(object, "versions", json_string(versions));
    json_object_set_new(object, "sendmeIncrement", json_integer(flow_control->sendme_inc));
    return object;
}

static json_t *make_pow_params(const struct pow_params *pow_params)
{
    if (!pow_params->is_present)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string("v1"));
    json_object_set_new(object, "seed", make_hex(pow_params->seed, POW_SEED_SIZE));
    json_object_set_new(object, "suggestedEffort", json_integer(pow_params->suggested_effort));
    json_object_set_new(object, "expires", status_value_time(pow_params->expires_at));
    return object;
}

static json_t *make_inner_layer(const struct descriptor_examination *examination)
{
    const struct descriptor *descriptor = examination->descriptor;
    json_t *object = make_lengths(&examination->inner);
    json_t *lines = json_array();
    json_object_set_new(object, "isRestricted", json_boolean(descriptor->is_restricted));
    json_object_set_new(object, "isSingleOnionService", json_boolean(descriptor->is_single_onion_service));
    json_object_set_new(object, "flowControl", make_flow_control(&descriptor->flow_control));
    json_object_set_new(object, "proofOfWork", make_pow_params(&descriptor->pow_params));
    for (size_t i = 0; i < descriptor->unknown_line_count; i++)
        json_array_append_new(lines, status_value_text(descriptor->unknown_lines[i]));
    json_object_set_new(object, "unknownLines", lines);
    json_object_set_new(object, "introPointsNum", json_integer((json_int_t)examination->points_in_all));
    return object;
}

static json_t *make_place(int family, const uint8_t *address, uint16_t port)
{
    char text[INET6_ADDRSTRLEN], place[PLACE_SIZE];
    inet_ntop(family, address, text, sizeof(text));
    snprintf(place, sizeof(place), family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
    return json_string(place);
}

static json_t *make_relay(const struct inspection *inspection, const struct examined_point *examined)
{
    const struct link_specifiers *links = &examined->links;
    const enum point_fault fault = examined->point.fault;
    json_t *object = json_object();
    if (fault != POINT_FAULT_NO_RSA) {
        const char *name = inspection->find_name != NULL
                               ? inspection->find_name(links->fingerprint, inspection->context)
                               : NULL;
        json_object_set_new(object, "nickname", status_value_text(name));
        json_object_set_new(object, "fingerprint", make_hex(links->fingerprint, RELAY_FINGERPRINT_SIZE));
    }
    if (links->has_ed25519_identity)
        json_object_set_new(object, "ed25519Identity",
                            make_hex(links->ed25519_identity, ED25519_PUBLIC_KEY_SIZE));
    if (fault != POINT_FAULT_NO_IPV4)
        json_object_set_new(object, "ipv4", make_place(AF_INET, links->ipv4, links->ipv4_port));
    if (links->has_ipv6)
        json_object_set_new(object, "ipv6", make_place(AF_INET6, links->ipv6, links->ipv6_port));
    if (inspection->network != NULL)
        json_object_set_new(object, "isInConsensus", json_boolean(examined->is_known_relay));
    return object;
}

static json_t *make_point(const struct inspection *inspection, const struct examined_point *examined)
{
    const struct introduction_point *point = &examined->point;
    json_t *object = json_object();
    if (examined->has_links)
        json_object_set_new(object, "relay", make_relay(inspection, examined));
    if (examined->has_auth_key) {
        json_object_set_new(object, "authKey", make_hex(point->auth_key, ED25519_PUBLIC_KEY_SIZE));
        json_object_set_new(object, "authKeyCertifiedUntil", make_hour(examined->auth_hour));
    }
    if (examined->checks[POINT_CHECK_ENC_KEY].outcome == CHECK_PASSED)
        json_object_set_new(object, "encKey", make_hex(point->enc_key, X25519_PUBLIC_KEY_SIZE));
    if (examined->has_enc_key_certificate)
        json_object_set_new(object, "encKeyCertifiedUntil", make_hour(examined->enc_hour));
    if (examined->checks[POINT_CHECK_ONION_KEY].outcome == CHECK_PASSED)
        json_object_set_new(object, "onionKey", make_hex(point->onion_key, X25519_PUBLIC_KEY_SIZE));
    json_object_set_new(object, "hasLegacyKey", json_boolean(point->has_legacy_key));
    json_object_set_new(object, "checks", make_checks(examined->checks, point_check_rows, POINT_CHECKS));
    return object;
}

static json_t *make_points(const struct inspection *inspection)
{
    json_t *array = json_array();
    for (size_t i = 0; i < inspection->examination->point_count; i++)
        json_array_append_new(array, make_point(inspection, &inspection->examination->points[i]));
    return array;
}

static json_t *make_remarks(const struct inspection *inspection)
{
    struct error remarks[INSPECTION_REMARKS_MAX];
    const size_t count = inspection_list_remarks(inspection, remarks);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(remarks[i].text));
    return array;
}

json_t *inspection_make_json(const struct inspection *inspection)
{
    const struct descriptor_examination *examination = inspection->examination;
    json_t *object = json_object();
    json_object_set_new(object, "bytes", json_integer((json_int_t)examination->length));
    json_object_set_new(object, "address",
                        inspection->identity_key != NULL ? status_value_address(inspection->identity_key)
                                                         : json_null());
    json_object_set_new(object, "failedChecks",
                        json_integer((json_int_t)descriptor_examination_count_failures(examination)));
    json_object_set_new(object, "isClosed", json_boolean(examination->descriptor->is_closed));
    json_object_set_new(object, "outerLayer", make_outer_layer(inspection));
    if (examination->is_middle_open)
        json_object_set_new(object, "middleLayer", make_middle_layer(examination));
    if (examination->is_inner_open) {
        json_object_set_new(object, "innerLayer", make_inner_layer(examination));
        json_object_set_new(object, "introductionPoints", make_points(inspection));
    }
    json_object_set_new(object, "checks",
                        make_checks(examination->checks, descriptor_check_rows, DESCRIPTOR_CHECKS));
    json_object_set_new(object, "notes", make_remarks(inspection));
    return object;
}
