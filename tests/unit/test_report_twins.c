/* Tests of what is reported of a frontend whose tors have its key: in the status, by the metrics and in the
 * log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "helper_clients.h"
#include "helper_story.h"
#include "onion/onion_address.h"
#include "report/journal.h"
#include "report/metrics.h"
#include "report/outcome.h"
#include "report/status.h"
#include "report/status_document.h"
#include "report/status_text.h"

#define MINUTE 60000
#define LEAD_MINUTES 45
#define LEAD (LEAD_MINUTES * MINUTE)
#define TWINS_MAX 13
#define WALL_NOW INT64_C(1795348800000) /* 2026-11-22 12:00:00, when a scene begins */

/* A story with twins, the config that names them, and a log. */
struct scene {
    struct story *story;
    struct config_backend backends[TWINS_MAX];
    struct config_frontend config;
    struct report_frontend frontend;
    struct report_counters counters;
    struct report_view view;
    int64_t begun_at;
    FILE *file;
    struct log log;
    struct journal *journal;
};

/* -- making one */

static char names[TWINS_MAX][16];

static void make_config(struct scene *scene, size_t count)
{
    const struct publisher_frontend *frontend = &scene->story->publisher->frontends[0];
    scene->config = (struct config_frontend){.mode = CONFIG_MODE_HARDMAP,
                                             .lead = LEAD_MINUTES * 60,
                                             .backends = scene->backends,
                                             .backend_count = count};
    memcpy(scene->config.identity_key, frontend->identity_key, sizeof(scene->config.identity_key));
    onion_address_encode(scene->config.address, frontend->identity_key);
    for (size_t i = 0; i < count; i++) {
        struct config_backend *backend = &scene->backends[i];
        snprintf(names[i], sizeof(names[i]), "node%zu", i + 1);
        *backend = (struct config_backend){.name = names[i], .is_twin = true};
        memcpy(backend->identity_key, frontend->identity_key, sizeof(backend->identity_key));
        memcpy(backend->address, scene->config.address, sizeof(backend->address));
    }
    scene->frontend = (struct report_frontend){.config = &scene->config};
}

/* Brings the view up to the story's moment. */
static void look(struct scene *scene)
{
    scene->view.now = scene->story->now;
    scene->view.wall_milliseconds = WALL_NOW + scene->story->now - scene->begun_at;
    journal_update(scene->journal, &scene->view);
}

static void run(struct scene *scene, int64_t milliseconds)
{
    story_run(scene->story, milliseconds);
    look(scene);
}

/* Gives a twin proof of work: a seed, an effort and an hour. */
static void switch_on(struct scene *scene, size_t twin, uint8_t seed, uint32_t effort)
{
    struct story_backend *backend = &scene->story->backends[twin];
    backend->seed = seed;
    backend->effort = effort;
    backend->seed_ends = scene->view.wall_milliseconds / 1000 + 3600;
}

/* A scene with twins that upload themselves, of which so many have proof of work on, once all is published.
 */
static void begin(struct scene *scene, size_t count, size_t with_work, enum descriptor_slot half)
{
    *scene = (struct scene){.story = story_new_published_twins(count, half)};
    scene->begun_at = scene->story->now;
    make_config(scene, count);
    scene->view = (struct report_view){.publisher = scene->story->publisher,
                                       .frontends = &scene->frontend,
                                       .frontend_count = 1,
                                       .counters = &scene->counters,
                                       .version = "1.2.3",
                                       .started_at = scene->story->now,
                                       .loaded_at = scene->story->now,
                                       .reload_error = "",
                                       .tor_status = "",
                                       .last_error = ""};
    scene->file = tmpfile();
    assert_non_null(scene->file);
    log_open(&scene->log, fileno(scene->file), LOG_LEVEL_INFO);
    scene->journal = journal_new(&scene->log);
    look(scene);
    for (size_t i = 0; i < count; i++) /* HSDirs have nothing of the second half */
        scene->story->backends[i].period[1] = scene->story->backends[i].period[0];
    publisher_set_twins(scene->story->publisher, 0, LEAD, true, scene->story->now);
    for (size_t i = 0; i < count; i++)
        publisher_note_uploading(scene->story->publisher, i, true, scene->story->now);
    for (size_t i = 0; i < with_work; i++)
        switch_on(scene, i, (uint8_t)(0xa1 + i), (uint32_t)i * 10);
    run(scene, 3 * LEAD);
}

static void end(struct scene *scene)
{
    journal_free(scene->journal);
    fclose(scene->file);
    story_free(scene->story);
}

/* -- looking at one */

static size_t count_lines(struct scene *scene, const char *words)
{
    char line[LOG_MESSAGE_SIZE_MAX];
    size_t count = 0;
    rewind(scene->file);
    while (fgets(line, sizeof(line), scene->file) != NULL)
        count += strstr(line, words) != NULL;
    return count;
}

static void check_log(struct scene *scene, const char *words, size_t expected)
{
    size_t count = count_lines(scene, words);
    if (count != expected)
        fail_msg("\"%s\" is in %zu lines, not %zu", words, count, expected);
}

static const json_t *service_of(const json_t *status)
{
    return json_array_get(json_object_get(status, "services"), 0);
}

static const json_t *instance_of(const json_t *status, size_t number)
{
    return json_array_get(json_object_get(service_of(status), "instances"), number);
}

/* Checks a value by how it is written in JSON. */
static void check(const json_t *object, const char *key, const char *expected)
{
    char *text = json_dumps(json_object_get(object, key), JSON_ENCODE_ANY);
    if (text == NULL || strcmp(text, expected) != 0)
        fail_msg("\"%s\" is %s, not %s", key, text != NULL ? text : "missing", expected);
    free(text);
}

static char *print_status(const struct scene *scene)
{
    json_t *status = status_make_json(&scene->view);
    struct status_document document;
    struct error error = {.text = ""};
    if (status_document_read(&document, status, &error) != 0)
        fail_msg("%s", error.text);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    status_text_print(&document, false, file);
    fclose(file);
    status_document_clear(&document);
    json_decref(status);
    return text;
}

static void check_has(const char *text, const char *expected, bool is_there)
{
    if ((strstr(text, expected) != NULL) != is_there)
        fail_msg("\"%s\" is %s:\n%s", expected, is_there ? "not in" : "in", text);
}

static void check_text(const struct scene *scene, const char *expected, bool is_there)
{
    char *text = print_status(scene);
    check_has(text, expected, is_there);
    free(text);
}

static char *write_metrics(const struct scene *scene)
{
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(&scene->view, buffer), 0);
    char *text = memory_copy_text((const char *)evbuffer_pullup(buffer, -1), evbuffer_get_length(buffer));
    evbuffer_free(buffer);
    return text;
}

/* Checks a metric of a twin. */
static void check_metric(const struct scene *scene, const char *metric, size_t twin, const char *value)
{
    char *text = write_metrics(scene), line[256];
    snprintf(line, sizeof(line), "\n%s{backend=\"%s.onion\",name=\"%s\"} %s\n", metric, scene->config.address,
             names[twin], value);
    check_has(text, line, true);
    free(text);
}

/* -- the tests */

/* Of twins that are merged: one address, and each has its share. */
static void test_merged(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 0, DESCRIPTOR_FIRST);
    json_t *status = status_make_json(&scene.view);
    const json_t *service = service_of(status);
    check(service, "mode", "\"hardmap\"");
    check(service, "lead", "2700");
    check(service, "leadInUse", "2700");
    check(service, "proofOfWork", "\"auto\"");
    check(service, "isSplit", "false");
    for (size_t i = 0; i < 2; i++) {
        const json_t *instance = instance_of(status, i);
        check(instance, "name", i == 0 ? "\"node1\"" : "\"node2\"");
        check(instance, "share", "0.5");
        check(instance, "seed", "null");
        check(instance, "effort", "null");
        check(instance, "seedExpires", "null");
        check(instance, "hasOwnPoints", "true");
        check(instance, "ownUploads", "\"on\"");
        check(instance, "ownUploadsRefused", "0");
        check(instance, "ownUploadsThrough", "0");
    }
    const json_t *hsdirs =
        json_object_get(json_array_get(json_object_get(service, "descriptors"), 0), "hsdirs");
    size_t asked = 0;
    for (size_t i = 0; i < json_array_size(hsdirs); i++) {
        asked += json_is_true(json_object_get(json_array_get(hsdirs, i), "isAsked"));
        check(json_array_get(hsdirs, i), "instance", "null");
    }
    assert_int_equal(json_array_size(hsdirs), 8);
    assert_int_equal(asked, 6);
    json_decref(status);
    check_text(&scene, "  mode hardmap, merged: all HSDirs have the points of all tors\n", true);
    check_text(&scene, "  lead 45 min; proof of work auto\n", true);
    check_text(&scene,
               "3 of 3 introduction points published, 50 % of the clients that come now; own uploads: 0 "
               "refused, 0 got through\n",
               true);
    check_text(&scene, "the tors' own uploads are kept out for ", true);
    check_text(&scene, "HSDirs that clients ask", false);
    check_metric(&scene, "obpub_twin_share", 0, "0.500");
    check_metric(&scene, "obpub_twin_hsdirs", 1, "0");
    check_metric(&scene, "obpub_twin_lacks_proof_of_work", 1, "0");
    char address[ONION_ADDRESS_SIZE + 32];
    snprintf(address, sizeof(address), "backend node1 of %s.onion is in", scene.config.address);
    check_log(&scene, address, 1);
    check_log(&scene, "split", 0);
    end(&scene);
}

/* No lead is in use where the tors don't upload. */
static void test_publishing_off(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 0, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < 2; i++)
        publisher_note_uploading(scene.story->publisher, i, false, scene.story->now);
    look(&scene);
    json_t *status = status_make_json(&scene.view);
    check(service_of(status), "lead", "2700");
    check(service_of(status), "leadInUse", "0");
    check(instance_of(status, 1), "ownUploads", "\"off\"");
    check(json_array_get(json_object_get(service_of(status), "descriptors"), 0), "ownUploadsKeptOut", "null");
    json_decref(status);
    check_text(&scene, "  lead 45 min, not in use: no tor uploads itself; proof of work auto\n", true);
    check_text(&scene, "; own uploads: off\n", true);
    check_text(&scene, "kept out", false);
    /* One has begun to; what HSDirs have has no lead before the next round. */
    publisher_note_uploading(scene.story->publisher, 0, false, scene.story->now);
    story_run(scene.story, 12 * 60 * 60 * 1000);
    publisher_note_uploading(scene.story->publisher, 0, true, scene.story->now);
    look(&scene);
    status = status_make_json(&scene.view);
    check(service_of(status), "leadInUse", "2700");
    check(json_array_get(json_object_get(service_of(status), "descriptors"), 0), "ownUploadsKeptOut", "null");
    json_decref(status);
    story_run(scene.story, 15 * 60 * 1000);
    look(&scene);
    check_text(&scene, "the tors' own uploads are kept out for ", true);
    end(&scene);
}

/* Of a split frontend: which tor's points each HSDir has, and what its proof of work is. */
static void test_split(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 2, DESCRIPTOR_FIRST);
    json_t *status = status_make_json(&scene.view);
    const json_t *service = service_of(status);
    check(service, "isSplit", "true");
    const json_t *instance = instance_of(status, 1);
    check(instance, "seed", "\"A2000000\"");
    check(instance, "effort", "10");
    check(instance, "seedExpires", "\"2026-11-22 13:00:00\"");
    check(instance, "share", "0.5");
    const json_t *hsdirs =
        json_object_get(json_array_get(json_object_get(service, "descriptors"), 0), "hsdirs");
    size_t counts[2] = {0};
    for (size_t i = 0; i < json_array_size(hsdirs); i++) {
        const json_t *hsdir = json_array_get(hsdirs, i);
        check(hsdir, "isAsked", "true");
        counts[strcmp(json_string_value(json_object_get(hsdir, "instance")), "node2") == 0]++;
    }
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 3);
    json_decref(status);
    check_text(&scene, "  mode hardmap, split: each HSDir that clients ask has the points of one tor", true);
    check_text(&scene, "50 % of the clients that come now; proof of work: seed A2000000, effort 10, for ",
               true);
    check_text(&scene, "    HSDirs that clients ask, by whose points they have: node1 3, node2 3\n", true);
    check_metric(&scene, "obpub_twin_hsdirs", 0, "3");
    check_metric(&scene, "obpub_twin_effort", 1, "10");
    check_metric(&scene, "obpub_twin_seed_expiry_timestamp_seconds", 1, "1795352400");
    check_metric(&scene, "obpub_twin_own_points", 1, "1");
    check_metric(&scene, "obpub_backend_proof_of_work", 1, "1");
    check_log(&scene, ".onion is split from now on", 1);
    check_log(&scene, "as effort 0", 0); /* that is said of backends with keys of their own */
    for (size_t i = 0; i < 2; i++)
        scene.story->backends[i].seed = 0;
    run(&scene, 200 * MINUTE);
    check_log(&scene, ".onion is merged from now on", 1);
    end(&scene);
}

/* In the second half nothing is known of what the tors have made for it until they upload that. */
static void test_no_own_points(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 2, DESCRIPTOR_SECOND);
    json_t *status = status_make_json(&scene.view);
    check(instance_of(status, 0), "hasOwnPoints", "false");
    json_decref(status);
    check_text(&scene, "; not asked of clients until the tor uploads what it has for this half of the day; ",
               true);
    check_metric(&scene, "obpub_twin_own_points", 0, "0");
    end(&scene);
}

/* A tor without proof of work has no place beside others that have it, and that is said loudly, once. */
static void test_one_lacks_work(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 3, 3, DESCRIPTOR_FIRST);
    check_log(&scene, "NO VISITOR COMES", 0);
    scene.story->backends[1].seed = 0;
    run(&scene, 100 * MINUTE);
    run(&scene, 100 * MINUTE);
    check_log(&scene, ".onion: NO VISITOR COMES TO node2, where proof of work is off", 1);
    check_log(&scene, " has no introduction point", 0);
    json_t *status = status_make_json(&scene.view);
    check(instance_of(status, 1), "introPointsLack",
          "\"its tor has proof of work off, and others of the frontend have it on\"");
    check(instance_of(status, 1), "share", "0.0");
    json_decref(status);
    check_metric(&scene, "obpub_twin_lacks_proof_of_work", 0, "0");
    check_metric(&scene, "obpub_twin_lacks_proof_of_work", 1, "1");
    switch_on(&scene, 1, 0xb1, 0);
    run(&scene, 100 * MINUTE);
    check_log(&scene, ".onion: proof of work is on at all live tors", 1);
    check_metric(&scene, "obpub_twin_lacks_proof_of_work", 1, "0");
    end(&scene);
}

/* As long as it is merged, who has none is named, too; unless the config has it off. */
static void test_some_have_work(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 3, 1, DESCRIPTOR_FIRST);
    check_log(&scene, "visitors solve nothing. It is off at node2, node3: ", 1);
    publisher_set_twins(scene.story->publisher, 0, LEAD, false, scene.story->now);
    run(&scene, MINUTE);
    check_log(&scene, "visitors solve nothing", 1);
    check_metric(&scene, "obpub_twin_lacks_proof_of_work", 2, "0");
    end(&scene);
}

/* A twin's tor has another seed, and so uploads. */
static void renew(struct scene *scene, size_t twin, uint8_t seed)
{
    switch_on(scene, twin, seed, 5);
    story_announce(scene->story, twin, false, 0);
    run(scene, MINUTE);
}

/* A seed that ends before its time is a tor's that was sent SIGHUP; not so one that is due, or that of
 * another process. */
static void test_early_seed(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 2, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < 2; i++)
        renew(&scene, i, (uint8_t)(0xc1 + i)); /* those it began with have long ended */
    check_log(&scene, "has thrown away its proof of work", 0);
    check_metric(&scene, "obpub_twin_seeds_replaced_total", 0, "1");
    publisher_note_reachable(scene.story->publisher, 0, true, 1000, scene.story->now);
    renew(&scene, 0, 0xd1);
    check_metric(&scene, "obpub_twin_seeds_replaced_total", 0, "1");
    check_log(&scene, "has thrown away its proof of work", 0);
    renew(&scene, 1, 0xd2);
    run(&scene, 20 * MINUTE);
    check_metric(&scene, "obpub_twin_seeds_replaced_total", 1, "2");
    char words[128];
    snprintf(words, sizeof(words), "tor node2 of %s.onion has thrown away its proof of work",
             scene.config.address);
    check_log(&scene, words, 1);
    check_log(&scene, "DO NOT SEND SIGHUP", 1);
    end(&scene);
}

/* Who waits for his turn is named, with a reason, and the log says so once. */
static void test_turns(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 13, 13, DESCRIPTOR_FIRST);
    json_t *status = status_make_json(&scene.view);
    size_t waiting = 0;
    for (size_t i = 0; i < 13; i++) {
        const json_t *instance = instance_of(status, i);
        bool is_waiting = json_integer_value(json_object_get(instance, "introPointsPublished")) == 0;
        waiting += is_waiting;
        check(instance, "introPointsLack", is_waiting ? "\"others have their turn\"" : "null");
    }
    assert_true(waiting > 0 && waiting < 13);
    assert_true(json_is_string(json_object_get(service_of(status), "nextTurn")));
    json_decref(status);
    check_text(&scene, "; they take turns, the next one in ", true);
    check_log(&scene, "more tors than there are HSDirs that clients ask: they take turns", 1);
    check_log(&scene, "has no introduction point", 0);
    check_log(&scene, "there is not room", 0);
    end(&scene);
}

/* Has a twin's tor upload to an HSDir of the descriptor that clients use, which takes or refuses that. */
static void upload(struct scene *scene, size_t twin, size_t hsdir, enum source_upload what)
{
    struct publisher *publisher = scene->story->publisher;
    const struct publisher_descriptor *descriptor = &publisher->frontends[0].descriptors[DESCRIPTOR_FIRST];
    const uint8_t *fingerprint = descriptor->uploads[hsdir].fingerprint;
    publisher_note_source_upload(publisher, twin, SOURCE_UPLOAD_BEGUN, fingerprint, descriptor->blinded_key,
                                 scene->story->now);
    publisher_note_source_upload(publisher, twin, what, fingerprint, NULL, scene->story->now);
    run(scene, 3 * MINUTE);
}

/* Own uploads that get through again and again mean that the lead does not hold; said once in six hours. */
static void test_own_uploads(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 0, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < 8; i++)
        upload(&scene, 0, i, SOURCE_UPLOAD_REFUSED);
    check_log(&scene, "made itself in the place of obpub's", 0);
    for (size_t i = 0; i < 8; i++)
        upload(&scene, 1, i, SOURCE_UPLOAD_TAKEN);
    check_log(&scene, "made itself in the place of obpub's", 1);
    check_log(&scene, "though obpub's revision counters lead by 45 minutes: is the clock there ahead", 1);
    json_t *status = status_make_json(&scene.view);
    check(instance_of(status, 0), "ownUploadsRefused", "8");
    check(instance_of(status, 0), "ownUploadsThrough", "0");
    check(instance_of(status, 1), "ownUploadsThrough", "8");
    json_decref(status);
    check_text(&scene, "; own uploads: 8 refused, 0 got through\n", true);
    check_metric(&scene, "obpub_twin_own_uploads_refused_total", 0, "8");
    check_metric(&scene, "obpub_twin_own_uploads_through_total", 1, "8");
    run(&scene, 360 * MINUTE);
    check_log(&scene, "made itself in the place of obpub's", 2); /* those that were not spoken of */
    publisher_set_twins(scene.story->publisher, 0, 0, true, scene.story->now);
    run(&scene, 360 * MINUTE);
    for (size_t i = 0; i < 8; i++)
        upload(&scene, 1, i, SOURCE_UPLOAD_TAKEN);
    check_log(&scene, "the frontend's lead is 0. A lead keeps them out", 1);
    end(&scene);
}

/* Has a twin's tor come with a seed that is good for an hour by the clock that the story is told by. */
static void renew_for_an_hour(struct scene *scene, size_t twin, uint8_t seed)
{
    switch_on(scene, twin, seed, 5);
    scene->story->backends[twin].seed_ends = STORY_EPOCH + scene->story->now / 1000 + 3600;
    story_announce(scene->story, twin, false, 0);
    run(scene, MINUTE);
}

/* A tor that tells of no other seed when its own has expired: log and status say so, the log once. */
static void test_expired_seed(void **state)
{
    (void)state;
    struct scene scene;
    const char *words = "EXPIRED, and the tor tells of no other";
    begin(&scene, 2, 2, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < 2; i++)
        renew_for_an_hour(&scene, i, (uint8_t)(0xb1 + i));
    check_text(&scene, words, false);
    run(&scene, 30 * MINUTE);
    renew_for_an_hour(&scene, 0, 0xc1);
    run(&scene, 32 * MINUTE);
    run(&scene, MINUTE);
    json_t *status = status_make_json(&scene.view);
    check(instance_of(status, 0), "hasExpiredSeed", "false");
    check(instance_of(status, 1), "hasExpiredSeed", "true");
    json_decref(status);
    check_text(&scene, words, true);
    check_log(&scene, ".onion has told of no other seed", 1);
    renew_for_an_hour(&scene, 1, 0xc2);
    check_log(&scene, ".onion is no longer an expired one", 1);
    check_text(&scene, words, false);
    check_log(&scene, "has told of no other seed", 1);
    end(&scene);
}

/* Proof of work in the second half of the day needs the tors' own uploads. */
static void test_work_without_publishing(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 2, DESCRIPTOR_FIRST);
    publisher_note_uploading(scene.story->publisher, 1, false, scene.story->now);
    run(&scene, MINUTE);
    run(&scene, MINUTE);
    check_log(&scene, "has proof of work on and PublishHidServDescriptors 0", 1);
    publisher_note_uploading(scene.story->publisher, 1, true, scene.story->now);
    run(&scene, MINUTE);
    check_log(&scene, "has no longer both", 1);
    end(&scene);
}

/* Two tors with one address are never one and the same series. */
static void test_series(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 3, 2, DESCRIPTOR_FIRST);
    char *text = write_metrics(&scene);
    size_t lines = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *value = strchr(line, '\n');
        while (*value != ' ')
            value--;
        size_t length = (size_t)(value - line) + 1;
        lines++;
        for (const char *other = strchr(line, '\n') + 1; *other != '\0'; other = strchr(other, '\n') + 1) {
            if (*line != '#' && strncmp(line, other, length) == 0)
                fail_msg("a series is there twice: %.*s", (int)length, line);
        }
    }
    assert_true(lines > 100);
    free(text);
    end(&scene);
}

/* The table of --once tells them apart by their names, and says why one has no place. */
static void test_table(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 2, DESCRIPTOR_FIRST);
    scene.story->backends[1].seed = 0;
    run(&scene, 100 * MINUTE);
    const struct config config = {.frontends = &scene.config, .frontend_count = 1};
    const struct outcome outcome = {
        .publisher = scene.story->publisher, .config = &config, .ended = scene.story->now};
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    outcome_print_table(&outcome, file);
    fclose(file);
    check_has(text, "    node1  3 introduction points\n    node2  3 introduction points\n", true);
    check_has(text, "note: none of them is published, as its tor has proof of work off, and others", true);
    check_has(text, "effort 0", false);
    free(text);
    end(&scene);
}

/* A share is of what HSDirs have, not of what they are to have: where that is not known of any, nothing is
 * said. */
static void test_what_is_there_counts(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 2, 2, DESCRIPTOR_FIRST);
    publisher_note_unreachable(scene.story->publisher, 1, "it is dead", SOURCE_GONE, scene.story->now);
    json_t *status = status_make_json(&scene.view);
    check(instance_of(status, 0), "share", "0.5");
    check(instance_of(status, 1), "share", "0.5");
    json_decref(status);
    scene.story->hsdirs_answer = false;
    story_run(scene.story, 30000);
    status = status_make_json(&scene.view);
    check(instance_of(status, 0), "share", "1.0");
    json_decref(status);
    scene.story->hsdirs_answer = true;
    story_run(scene.story, 3 * 60 * 60 * 1000);
    status = status_make_json(&scene.view);
    check(instance_of(status, 0), "share", "1.0");
    check(instance_of(status, 1), "share", "0.0");
    json_decref(status);
    struct publisher_descriptor *descriptor =
        &scene.story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST];
    for (size_t i = 0; i < descriptor->upload_count; i++) /* another publisher has others there */
        descriptor->uploads[i].look.verdict = LOOK_OTHERS;
    status = status_make_json(&scene.view);
    check(instance_of(status, 0), "share", "null");
    json_decref(status);
    end(&scene);
}

/* To how many clients it is restricted, everywhere that it is called published; and what its tors make of
 * that. */
static void test_restricted(void **state)
{
    (void)state;
    struct scene scene;
    struct authorized_clients *one = clients_make(0, 1), *two = clients_make(0, 2);
    begin(&scene, 2, 0, DESCRIPTOR_FIRST);
    check_log(&scene, "authorised client", 0);
    check_text(&scene, "restricted to", false);
    publisher_set_clients(scene.story->publisher, 0, two, scene.story->now);
    run(&scene, MINUTE);
    json_t *status = status_make_json(&scene.view);
    check(service_of(status), "authorizedClients", "2");
    json_decref(status);
    check_text(&scene, "published, restricted to 2 clients\n", true);
    char *text = write_metrics(&scene), line[256];
    snprintf(line, sizeof(line), "\nobpub_frontend_authorized_clients{frontend=\"%s.onion\"} 2\n",
             scene.config.address);
    check_has(text, line, true);
    free(text);
    check_log(
        &scene,
        "is restricted from now on: 2 authorised clients can read its descriptors, and before everybody "
        "could; they go out anew",
        1);
    check_log(&scene, "uploads itself EVERYBODY CAN READ", 2);
    publisher_note_uploading(scene.story->publisher, 0, false, scene.story->now);
    run(&scene, MINUTE);
    check_log(&scene, "uploads itself is for those whom the frontend is for", 1);
    publisher_set_clients(scene.story->publisher, 0, one, scene.story->now);
    run(&scene, MINUTE);
    check_text(&scene, "published, restricted to 1 client\n", true);
    check_log(&scene, "has other authorised clients: 1 now, 2 before", 1);
    publisher_set_clients(scene.story->publisher, 0, NULL, scene.story->now);
    run(&scene, MINUTE);
    check_log(&scene,
              "is OPEN from now on: everybody can read its descriptors, and before 1 authorised client "
              "could",
              1);
    status = status_make_json(&scene.view);
    check(service_of(status), "authorizedClients", "null");
    json_decref(status);
    check_text(&scene, "restricted to", false);
    text = write_metrics(&scene);
    check_has(text, "obpub_frontend_authorized_clients{", false);
    free(text);
    authorized_clients_release(one);
    authorized_clients_release(two);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restricted),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_publishing_off),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_no_own_points),
        cmocka_unit_test(test_one_lacks_work),
        cmocka_unit_test(test_some_have_work),
        cmocka_unit_test(test_early_seed),
        cmocka_unit_test(test_expired_seed),
        cmocka_unit_test(test_own_uploads),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_work_without_publishing),
        cmocka_unit_test(test_what_is_there_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
