/* The signer's process: waits for requests of the engine and of the reader, and answers them. */
#ifndef OBPUB_SIGNER_SIGNER_PROCESS_H
#define OBPUB_SIGNER_SIGNER_PROCESS_H

#include "base/error.h"

/* Answers the requests that come through the channels from the engine and from the reader until one of the
 * two is closed, then wipes all keys. libsodium must have been initialised. Returns 0, or -1 when a request
 * was not one that may be made, with what was wrong with it. */
int signer_process_run(int engine, int reader, struct error *error);

#endif
