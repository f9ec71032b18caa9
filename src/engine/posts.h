/* The engine's posts: uploads on their way. */
#ifndef OBPUB_ENGINE_POSTS_H
#define OBPUB_ENGINE_POSTS_H

#include "engine/engine_state.h"

/* Begins a post for one of an action's HSDirs; ends those of the same frontend that are still on their way
 * there. */
struct post *engine_begin_post(struct engine *engine, const struct publisher_action *action, size_t hsdir);

/* Tells the publisher that a post's upload failed. */
void engine_fail_post(struct post *post, enum upload_failure failure, const char *reason);

/* Ends a post and frees it; nothing is told. */
void engine_end_post(struct post *post);

/* A post is handed to its tor once more: as if it had begun just now. */
void engine_begin_post_again(struct post *post);

/* An HSDir's answer to an upload, from a local tor. */
void engine_note_upload_event(struct engine *engine, size_t tor, const struct hs_desc_event *event);

/* What a local tor says of its streams: that tells which uploads will never be answered. */
void engine_note_stream(struct engine *engine, size_t tor, const struct stream_event *event);

/* Forgets the posts that a tor was given; PUBLISHER_NO_TOR for all. */
void engine_drop_posts(struct engine *engine, size_t tor);

/* The frontend goes: forgets whose its posts were. */
void engine_disown_posts(struct engine *engine, size_t frontend);

#endif
