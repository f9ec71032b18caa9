/* The state machine as a whole: its making, its network, and what comes next. */
#include "publish/publisher.h"

#include <stdlib.h>
#include <string.h>

#include "obpub/memory.h"
#include "publish/publisher_parts.h"

struct publisher *publisher_new(const struct publisher_rules *rules)
{
    struct publisher *publisher = memory_allocate(1, sizeof(*publisher));
    publisher->rules = *rules;
    return publisher;
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    for (size_t i = 0; i < publisher->backend_count; i++)
        descriptor_free(publisher->backends[i].descriptor);
    for (size_t i = 0; i < publisher->frontend_count; i++)
        frontend_clear(&publisher->frontends[i]);
    network_free(publisher->network);
    free(publisher->backends);
    free(publisher->frontends);
    free(publisher);
}

size_t publisher_add_backend(struct publisher *publisher, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                             bool has_control)
{
    size_t number = publisher->backend_count++;
    publisher->backends =
        memory_resize(publisher->backends, publisher->backend_count, sizeof(*publisher->backends));
    struct publisher_backend *backend = &publisher->backends[number];
    memset(backend, 0, sizeof(*backend));
    memcpy(backend->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    backend->has_control = has_control;
    return number;
}

size_t publisher_add_frontend(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const size_t *backends,
                              size_t backend_count)
{
    size_t number = publisher->frontend_count++;
    publisher->frontends =
        memory_resize(publisher->frontends, publisher->frontend_count, sizeof(*publisher->frontends));
    struct publisher_frontend *frontend = &publisher->frontends[number];
    memset(frontend, 0, sizeof(*frontend));
    memcpy(frontend->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    frontend->backends = memory_allocate(backend_count, sizeof(*frontend->backends));
    memcpy(frontend->backends, backends, backend_count * sizeof(*backends));
    frontend->backend_count = backend_count;
    return number;
}

void publisher_set_network(struct publisher *publisher, struct network *network, int64_t now)
{
    bool is_first = publisher->network == NULL;
    network_free(publisher->network);
    publisher->network = network;
    for (size_t i = 0; is_first && i < publisher->backend_count; i++)
        publisher->backends[i].first_asked = now;
    for (size_t i = 0; i < publisher->frontend_count; i++)
        frontend_update_hsdirs(publisher, &publisher->frontends[i], now);
}

bool publisher_next_action(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    publisher_check_patience(publisher, now);
    publisher_check_answers(publisher, now);
    return publisher_next_fetch(publisher, action, now) || publisher_next_upload(publisher, action, now);
}

int64_t publisher_next_moment(const struct publisher *publisher)
{
    int64_t backend = publisher_next_backend_moment(publisher),
            upload = publisher_next_upload_moment(publisher);
    return backend < upload ? backend : upload;
}

size_t publisher_choose_points(const struct publisher *publisher, size_t number,
                               struct superdescriptor *superdescriptor)
{
    const struct publisher_frontend *frontend = &publisher->frontends[number];
    struct choice_offer *offers = memory_allocate(frontend->backend_count, sizeof(*offers));
    const struct descriptor **descriptors =
        memory_allocate(frontend->backend_count, sizeof(const struct descriptor *));
    size_t count = 0;
    for (size_t i = 0; i < frontend->backend_count; i++) {
        const struct publisher_backend *backend = &publisher->backends[frontend->backends[i]];
        if (backend->descriptor == NULL)
            continue;
        descriptors[count] = backend->descriptor;
        offers[count].identity_key = backend->identity_key;
        offers[count].points = backend->descriptor->points;
        offers[count].point_count = backend->descriptor->point_count;
        count++;
    }
    superdescriptor->point_count = choice_pick_points(superdescriptor->points, INTRODUCTION_POINTS_MAX,
                                                      offers, count, publisher->rules.seed);
    if (count > 0)
        superdescriptor_merge_features(superdescriptor, (const struct descriptor *const *)descriptors, count);
    free(offers);
    free(descriptors);
    return superdescriptor->point_count;
}

bool publisher_is_settled(const struct publisher *publisher)
{
    if (publisher->network == NULL)
        return false;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (!frontend_has_settled(publisher, &publisher->frontends[i]))
            return false;
    }
    return true;
}
