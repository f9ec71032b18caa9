/* Text from a file, made safe to show on a terminal. */
#include "base/printable.h"

#include <stddef.h>
#include <stdint.h>

/* Decodes the UTF-8 sequence that text begins with. Returns its length in bytes, or 0 when it is not valid
 * (too long for its value, a surrogate, beyond U+10FFFF, or cut off by the NUL). */
static size_t decode_character(const unsigned char *text, uint32_t *character)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t smallest;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
        if ((text[0] & forms[form].mask) != forms[form].lead)
            continue;
        *character = text[0] & (unsigned char)~forms[form].mask;
        for (size_t i = 1; i <= form; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            *character = *character << 6 | (text[i] & 0x3f);
        }
        if (*character < forms[form].smallest || *character > 0x10ffff ||
            (*character >= 0xd800 && *character <= 0xdfff))
            return 0;
        return form + 1;
    }
    return 0;
}

static bool is_harmless(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } harmful[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
    };
    for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        if (character >= harmful[i].first && character <= harmful[i].last)
            return false;
    }
    return true;
}

bool text_make_printable(char *text)
{
    bool replaced = false;
    while (*text != '\0') {
        uint32_t character = 0;
        size_t length = decode_character((const unsigned char *)text, &character);
        if (length > 0 && is_harmless(character)) {
            text += length;
            continue;
        }
        for (size_t i = 0; i < (length > 0 ? length : 1); i++)
            text[i] = '?';
        text += length > 0 ? length : 1;
        replaced = true;
    }
    return replaced;
}
