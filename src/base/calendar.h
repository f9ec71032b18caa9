/* Moments as dates and times of day, in UTC. */
#ifndef OBPUB_BASE_CALENDAR_H
#define OBPUB_BASE_CALENDAR_H

#include <stdint.h>

/* Room for the date of any moment that has one. */
#define CALENDAR_TEXT_SIZE 64

/* Write a moment (seconds since the epoch) as "2026-12-22 06:00", and as "2026-12-22 06:00:00"; as "an
 * unknown time" when no calendar has it: then they return -1, else 0. */
int calendar_format_minute(char text[CALENDAR_TEXT_SIZE], int64_t seconds);
int calendar_format_second(char text[CALENDAR_TEXT_SIZE], int64_t seconds);

#endif
