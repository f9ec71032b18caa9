/* The JSON object at the end of a round of publishing, for a program. */
#include <jansson.h>
#include <sodium.h>

#include "report/round.h"

/* Text that may have come from a file or a tor: what is not UTF-8 becomes null. */
static json_t *make_text(const char *text)
{
    json_t *value = text[0] != '\0' ? json_string(text) : NULL;
    return value != NULL ? value : json_null();
}

static json_t *make_fingerprint(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    char hex[2 * RELAY_FINGERPRINT_SIZE + 1];
    sodium_bin2hex(hex, sizeof(hex), fingerprint, RELAY_FINGERPRINT_SIZE);
    for (char *digit = hex; *digit != '\0'; digit++)
        *digit = (char)(*digit >= 'a' ? *digit - 'a' + 'A' : *digit);
    return json_string(hex);
}

static double seconds_since_start(const struct round *round, int64_t moment)
{
    return (double)(moment - round->started) / 1000.0;
}

static json_t *make_backend(const struct source *backend, const struct config_backend *config)
{
    const struct descriptor *descriptor = round_has_backend(backend) ? backend->descriptor : NULL;
    json_t *object = json_object();
    json_object_set_new(object, "name", make_text(config->name));
    json_object_set_new(object, "address", json_sprintf("%s.onion", config->address));
    json_object_set_new(object, "live", json_boolean(descriptor != NULL));
    json_object_set_new(object, "introduction_points",
                        json_integer(descriptor != NULL ? (json_int_t)descriptor->point_count : 0));
    json_object_set_new(object, "proof_of_work",
                        json_boolean(descriptor != NULL && descriptor->has_pow_params));
    json_object_set_new(object, "error", make_text(descriptor != NULL ? "" : backend->life.reason));
    return object;
}

static json_t *make_upload(const struct round *round, const struct publisher_upload *upload)
{
    bool is_taken = upload->state == UPLOAD_DONE;
    json_t *object = json_object();
    json_object_set_new(object, "fingerprint", make_fingerprint(upload->fingerprint));
    json_object_set_new(object, "taken", json_boolean(is_taken));
    json_object_set_new(object, "attempts", json_integer(upload->attempts));
    json_object_set_new(object, "seconds",
                        is_taken ? json_real(seconds_since_start(round, upload->taken_at)) : json_null());
    json_object_set_new(object, "error", make_text(upload->reason));
    return object;
}

static json_t *make_descriptor(const struct round *round, const struct publisher_descriptor *descriptor,
                               const char *name)
{
    json_t *uploads = json_array();
    for (size_t i = 0; i < descriptor->upload_count; i++)
        json_array_append_new(uploads, make_upload(round, &descriptor->uploads[i]));
    json_t *object = json_object();
    json_object_set_new(object, "descriptor", json_string(name));
    json_object_set_new(object, "time_period", json_integer((json_int_t)descriptor->period_number));
    json_object_set_new(object, "hsdirs", uploads);
    return object;
}

static json_t *make_frontend(const struct round *round, size_t number)
{
    const struct publisher_frontend *frontend = &round->publisher->frontends[number];
    const struct config_frontend *config = &round->config->frontends[number];
    json_t *backends = json_array();
    for (size_t i = 0; i < config->backend_count; i++)
        json_array_append_new(backends, make_backend(&round->publisher->sources[frontend->members[i].source],
                                                     &config->backends[i]));
    json_t *descriptors = json_array();
    if (frontend->descriptors[DESCRIPTOR_FIRST].upload_count > 0) {
        json_array_append_new(descriptors,
                              make_descriptor(round, &frontend->descriptors[DESCRIPTOR_FIRST], "first"));
        json_array_append_new(descriptors,
                              make_descriptor(round, &frontend->descriptors[DESCRIPTOR_SECOND], "second"));
    }
    struct superdescriptor superdescriptor = {0};
    json_t *object = json_object();
    json_object_set_new(object, "address", json_sprintf("%s.onion", config->address));
    json_object_set_new(
        object, "introduction_points",
        json_integer((json_int_t)publisher_choose_points(round->publisher, number, &superdescriptor)));
    json_object_set_new(object, "backends", backends);
    json_object_set_new(object, "descriptors", descriptors);
    return object;
}

static const char *name_result(enum round_result result)
{
    static const char *const names[] = {
        [ROUND_COMPLETE] = "complete",
        [ROUND_INCOMPLETE] = "incomplete",
        [ROUND_NOTHING] = "nothing",
    };
    return names[result];
}

int round_print_json(const struct round *round, FILE *file)
{
    json_t *frontends = json_array();
    for (size_t i = 0; i < round->publisher->frontend_count; i++)
        json_array_append_new(frontends, make_frontend(round, i));
    json_t *object = json_object();
    json_object_set_new(object, "version", json_string(OBPUB_VERSION));
    json_object_set_new(object, "result", json_string(name_result(round_judge(round->publisher))));
    json_object_set_new(object, "seconds", json_real(seconds_since_start(round, round->ended)));
    json_object_set_new(object, "error", make_text(round->problem));
    json_object_set_new(object, "frontends", frontends);
    int result = json_dumpf(object, file, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(object);
    return result == 0 && fputc('\n', file) != EOF ? 0 : -1;
}
