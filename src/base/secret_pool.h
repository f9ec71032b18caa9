/* Many small secrets of one size in few pages of secret memory, where one page each would be thousands of
 * locked ones. */
#ifndef OBPUB_BASE_SECRET_POOL_H
#define OBPUB_BASE_SECRET_POOL_H

#include <stddef.h>
#include <stdint.h>

#define SECRET_POOL_ITEM_SIZE 32 /* bytes of a secret */

struct secret_pool_block;

/* Zeroed at first. */
struct secret_pool {
    struct secret_pool_block *last;
};

/* Adds a zeroed secret, to be filled in; it stays where it is until the pool is cleared. */
uint8_t *secret_pool_add(struct secret_pool *pool);

/* Wipes and releases all secrets of the pool, which is empty then. */
void secret_pool_clear(struct secret_pool *pool);

#endif
