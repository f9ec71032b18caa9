/* Moments as dates and times of day, in UTC. */
#ifndef OBPUB_BASE_CALENDAR_H
#define OBPUB_BASE_CALENDAR_H

#include <stdint.h>

#include "base/text.h"

/* Room for the date of any moment that has one. */
#define CALENDAR_TEXT_SIZE 64

/* Write a moment (seconds since the epoch) as "2026-12-22 06:00", as "2026-12-22 06:00:00", and as
 * "2026-12-22T06:00:00"; as "an unknown time" when no calendar has it: then they return -1, else 0. */
int calendar_format_minute(char text[CALENDAR_TEXT_SIZE], int64_t seconds);
int calendar_format_second(char text[CALENDAR_TEXT_SIZE], int64_t seconds);
int calendar_format_stamp(char text[CALENDAR_TEXT_SIZE], int64_t seconds);

/* Parse exactly "YYYY-MM-DD HH:MM:SS", and "YYYY-MM-DDTHH:MM:SS", of the years 1970 to 9999, to seconds since
 * the epoch. Return 0 or -1.
 */
int calendar_parse_second(struct text text, int64_t *seconds);
int calendar_parse_stamp(struct text text, int64_t *seconds);

#endif
