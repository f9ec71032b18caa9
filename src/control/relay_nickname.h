/* The nickname in what a tor says of a relay (GETINFO ns/id/..., control-spec 3.9; dir-spec, "router status
 * entries"). */
#ifndef OBPUB_CONTROL_RELAY_NICKNAME_H
#define OBPUB_CONTROL_RELAY_NICKNAME_H

#include "base/text.h"

/* Longest nickname, with a NUL. */
#define RELAY_NICKNAME_SIZE 20

/* Takes it out of a relay's lines, of which "r NICKNAME ..." is the first. Returns 0; or -1 with nickname
 * empty, when there is none, or one with characters that no nickname has. */
int relay_nickname_parse(char nickname[RELAY_NICKNAME_SIZE], struct text lines);

#endif
