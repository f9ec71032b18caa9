/* Builds the text of a document in one buffer. */
#ifndef OBPUB_ONION_TEXT_BUILDER_H
#define OBPUB_ONION_TEXT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows; a NUL always follows it. Release text with free(). */
struct text_builder {
    char *text;
    size_t length; /* bytes, without the NUL */
    size_t room;   /* bytes, with it */
};

/* Begins with room for capacity bytes: more is allocated when that does not do. */
void text_builder_init(struct text_builder *builder, size_t capacity);

void text_builder_append(struct text_builder *builder, const char *string);

void text_builder_append_format(struct text_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends size bytes in base64, on one line. */
void text_builder_append_base64(struct text_builder *builder, const uint8_t *bytes, size_t size,
                                bool is_padded);

/* Appends an object: BEGIN, size bytes in base64 in lines of 64 characters, END without a newline. */
void text_builder_append_object(struct text_builder *builder, const char *label, const uint8_t *bytes,
                                size_t size);

/* Appends NULs until the length is a multiple of this many bytes. */
void text_builder_pad(struct text_builder *builder, size_t multiple);

#endif
