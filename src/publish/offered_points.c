/* The introduction points that a source has offered of late. */
#include "publish/offered_points.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A tor has some 6 points in its two descriptors, and replaces one in a day or so; under attack, in minutes.
 */
#define OFFERED_POINTS_MAX 256
#define OFFERED_TIME ((int64_t)24 * 60 * 60 * 1000)
/* Bytes of an authentication key: nobody makes another one that begins with the same. */
#define BEGINNING_SIZE 16

struct offered_point {
    uint8_t beginning[BEGINNING_SIZE]; /* of its authentication key */
    int64_t at;                        /* when it was last offered */
};

static struct offered_point *find(const struct offered_points *offered, const uint8_t *auth_key)
{
    for (size_t i = 0; i < offered->count; i++) {
        if (memcmp(offered->points[i].beginning, auth_key, BEGINNING_SIZE) == 0)
            return &offered->points[i];
    }
    return NULL;
}

/* A place for one more point. */
static struct offered_point *make_place(struct offered_points *offered)
{
    if (offered->count < OFFERED_POINTS_MAX) {
        offered->points =
            memory_extend(offered->points, &offered->count, offered->count + 1, sizeof(*offered->points));
        return &offered->points[offered->count - 1];
    }
    struct offered_point *oldest = &offered->points[0];
    for (size_t i = 1; i < offered->count; i++) {
        if (offered->points[i].at < oldest->at)
            oldest = &offered->points[i];
    }
    return oldest;
}

void offered_points_note(struct offered_points *offered, const struct descriptor *descriptor, int64_t now)
{
    for (size_t i = 0; i < descriptor->point_count; i++) {
        const uint8_t *auth_key = descriptor->points[i].auth_key;
        struct offered_point *point = find(offered, auth_key);
        if (point == NULL) {
            point = make_place(offered);
            memcpy(point->beginning, auth_key, BEGINNING_SIZE);
        }
        point->at = now;
    }
}

bool offered_points_has(const struct offered_points *offered, const struct introduction_point *point,
                        int64_t now)
{
    const struct offered_point *found = find(offered, point->auth_key);
    return found != NULL && now - found->at <= OFFERED_TIME;
}

void offered_points_clear(struct offered_points *offered)
{
    free(offered->points);
    *offered = (struct offered_points){0};
}
