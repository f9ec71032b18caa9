/* Lines, words and base64 figures of directory documents, read in place and without allocation. */
#include "directory_text.h"

#include "base64.h"

int directory_decode_base64(struct text text, uint8_t *bytes, size_t size)
{
    if (text.length != BASE64_LENGTH(size))
        return -1;
    return text_decode_base64_exact(text, bytes, size);
}
