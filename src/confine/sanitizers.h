/* Whether this build has sanitizers in it: their run-time library makes calls of its own at any moment, opens
 * files and starts processes, and it answers mlock() itself and locks nothing. */
#ifndef OBPUB_CONFINE_SANITIZERS_H
#define OBPUB_CONFINE_SANITIZERS_H

#include <stdbool.h>

#ifdef __has_feature
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define HAS_SANITIZERS true
#else
#define HAS_SANITIZERS false
#endif

#endif
