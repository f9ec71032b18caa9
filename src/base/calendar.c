/* Moments as dates and times of day, in UTC. */
#include "base/calendar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int format(char text[CALENDAR_TEXT_SIZE], int64_t seconds, bool has_seconds)
{
    time_t moment = (time_t)seconds;
    struct tm fields;
    size_t length = 0;
    if (gmtime_r(&moment, &fields) != NULL && has_seconds)
        length = strftime(text, CALENDAR_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &fields);
    else if (gmtime_r(&moment, &fields) != NULL)
        length = strftime(text, CALENDAR_TEXT_SIZE, "%Y-%m-%d %H:%M", &fields);
    if (length > 0)
        return 0;
    snprintf(text, CALENDAR_TEXT_SIZE, "an unknown time");
    return -1;
}

int calendar_format_minute(char text[CALENDAR_TEXT_SIZE], int64_t seconds)
{
    return format(text, seconds, false);
}

int calendar_format_second(char text[CALENDAR_TEXT_SIZE], int64_t seconds)
{
    return format(text, seconds, true);
}

int calendar_format_stamp(char text[CALENDAR_TEXT_SIZE], int64_t seconds)
{
    if (format(text, seconds, true) != 0)
        return -1;
    *strchr(text, ' ') = 'T';
    return 0;
}
