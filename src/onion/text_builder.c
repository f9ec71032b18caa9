/* Builds the text of a document in one buffer. */
#include "text_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base64.h"

/* Bytes that a line of an object holds: 64 characters of base64. */
#define OBJECT_LINE_SIZE 48
#define OBJECT_LINE_LENGTH 64

void text_builder_init(struct text_builder *builder, size_t capacity)
{
    *builder = (struct text_builder){.text = memory_resize(NULL, capacity + 1, 1), .room = capacity + 1};
    builder->text[0] = '\0';
}

/* Makes the text length bytes longer and returns where these begin. */
static char *extend(struct text_builder *builder, size_t length)
{
    builder->text = memory_make_room(builder->text, &builder->room, builder->length + length + 1, 0, 1);
    char *start = builder->text + builder->length;
    builder->length += length;
    builder->text[builder->length] = '\0';
    return start;
}

void text_builder_append(struct text_builder *builder, const char *string)
{
    size_t length = strlen(string);
    memcpy(extend(builder, length), string, length);
}

void text_builder_append_format(struct text_builder *builder, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        char *start = extend(builder, (size_t)length);
        vsnprintf(start, (size_t)length + 1, format, again);
    }
    va_end(again);
}

void text_builder_append_base64(struct text_builder *builder, const uint8_t *bytes, size_t size,
                                bool is_padded)
{
    size_t length = BASE64_LENGTH(size), padding = is_padded ? BASE64_PADDED_LENGTH(size) - length : 0;
    char *start = extend(builder, length + padding);
    base64_encode(start, bytes, size);
    memset(start + length, '=', padding);
}

void text_builder_append_object(struct text_builder *builder, const char *label, const uint8_t *bytes,
                                size_t size)
{
    text_builder_append(builder, "-----BEGIN ");
    text_builder_append(builder, label);
    text_builder_append(builder, "-----\n");
    const size_t full_lines = size / OBJECT_LINE_SIZE, rest = size % OBJECT_LINE_SIZE;
    char *line = extend(builder, full_lines * (OBJECT_LINE_LENGTH + 1));
    for (size_t i = 0; i < full_lines; i++) {
        base64_encode(line, bytes + i * OBJECT_LINE_SIZE, OBJECT_LINE_SIZE);
        line[OBJECT_LINE_LENGTH] = '\n';
        line += OBJECT_LINE_LENGTH + 1;
    }
    if (rest > 0) {
        text_builder_append_base64(builder, bytes + full_lines * OBJECT_LINE_SIZE, rest, true);
        text_builder_append(builder, "\n");
    }
    text_builder_append(builder, "-----END ");
    text_builder_append(builder, label);
    text_builder_append(builder, "-----");
}

void text_builder_pad(struct text_builder *builder, size_t multiple)
{
    size_t padding = (multiple - builder->length % multiple) % multiple;
    memset(extend(builder, padding), 0, padding);
}
