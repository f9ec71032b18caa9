/* Telling of the changes of a source's machines, for whoever wants to follow what is done with it, and why.
 */
#ifndef OBPUB_PUBLISH_SOURCE_CHANGE_H
#define OBPUB_PUBLISH_SOURCE_CHANGE_H

#include <stdint.h>

struct source;

/* Good for as long as the call lasts that tells of it. */
struct source_change {
    uint64_t source;       /* its number */
    const char *machine;   /* which of them: "life", "inquiry" or "trust" */
    const char *from, *to; /* states, by their names */
    const char *why;       /* a few words, or what the source's peer said: not to be shown unchecked */
};

/* Who is told. It must not call the publisher. */
struct source_observer {
    void (*changed)(const struct source_change *change, void *context); /* NULL: nobody is */
    void *context;
};

/* Tells the source's observer, if there is one. */
void source_tell_change(const struct source *source, const char *machine, const char *from, const char *to,
                        const char *why);

#endif
