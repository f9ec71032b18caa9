/* What is reported of a frontend whose tors have its key, and of each of these twins. */
#include "report/twins.h"

#include <math.h>
#include <string.h>

#include "publish/lead.h"
#include "publish/own_points.h"
#include "publish/source_work.h"

bool twins_has_key(const struct publisher *publisher, const struct source *source)
{
    return source->frontend_count > 0 &&
           memcmp(source->identity_key, publisher->frontends[source->frontends[0]].identity_key,
                  ED25519_PUBLIC_KEY_SIZE) == 0;
}

int64_t twins_find_lead(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    return lead_find(publisher, frontend) / 1000;
}

int64_t twins_find_kept_out(const struct publisher *publisher, const struct publisher_frontend *frontend,
                            enum descriptor_slot slot)
{
    const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
    if (lead_find(publisher, frontend) == 0 || descriptor->round.number == 0 || descriptor->round.lead == 0)
        return MOMENT_NONE;
    return descriptor->round.begun_at + descriptor->round.lead;
}

/* The descriptor that clients use now; NULL while the network is not known. */
static const struct publisher_descriptor *find_clients(const struct publisher *publisher,
                                                       const struct publisher_frontend *frontend)
{
    const struct network *network = publisher->network;
    return network != NULL ? &frontend->descriptors[network->client_slot] : NULL;
}
/* What an HSDir has, as far as that is known: not what was sent there, where another publisher's was seen. */
static const struct point_set *find_known(const struct publisher_upload *upload)
{
    return upload->look.verdict != LOOK_OTHERS ? upload->taken : NULL;
}

double twins_find_share(const struct publisher *publisher, const struct publisher_frontend *frontend,
                        uint64_t source)
{
    const struct publisher_descriptor *descriptor = find_clients(publisher, frontend);
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; descriptor != NULL && i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        const struct point_set *set = find_known(upload);
        if (!upload->is_asked || set == NULL)
            continue;
        sum += (double)point_set_count_of(set, source) / (double)set->count;
        count++;
    }
    return count > 0 ? sum / (double)count : NAN;
}

uint64_t twins_find_owner(const struct publisher_upload *upload)
{
    const struct point_set *set = find_known(upload);
    if (set == NULL || point_set_count_of(set, set->entries[0].source) < set->count)
        return SOURCE_NONE;
    return set->entries[0].source;
}

size_t twins_count_hsdirs(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          uint64_t source)
{
    const struct publisher_descriptor *descriptor = find_clients(publisher, frontend);
    size_t count = 0;
    for (size_t i = 0; descriptor != NULL && i < descriptor->upload_count; i++)
        count += descriptor->uploads[i].is_asked && twins_find_owner(&descriptor->uploads[i]) == source;
    return count;
}

bool twins_has_own_points(const struct publisher *publisher, const struct source *twin)
{
    const struct network *network = publisher->network;
    const struct descriptor *descriptor;
    return network != NULL &&
           own_points_find(twin, network->period_number[network->client_slot], &descriptor) != NULL;
}

bool twins_has_expired_seed(const struct source *twin)
{
    return source_verifies_work(twin) && !source_offers_work(twin);
}

const char *twins_name_uploading(const struct source *twin)
{
    static const char *const names[] = {
        [SOURCE_UPLOADING_UNKNOWN] = "unknown",
        [SOURCE_UPLOADING_OFF] = "off",
        [SOURCE_UPLOADING_ON] = "on",
    };
    return names[twin->uploading];
}

void twins_format_seed(char text[TWINS_SEED_SIZE], const struct pow_params *pow_params)
{
    hex_encode_upper(text, pow_params->seed, TWINS_SEED_BYTES);
}
