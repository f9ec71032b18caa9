/* Stories of twins that verify proof of work, whose frontend is split. */
#include "helper_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../sim/model.h"

void split_switch_on(struct story *story, size_t twin)
{
    story->backends[twin].seed = (uint8_t)(twin + 1);
}

void split_tell_upload(struct story *story, size_t twin, enum descriptor_slot slot, enum source_upload what,
                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const uint8_t *blinded_key =
        what == SOURCE_UPLOAD_BEGUN ? story->publisher->frontends[0].descriptors[slot].blinded_key : NULL;
    publisher_note_source_upload(story->publisher, twin, what, fingerprint, blinded_key, story->now);
}

struct story *split_begin(size_t count, size_t with_work, enum descriptor_slot half)
{
    struct story *story = story_new_published_twins(count, half);
    publisher_set_twins(story->publisher, 0, LEAD, true, story->now);
    for (size_t i = 0; i < count; i++) /* HSDirs have nothing that was made for the second half */
        story->backends[i].period[FROM_HSDIRS] = story->backends[i].period[FROM_TOR];
    for (size_t i = 0; i < with_work; i++)
        split_switch_on(story, i);
    story_run(story, 30000); /* they are asked every five seconds */
    return story;
}

void split_find_spare(const struct story *story, enum descriptor_slot slot,
                      uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const struct network *network = story->publisher->network;
    const struct publisher_descriptor *descriptor = &split_frontend(story)->descriptors[slot];
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    bool is_asked[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, slot, descriptor->blinded_key, false, responsible);
    network_mark_asked(network, slot, descriptor->blinded_key, responsible, count, is_asked);
    size_t i = 0;
    while (is_asked[i])
        i++;
    assert_true(i < count);
    memcpy(fingerprint, network->hsdirs[responsible[i]->hsdir].fingerprint, RELAY_FINGERPRINT_SIZE);
}

void split_upload_next(struct story *story, size_t twin, uint64_t first)
{
    uint8_t spare[RELAY_FINGERPRINT_SIZE];
    split_find_spare(story, DESCRIPTOR_SECOND, spare);
    story->backends[twin].counter[FROM_TOR]++;
    story->backends[twin].counter[FROM_HSDIRS]++;
    story->backends[twin].period[FROM_HSDIRS] = story->backends[twin].period[FROM_TOR] + 1;
    for (uint64_t i = 0; i < 3; i++)
        story->backends[twin].points[FROM_HSDIRS][i] = first + i;
    split_tell_upload(story, twin, DESCRIPTOR_SECOND, SOURCE_UPLOAD_BEGUN, spare);
    split_tell_upload(story, twin, DESCRIPTOR_SECOND, SOURCE_UPLOAD_TAKEN, spare);
}

const struct publisher_frontend *split_frontend(const struct story *story)
{
    return &story->publisher->frontends[0];
}

size_t split_list_last(const struct story *story, enum descriptor_slot slot, const struct story_upload **last)
{
    const struct publisher_descriptor *descriptor = &split_frontend(story)->descriptors[slot];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        last[i] = NULL;
        for (size_t j = 0; j < story->upload_count; j++) {
            const struct story_upload *upload = &story->uploads[j];
            if (upload->slot == slot &&
                upload->hsdir == model_hsdir_number(descriptor->uploads[i].fingerprint))
                last[i] = upload;
        }
        assert_non_null(last[i]);
    }
    return descriptor->upload_count;
}
