/* Holds what an examination of a descriptor finds to what decoding it does. */
#include <string.h>

#include <jansson.h>

#include "base/printable.h"
#include "fuzz.h"
#include "report/inspection.h"

/* Whether an examination found a fault that decoding is to have ended with: any but one for which a point
 * alone is left out, by clients or by who publishes points. */
static bool is_refused(const struct descriptor_examination *examination)
{
    for (size_t i = 0; i < DESCRIPTOR_CHECKS; i++) {
        if (examination->checks[i].outcome == CHECK_FAILED)
            return true;
    }
    for (size_t i = 0; i < examination->point_count; i++) {
        for (size_t j = 0; j < POINT_CHECKS; j++) {
            if (examination->points[i].checks[j].outcome == CHECK_FAILED && j != POINT_CHECK_LINKS_OF_TOR &&
                j != POINT_CHECK_ENC_KEY_ALONE && j != POINT_CHECK_LEGACY_KEY)
                return true;
        }
    }
    return false;
}

/* A check that failed says why, and one that passed has nothing to say. */
static void check_results(const struct check_result *checks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        FUZZ_REQUIRE((checks[i].outcome == CHECK_FAILED) == (checks[i].failures > 0));
        FUZZ_REQUIRE(checks[i].outcome != CHECK_FAILED || checks[i].error.text[0] != '\0');
        FUZZ_REQUIRE(checks[i].outcome != CHECK_PASSED || checks[i].error.text[0] == '\0');
    }
}

/* What is printed steers no terminal, and JSON can be made of all of it. */
static void check_report(const struct inspection *inspection)
{
    char *text = NULL;
    size_t length = 0;
    const struct printer printer = {.file = open_memstream(&text, &length), .wall_now = inspection->wall_now};
    inspection_print(inspection, &printer);
    fclose(printer.file);
    FUZZ_REQUIRE(strlen(text) == length);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        FUZZ_REQUIRE(!text_make_printable(line));
    free(text);
    json_t *json = inspection_make_json(inspection);
    char *dumped = json_dumps(json, JSON_ENSURE_ASCII);
    FUZZ_REQUIRE(dumped != NULL);
    FUZZ_REQUIRE(json_array_size(json_object_get(json, "checks")) == DESCRIPTOR_CHECKS);
    free(dumped);
    json_decref(json);
}

static void check_examination(const char *text, size_t length,
                              const struct descriptor_expectation *expectation)
{
    struct descriptor_examination *examination = descriptor_examine(text, length, expectation);
    struct descriptor_expectation accepting = *expectation;
    struct error error;
    accepting.accepts_closed = expectation->client_key == NULL;
    check_results(examination->checks, DESCRIPTOR_CHECKS);
    for (size_t i = 0; i < examination->point_count; i++)
        check_results(examination->points[i].checks, POINT_CHECKS);
    if (expectation->identity_key != NULL) {
        struct descriptor *descriptor = descriptor_decode(text, length, &accepting, &error);
        FUZZ_REQUIRE((descriptor == NULL) == is_refused(examination));
        FUZZ_REQUIRE(descriptor == NULL ||
                     (descriptor->point_count == examination->point_count &&
                      descriptor->is_closed == examination->descriptor->is_closed &&
                      descriptor->period_number == examination->descriptor->period_number));
        descriptor_free(descriptor);
    }
    const struct inspection inspection = {
        .examination = examination,
        .identity_key = expectation->identity_key,
        .schedule = expectation->schedule,
        .wall_now = expectation->wall_now,
    };
    check_report(&inspection);
    descriptor_examination_free(examination);
}

void fuzz_examine(const char *text, size_t length, const struct descriptor_expectation *expectation)
{
    static const uint8_t client_key[X25519_SECRET_KEY_SIZE] = {0, 1};
    struct descriptor_expectation other = *expectation;
    other.known_keys = NULL;
    other.verified = NULL;
    other.client_key = NULL;
    check_examination(text, length, &other);
    other.client_key = client_key;
    check_examination(text, length, &other);
    other.identity_key = NULL;
    check_examination(text, length, &other);
}
