/* A status taken apart, every part of it checked. */
#include "report/status_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"

/* What a key's value has to be, and what it becomes in the struct. (jansson's json_unpack_ex() does not say
 * which key has a value of the wrong type, and knows of no value that may be null.) */
enum field_type {
    FIELD_TEXT,            /* const char * */
    FIELD_TEXT_OR_NULL,    /* const char * */
    FIELD_TIME,            /* int64_t */
    FIELD_TIME_OR_NULL,    /* int64_t */
    FIELD_BOOLEAN,         /* bool */
    FIELD_BOOLEAN_OR_NULL, /* bool: null leaves what the struct has */
    FIELD_COUNT,           /* uint64_t */
    FIELD_COUNT_OR_NULL,   /* uint64_t */
    FIELD_SHARE_OR_NULL,   /* double: null leaves what the struct has */
};

struct field {
    const char *key;
    enum field_type type;
    bool is_optional; /* it may be missing: the struct keeps what it has */
    size_t offset;
};

static int fail(struct error *error, const char *key, const char *complaint)
{
    return error_set(error, "\"%s\" %s: is it obpub that answers there, and of this version?", key,
                     complaint);
}

static int read_value(void *target, const struct field *field, const json_t *value, struct error *error)
{
    bool is_null = json_is_null(value);
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_TEXT_OR_NULL:
        if (!json_is_string(value) && !(is_null && field->type == FIELD_TEXT_OR_NULL))
            return fail(error, field->key, "is no text");
        *(const char **)target = json_string_value(value);
        return 0;
    case FIELD_TIME:
    case FIELD_TIME_OR_NULL:
        *(int64_t *)target = STATUS_NO_TIME;
        if (is_null && field->type == FIELD_TIME_OR_NULL)
            return 0;
        if (!json_is_string(value) ||
            calendar_parse_second(text_from_string(json_string_value(value)), target) != 0)
            return fail(error, field->key, "is no time");
        return 0;
    case FIELD_BOOLEAN:
    case FIELD_BOOLEAN_OR_NULL:
        if (is_null && field->type == FIELD_BOOLEAN_OR_NULL)
            return 0;
        if (!json_is_boolean(value))
            return fail(error, field->key, "is neither true nor false");
        *(bool *)target = json_is_true(value);
        return 0;
    case FIELD_COUNT:
    case FIELD_COUNT_OR_NULL:
        *(uint64_t *)target = 0;
        if (is_null && field->type == FIELD_COUNT_OR_NULL)
            return 0;
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return fail(error, field->key, "is no number from 0 on");
        *(uint64_t *)target = (uint64_t)json_integer_value(value);
        return 0;
    case FIELD_SHARE_OR_NULL:
        if (is_null)
            return 0;
        if (!json_is_number(value) || !(json_number_value(value) >= 0 && json_number_value(value) <= 1))
            return fail(error, field->key, "is no share from 0 to 1");
        *(double *)target = json_number_value(value);
        return 0;
    }
    return -1;
}

/* Reads an object's fields into a struct; the table ends with a field without a key. */
static int read_fields(void *structure, const struct field *fields, const json_t *object, struct error *error)
{
    if (!json_is_object(object))
        return error_set(error, "the status has something else where an object belongs: is it obpub that "
                                "answers there?");
    for (; fields->key != NULL; fields++) {
        const json_t *value = json_object_get(object, fields->key);
        if (value == NULL && fields->is_optional)
            continue;
        if (value == NULL)
            return fail(error, fields->key, "is missing");
        if (read_value((char *)structure + fields->offset, fields, value, error) != 0)
            return -1;
    }
    return 0;
}

/* Reads a list into a new array. When an entry fails, those after it stay zeroed. */
static int read_list(void **array, size_t *count, size_t size, const json_t *object, const char *key,
                     int (*read)(void *entry, const json_t *value, struct error *error), struct error *error)
{
    const json_t *list = json_object_get(object, key);
    if (!json_is_array(list))
        return fail(error, key, "is no list");
    *count = json_array_size(list);
    *array = memory_allocate(*count, size);
    for (size_t i = 0; i < *count; i++) {
        if (read((char *)*array + i * size, json_array_get(list, i), error) != 0)
            return -1;
    }
    return 0;
}

/* -- the parts */

static int read_part(void *entry, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"instance", FIELD_TEXT_OR_NULL, false, offsetof(struct status_part, instance)},
        {"introPoints", FIELD_COUNT, false, offsetof(struct status_part, points)},
        {NULL, FIELD_TEXT, false, 0},
    };
    return read_fields(entry, fields, value, error);
}

/* An obpub that knows of no such parts says nothing of them. */
static int read_parts(struct status_hsdir *hsdir, const json_t *value, struct error *error)
{
    const json_t *list = json_object_get(value, "parts");
    if (list == NULL || json_is_null(list))
        return 0;
    void *parts = NULL;
    int result =
        read_list(&parts, &hsdir->part_count, sizeof(*hsdir->parts), value, "parts", read_part, error);
    hsdir->parts = parts;
    return result;
}

static int read_hsdir(void *entry, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"fingerprint", FIELD_TEXT, false, offsetof(struct status_hsdir, fingerprint)},
        {"state", FIELD_TEXT, false, offsetof(struct status_hsdir, state)},
        {"isCurrent", FIELD_BOOLEAN, false, offsetof(struct status_hsdir, is_current)},
        {"taken", FIELD_TIME_OR_NULL, false, offsetof(struct status_hsdir, taken)},
        {"nextTry", FIELD_TIME_OR_NULL, false, offsetof(struct status_hsdir, next_try)},
        {"attempts", FIELD_COUNT, false, offsetof(struct status_hsdir, attempts)},
        {"error", FIELD_TEXT_OR_NULL, false, offsetof(struct status_hsdir, error)},
        {"seen", FIELD_TEXT, true, offsetof(struct status_hsdir, seen)},
        {"isAsked", FIELD_BOOLEAN, true, offsetof(struct status_hsdir, is_asked)},
        {"instance", FIELD_TEXT_OR_NULL, true, offsetof(struct status_hsdir, instance)},
        {NULL, FIELD_TEXT, false, 0},
    };
    return read_fields(entry, fields, value, error) == 0 ? read_parts(entry, value, error) : -1;
}

static int read_descriptor(void *entry, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"name", FIELD_TEXT, false, offsetof(struct status_descriptor, name)},
        {"timePeriod", FIELD_COUNT, false, offsetof(struct status_descriptor, time_period)},
        {"revisionCounter", FIELD_COUNT_OR_NULL, false, offsetof(struct status_descriptor, revision_counter)},
        {"nextUpload", FIELD_TIME_OR_NULL, false, offsetof(struct status_descriptor, next_upload)},
        {"expires", FIELD_TIME_OR_NULL, true, offsetof(struct status_descriptor, expires)},
        {"ownUploadsKeptOut", FIELD_TIME_OR_NULL, true,
         offsetof(struct status_descriptor, own_uploads_kept_out)},
        {NULL, FIELD_TEXT, false, 0},
    };
    struct status_descriptor *descriptor = entry;
    descriptor->expires = descriptor->own_uploads_kept_out = STATUS_NO_TIME;
    if (read_fields(descriptor, fields, value, error) != 0)
        return -1;
    void *hsdirs = NULL;
    int result = read_list(&hsdirs, &descriptor->hsdir_count, sizeof(*descriptor->hsdirs), value, "hsdirs",
                           read_hsdir, error);
    descriptor->hsdirs = hsdirs;
    return result;
}

static int read_instance(void *entry, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"onionAddress", FIELD_TEXT, false, offsetof(struct status_instance, address)},
        {"name", FIELD_TEXT_OR_NULL, false, offsetof(struct status_instance, name)},
        {"state", FIELD_TEXT, false, offsetof(struct status_instance, state)},
        {"since", FIELD_TIME, false, offsetof(struct status_instance, since)},
        {"hasControl", FIELD_BOOLEAN, true, offsetof(struct status_instance, has_control)},
        {"place", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, place)},
        {"way", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, way)},
        {"isReachable", FIELD_BOOLEAN, false, offsetof(struct status_instance, is_reachable)},
        {"isRestless", FIELD_BOOLEAN, true, offsetof(struct status_instance, is_restless)},
        {"takesFlowControl", FIELD_BOOLEAN, true, offsetof(struct status_instance, takes_flow_control)},
        {"introPointsNum", FIELD_COUNT, true, offsetof(struct status_instance, points)},
        {"introPointsPublished", FIELD_COUNT, false, offsetof(struct status_instance, points_published)},
        {"introPointsFault", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, points_fault)},
        {"introPointsLack", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, points_lack)},
        {"error", FIELD_TEXT_OR_NULL, false, offsetof(struct status_instance, error)},
        {"hasProofOfWork", FIELD_BOOLEAN, true, offsetof(struct status_instance, has_proof_of_work)},
        {"share", FIELD_SHARE_OR_NULL, true, offsetof(struct status_instance, share)},
        {"shareWanted", FIELD_SHARE_OR_NULL, true, offsetof(struct status_instance, share_wanted)},
        {"weight", FIELD_COUNT, true, offsetof(struct status_instance, weight)},
        {"isDrained", FIELD_BOOLEAN, true, offsetof(struct status_instance, is_drained)},
        {"drainedSince", FIELD_TIME_OR_NULL, true, offsetof(struct status_instance, drained_since)},
        {"health", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, health)},
        {"healthSince", FIELD_TIME_OR_NULL, true, offsetof(struct status_instance, health_since)},
        {"healthError", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, health_error)},
        {"seed", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, seed)},
        {"effort", FIELD_COUNT_OR_NULL, true, offsetof(struct status_instance, effort)},
        {"seedExpires", FIELD_TIME_OR_NULL, true, offsetof(struct status_instance, seed_expires)},
        {"hasExpiredSeed", FIELD_BOOLEAN_OR_NULL, true, offsetof(struct status_instance, has_expired_seed)},
        {"hasOwnPoints", FIELD_BOOLEAN_OR_NULL, true, offsetof(struct status_instance, has_own_points)},
        {"ownUploads", FIELD_TEXT_OR_NULL, true, offsetof(struct status_instance, own_uploads)},
        {"ownUploadsRefused", FIELD_COUNT_OR_NULL, true,
         offsetof(struct status_instance, own_uploads_refused)},
        {"ownUploadsThrough", FIELD_COUNT_OR_NULL, true,
         offsetof(struct status_instance, own_uploads_through)},
        {NULL, FIELD_TEXT, false, 0},
    };
    struct status_instance *instance = entry;
    instance->seed_expires = instance->drained_since = instance->health_since = STATUS_NO_TIME;
    instance->share = instance->share_wanted = -1;
    instance->has_own_points = true;
    return read_fields(instance, fields, value, error);
}

/* Reads the bundle of a frontend that has one; an obpub of before there were any says nothing of it. */
static int read_bundle(struct status_service *service, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"expires", FIELD_TIME, false, offsetof(struct status_bundle, expires)},
        {"state", FIELD_TEXT, false, offsetof(struct status_bundle, state)},
        {"error", FIELD_TEXT_OR_NULL, false, offsetof(struct status_bundle, error)},
        {NULL, FIELD_TEXT, false, 0},
    };
    service->is_presigned = value != NULL && !json_is_null(value);
    return service->is_presigned ? read_fields(&service->bundle, fields, value, error) : 0;
}

static int read_service(void *entry, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"onionAddress", FIELD_TEXT, false, offsetof(struct status_service, address)},
        {"isPublished", FIELD_BOOLEAN, false, offsetof(struct status_service, is_published)},
        {"isStatic", FIELD_BOOLEAN, false, offsetof(struct status_service, is_static)},
        {"usesDrained", FIELD_BOOLEAN, true, offsetof(struct status_service, uses_drained)},
        {"doubtsHealth", FIELD_BOOLEAN, true, offsetof(struct status_service, doubts_health)},
        {"problem", FIELD_TEXT_OR_NULL, true, offsetof(struct status_service, problem)},
        {"authorizedClients", FIELD_COUNT_OR_NULL, true, offsetof(struct status_service, clients)},
        {"isDistinct", FIELD_BOOLEAN, true, offsetof(struct status_service, is_distinct)},
        {"isSplit", FIELD_BOOLEAN, true, offsetof(struct status_service, is_split)},
        {"nextTurn", FIELD_TIME_OR_NULL, true, offsetof(struct status_service, next_turn)},
        {"lead", FIELD_COUNT_OR_NULL, true, offsetof(struct status_service, lead)},
        {"leadInUse", FIELD_COUNT_OR_NULL, true, offsetof(struct status_service, lead_in_use)},
        {"proofOfWork", FIELD_TEXT_OR_NULL, true, offsetof(struct status_service, proof_of_work)},
        {"mode", FIELD_TEXT, true, offsetof(struct status_service, mode)},
        {"introPointsNum", FIELD_COUNT, false, offsetof(struct status_service, points)},
        {"maxIntroductionPoints", FIELD_COUNT, true, offsetof(struct status_service, points_max)},
        {NULL, FIELD_TEXT, false, 0},
    };
    struct status_service *service = entry;
    service->next_turn = STATUS_NO_TIME;
    if (read_fields(service, fields, value, error) != 0 ||
        read_bundle(service, json_object_get(value, "bundle"), error) != 0)
        return -1;
    void *list = NULL;
    int result = read_list(&list, &service->instance_count, sizeof(*service->instances), value, "instances",
                           read_instance, error);
    service->instances = list;
    if (result != 0)
        return -1;
    list = NULL;
    result = read_list(&list, &service->descriptor_count, sizeof(*service->descriptors), value, "descriptors",
                       read_descriptor, error);
    service->descriptors = list;
    return result;
}

static int read_local_tor(void *target, const json_t *value, struct error *error)
{
    static const struct field fields[] = {
        {"place", FIELD_TEXT, false, offsetof(struct status_tor, place)},
        {"status", FIELD_TEXT_OR_NULL, false, offsetof(struct status_tor, status)},
        {"isConnected", FIELD_BOOLEAN, false, offsetof(struct status_tor, is_connected)},
        {"isReady", FIELD_BOOLEAN, false, offsetof(struct status_tor, is_ready)},
        {"uploadsInFlight", FIELD_COUNT, false, offsetof(struct status_tor, uploads_in_flight)},
        {NULL, FIELD_TEXT, false, 0},
    };
    return read_fields(target, fields, value, error);
}

static int read_tor(struct status_document *document, const json_t *object, struct error *error)
{
    static const struct field fields[] = {
        {"isConnected", FIELD_BOOLEAN, false, offsetof(struct status_document, is_tor_connected)},
        {"status", FIELD_TEXT_OR_NULL, false, offsetof(struct status_document, tor_status)},
        {"isConsensusLive", FIELD_BOOLEAN, true, offsetof(struct status_document, is_consensus_live)},
        {"consensusValidUntil", FIELD_TIME, true, offsetof(struct status_document, consensus_valid_until)},
        {NULL, FIELD_TEXT, false, 0},
    };
    document->consensus_valid_until = STATUS_NO_TIME;
    const json_t *tor = json_object_get(object, "tor");
    if (read_fields(document, fields, tor, error) != 0)
        return -1;
    void *tors = NULL;
    if (json_object_get(tor, "tors") == NULL) /* an older obpub's */
        return 0;
    int result =
        read_list(&tors, &document->tor_count, sizeof(*document->tors), tor, "tors", read_local_tor, error);
    document->tors = tors;
    return result;
}

/* -- the whole */

static int read_document(struct status_document *document, const json_t *object, struct error *error)
{
    static const struct field fields[] = {
        {"version", FIELD_TEXT, false, offsetof(struct status_document, version)},
        {"time", FIELD_TIME, false, offsetof(struct status_document, time)},
        {"started", FIELD_TIME, false, offsetof(struct status_document, started)},
        {"reloadError", FIELD_TEXT_OR_NULL, false, offsetof(struct status_document, reload_error)},
        {"error", FIELD_TEXT_OR_NULL, false, offsetof(struct status_document, error)},
        {NULL, FIELD_TEXT, false, 0},
    };
    if (read_fields(document, fields, object, error) != 0 || read_tor(document, object, error) != 0)
        return -1;
    void *services = NULL;
    int result = read_list(&services, &document->service_count, sizeof(*document->services), object,
                           "services", read_service, error);
    document->services = services;
    return result;
}

static void clear_descriptor(struct status_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->hsdir_count; i++)
        free(descriptor->hsdirs[i].parts);
    free(descriptor->hsdirs);
}

static void clear_service(struct status_service *service)
{
    for (size_t i = 0; i < service->descriptor_count; i++)
        clear_descriptor(&service->descriptors[i]);
    free(service->descriptors);
    free(service->instances);
}

void status_document_clear(struct status_document *document)
{
    for (size_t i = 0; i < document->service_count; i++)
        clear_service(&document->services[i]);
    free(document->services);
    free(document->tors);
    *document = (struct status_document){0};
}

int status_document_read(struct status_document *document, const json_t *object, struct error *error)
{
    *document = (struct status_document){0};
    if (read_document(document, object, error) == 0)
        return 0;
    status_document_clear(document);
    return -1;
}

bool status_document_is_published(const struct status_document *document)
{
    for (size_t i = 0; i < document->service_count; i++) {
        if (!document->services[i].is_published)
            return false;
    }
    return document->service_count > 0;
}
