/* Writes a status for a person. */
#include "report/status_printer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/printable.h"

void printer_begin_colour(const struct printer *printer, enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_NONE] = "",
        [COLOUR_GOOD] = "\033[32m",
        [COLOUR_DOUBTFUL] = "\033[33m",
        [COLOUR_BAD] = "\033[1;31m",
    };
    if (printer->has_colours)
        fputs(codes[colour], printer->file);
}

void printer_end_colour(const struct printer *printer, enum colour colour)
{
    if (printer->has_colours && colour != COLOUR_NONE)
        fputs("\033[0m", printer->file);
}

size_t printer_put_beginning(const struct printer *printer, const char *text, size_t length_max)
{
    char *copy = memory_copy_text(text, strnlen(text, length_max));
    text_make_printable(copy);
    size_t length = strlen(copy);
    fputs(copy, printer->file);
    free(copy);
    return length;
}

void printer_put_text(const struct printer *printer, const char *text)
{
    printer_put_beginning(printer, text, PRINTER_TEXT_SIZE_MAX);
}

void printer_put_coloured(const struct printer *printer, enum colour colour, const char *text)
{
    printer_begin_colour(printer, colour);
    printer_put_text(printer, text);
    printer_end_colour(printer, colour);
}

void printer_put_duration(const struct printer *printer, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t unit = 0;
    while (unit < 3 && seconds < 2 * units[unit].seconds)
        unit++;
    fprintf(printer->file, "%" PRId64 " %s", seconds > 0 ? seconds / units[unit].seconds : 0,
            units[unit].name);
}

const char *printer_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
