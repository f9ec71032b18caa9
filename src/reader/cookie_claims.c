/* Which control port each cookie file has been used for: no file is used for two of them. */
#include "reader/cookie_claims.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

/* More than a config has control ports. */
#define CLAIMS_MAX 20000

/* A file has many paths, so the inodes are compared; but tor writes its cookie anew whenever it starts, so
 * that the inode of a path is asked for each time. Who could make a file may make a link in its place, to one
 * of somebody else: that is not claimed. */
static bool is_file(const struct cookie_claim *claim, const char *path, const struct cookie_origin *origin)
{
    struct stat status;
    if (strcmp(claim->path, path) == 0)
        return true;
    return stat(claim->path, &status) == 0 && status.st_uid == claim->owner &&
           status.st_dev == origin->device && status.st_ino == origin->inode;
}

/* Whether a control port may take the file away from the one that has it. */
static bool gives_way(const struct cookie_claim *claim, bool is_local_tor)
{
    if (claim->is_local_tor != is_local_tor)
        return is_local_tor;
    return claim->is_old;
}

const struct cookie_claim *cookie_claims_find(const struct cookie_claims *claims, const char *place,
                                              bool is_local_tor, const char *path,
                                              const struct cookie_origin *origin)
{
    for (size_t i = 0; i < claims->count; i++) {
        const struct cookie_claim *claim = &claims->claims[i];
        if (is_file(claim, path, origin) && strcmp(claim->place, place) != 0 &&
            !gives_way(claim, is_local_tor))
            return claim;
    }
    return NULL;
}

bool cookie_claims_has(const struct cookie_claims *claims, const char *place, const char *path,
                       const struct cookie_origin *origin)
{
    for (size_t i = 0; i < claims->count; i++) {
        if (strcmp(claims->claims[i].place, place) == 0 && is_file(&claims->claims[i], path, origin))
            return true;
    }
    return false;
}

static void remove_claim(struct cookie_claims *claims, size_t i)
{
    free(claims->claims[i].place);
    free(claims->claims[i].path);
    claims->claims[i] = claims->claims[--claims->count];
}

void cookie_claims_note(struct cookie_claims *claims, const char *place, bool is_local_tor, const char *path,
                        const struct cookie_origin *origin)
{
    bool was_local_tor = false;
    for (size_t i = 0; i < claims->count;) {
        const struct cookie_claim *claim = &claims->claims[i];
        bool is_same_place = strcmp(claim->place, place) == 0;
        was_local_tor = was_local_tor || (is_same_place && claim->is_local_tor && !claim->is_old);
        if (is_same_place || is_file(claim, path, origin))
            remove_claim(claims, i);
        else
            i++;
    }
    if (claims->count == CLAIMS_MAX)
        remove_claim(claims, 0);
    claims->claims =
        memory_make_room(claims->claims, &claims->room, claims->count + 1, 8, sizeof(*claims->claims));
    claims->claims[claims->count++] = (struct cookie_claim){
        .place = memory_copy_text(place, strlen(place)),
        .path = memory_copy_text(path, strlen(path)),
        .owner = origin->owner,
        .is_local_tor = is_local_tor || was_local_tor,
    };
}

void cookie_claims_grow_old(struct cookie_claims *claims,
                            bool (*is_listed)(const char *place, const void *context), const void *context)
{
    for (size_t i = 0; i < claims->count; i++)
        claims->claims[i].is_old = claims->claims[i].is_old || !is_listed(claims->claims[i].place, context);
}

void cookie_claims_clear(struct cookie_claims *claims)
{
    while (claims->count > 0)
        remove_claim(claims, claims->count - 1);
    free(claims->claims);
    *claims = (struct cookie_claims){0};
}
