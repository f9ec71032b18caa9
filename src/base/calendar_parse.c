/* Reads dates and times of day. */
#include <stdbool.h>

#include "base/calendar.h"

#define SECOND_LENGTH 19 /* YYYY-MM-DD HH:MM:SS, or with another separator */

/* Reads count digits at offset of a time. Returns their value, or -1. */
static int parse_digits(struct text text, size_t offset, size_t count)
{
    int value = 0;
    for (size_t i = offset; i < offset + count; i++) {
        if (text.start[i] < '0' || text.start[i] > '9')
            return -1;
        value = value * 10 + (text.start[i] - '0');
    }
    return value;
}

static bool year_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year_is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int before = year - 1;
    int64_t days = (int64_t)before * 365 + before / 4 - before / 100 + before / 400;
    for (int i = 1; i < month; i++)
        days += days_of_month(year, i);
    return days + day - 1 - 719162; /* the days from 0001-01-01 to 1970-01-01 */
}

static int parse(struct text text, char separator, int64_t *seconds)
{
    if (text.length != SECOND_LENGTH || text.start[4] != '-' || text.start[7] != '-' ||
        text.start[10] != separator || text.start[13] != ':' || text.start[16] != ':')
        return -1;
    int year = parse_digits(text, 0, 4), month = parse_digits(text, 5, 2), day = parse_digits(text, 8, 2);
    int hour = parse_digits(text, 11, 2), minute = parse_digits(text, 14, 2),
        second = parse_digits(text, 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return -1;
    *seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return 0;
}

int calendar_parse_second(struct text text, int64_t *seconds)
{
    return parse(text, ' ', seconds);
}

int calendar_parse_stamp(struct text text, int64_t *seconds)
{
    return parse(text, 'T', seconds);
}
