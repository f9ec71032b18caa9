/* What is being asked of a source, and whom: the machine of the inquiry.
 *
 * A source is asked at ask_at: because of a hint of something new (its tor uploads, its connection was made,
 * clients went over to another time period), or without one, only to be sure. The answer to a question
 * without a hint is not waited for when a hint comes meanwhile.
 *
 *                        a hint came        a fetch began      the fetch ended
 *   closed               -                  -                  -
 *   idle                 hinted             polling            -
 *   hinted               -                  following          -
 *   polling              overtaken          -                  idle
 *   overtaken            -                  following anew     hinted
 *   following            following hinted   -                  idle
 *   following anew       following hinted   -                  idle
 *   following hinted     -                  -                  hinted
 *
 * From each of them to closed when there is nobody to ask any more, and to idle when there is again.
 */
#ifndef OBPUB_PUBLISH_SOURCE_INQUIRY_H
#define OBPUB_PUBLISH_SOURCE_INQUIRY_H

#include "publish/source.h"

/* Begins with nobody to ask; it is to be asked at once when there is. */
void inquiry_begin(struct source *source, int64_t now);

/* There is somebody to ask from now on, or nobody any more; whatever was under way has ended. */
void inquiry_open(struct source *source);
void inquiry_close(struct source *source, const char *why);

/* True while there is somebody to ask. */
bool source_is_reachable(const struct source *source);

/* True while it is being asked. */
bool source_is_asked(const struct source *source);

/* True when a fetch may begin. One that was begun without need, and that a dead HSDir keeps from ending, does
 * not stand in the way of news. */
bool source_may_be_asked(const struct source *source);

/* True when a fetch that begins now follows a hint. */
bool inquiry_has_hint(const struct source *source);

/* A hint came, to be followed at a moment, if it was not to be asked earlier anyway. */
void inquiry_note_hint(struct source *source, int64_t moment, const char *why);

/* A fetch has begun. */
void inquiry_note_begun(struct source *source, enum inquiry_target target);

/* The fetch, if one was under way, has ended. The source is asked next at next, but at again if it has to be
 * asked once more. */
void inquiry_note_ended(struct source *source, int64_t next, int64_t again);

/* It came to nothing, to be noted before its end. The next fetch asks the other target. */
void inquiry_note_failed(struct source *source, int64_t now);

/* The next fetch asks the other target than the last one did. */
void inquiry_switch(struct source *source);

/* The next fetch asks this target, and all that is known of others' answers is forgotten. */
void inquiry_want(struct source *source, enum inquiry_target target);

#endif
