/* Lays a text out for a terminal on which it is shown again and again in the same place. */
#include "report/screen.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define GO_TO_CORNER "\033[H"
#define CLEAR_TO_END_OF_LINE "\033[K"
#define CLEAR_TO_END_OF_SCREEN "\033[J"
#define NO_COLOUR "\033[0m"
/* Columns by which further rows of a line begin after the line itself, where there is room for that. */
#define HANGING 4
#define HANGING_COLUMNS_MIN 40

struct screen {
    FILE *file;
    size_t columns, rows; /* 0: any number */
    size_t row, column;   /* where the next character goes, from 0 */
};

/* The bytes of an SGR sequence that begins here, which takes no column; 0 where none does. */
static size_t measure_colour(struct text rest)
{
    if (rest.length < 3 || rest.start[0] != '\033' || rest.start[1] != '[')
        return 0;
    size_t length = 2;
    while (length < rest.length && strchr("0123456789;", rest.start[length]) != NULL)
        length++;
    return length < rest.length && rest.start[length] == 'm' ? length + 1 : 0;
}

/* The columns that a text takes: bytes that go on with a character of UTF-8 take none. */
static size_t measure_columns(struct text text)
{
    size_t columns = 0;
    while (text.length > 0) {
        size_t skipped = measure_colour(text);
        columns += skipped == 0 && ((unsigned char)text.start[0] & 0xc0) != 0x80;
        skipped = skipped > 0 ? skipped : 1;
        text = (struct text){text.start + skipped, text.length - skipped};
    }
    return columns;
}

/* Behind a full row the cursor is on its last character, which would be cleared. */
static void end_row(struct screen *screen)
{
    if (screen->columns == 0 || screen->column < screen->columns)
        fputs(CLEAR_TO_END_OF_LINE, screen->file);
    fputc('\n', screen->file);
    screen->row++;
    screen->column = 0;
}

/* Begins a further row of a line. */
static void continue_line(struct screen *screen, size_t indent)
{
    end_row(screen);
    fprintf(screen->file, "%*s", (int)indent, "");
    screen->column = indent;
}

/* Writes a word, in pieces where it is longer than a row. */
static void put_word(struct screen *screen, struct text word, size_t indent)
{
    while (word.length > 0) {
        size_t taken = measure_colour(word);
        bool is_wide = taken == 0 && ((unsigned char)word.start[0] & 0xc0) != 0x80;
        taken = taken > 0 ? taken : 1;
        if (is_wide && screen->columns > 0 && screen->column >= screen->columns)
            continue_line(screen, indent);
        fwrite(word.start, 1, taken, screen->file);
        screen->column += is_wide;
        word = (struct text){word.start + taken, word.length - taken};
    }
}

/* Writes a line, in as many rows as it takes. */
static void put_line(struct screen *screen, struct text line)
{
    size_t own = 0;
    while (own < line.length && line.start[own] == ' ')
        own++;
    bool is_hanging = screen->columns >= HANGING_COLUMNS_MIN && own + HANGING < screen->columns / 2;
    size_t indent = is_hanging ? own + HANGING : 0;
    for (bool is_first = true; line.length > 0; is_first = false) {
        size_t blanks = 0, end = 0;
        while (blanks < line.length && line.start[blanks] == ' ')
            blanks++;
        for (end = blanks; end < line.length && line.start[end] != ' '; end++)
            continue;
        const struct text word = {line.start + blanks, end - blanks};
        size_t columns = measure_columns(word);
        if (!is_first && screen->columns > 0 && screen->column + blanks + columns > screen->columns) {
            continue_line(screen, indent);
        } else {
            fprintf(screen->file, "%*s", (int)blanks, "");
            screen->column += blanks;
        }
        put_word(screen, word, indent);
        line = (struct text){line.start + end, line.length - end};
    }
    end_row(screen);
}

/* Puts the first rows of what was laid out. */
static void put_rows(struct screen *screen, const char *text, size_t count)
{
    const char *end = text;
    for (size_t i = 0; i < count; i++)
        end = strchr(end, '\n') + 1;
    fwrite(text, 1, (size_t)(end - text), screen->file);
    screen->row += count;
}

/* Puts a line, or as much of it as there is room for above a row that says so; is_last: none comes behind it.
 * Returns whether that was all. */
static bool fit_line(struct screen *screen, struct text line, bool is_last)
{
    char *text = NULL;
    size_t length = 0;
    struct screen alone = {.file = open_memstream(&text, &length), .columns = screen->columns};
    if (alone.file == NULL)
        return false;
    put_line(&alone, line);
    fclose(alone.file);
    size_t room = screen->rows - screen->row;
    bool is_whole = screen->rows == 0 || alone.row + (is_last ? 0 : 1) <= room;
    put_rows(screen, text, is_whole ? alone.row : room - 1);
    free(text);
    return is_whole;
}

/* Says in one row that lines are missing, or their ends. */
static void say_left_out(struct screen *screen, size_t count)
{
    char text[96];
    snprintf(text, sizeof(text), "... and %zu more line%s: make this terminal higher", count,
             count == 1 ? "" : "s");
    screen->column = strlen(text) < screen->columns ? strlen(text) : screen->columns;
    fprintf(screen->file, NO_COLOUR "%.*s", (int)screen->column, text);
    end_row(screen);
}

char *screen_lay_out(const char *text, size_t length, size_t columns, size_t rows)
{
    char *laid_out = NULL;
    size_t size = 0, left_out = 0;
    struct screen screen = {.file = open_memstream(&laid_out, &size),
                            .columns = columns,
                            .rows = rows > 0 && columns > 0 ? rows - 1 : 0};
    if (screen.file == NULL)
        return NULL;
    fputs(GO_TO_CORNER, screen.file);
    for (struct text rest = {text, length}, line; rest.length > 0;) {
        text_take_until(&rest, '\n', &line);
        if (left_out > 0 || !fit_line(&screen, line, rest.length == 0))
            left_out++;
    }
    if (left_out > 0)
        say_left_out(&screen, left_out);
    fputs(CLEAR_TO_END_OF_SCREEN, screen.file);
    fclose(screen.file);
    return laid_out;
}
