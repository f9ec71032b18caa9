/* Many small secrets of one size in few pages of secret memory. */
#include "base/secret_pool.h"

#include "base/memory.h"

/* As many as fit a page of 4096 bytes. */
#define BLOCK_ITEMS ((4096 - 2 * sizeof(void *)) / SECRET_POOL_ITEM_SIZE)

struct secret_pool_block {
    struct secret_pool_block *before;
    size_t count;
    uint8_t items[BLOCK_ITEMS][SECRET_POOL_ITEM_SIZE];
};

uint8_t *secret_pool_add(struct secret_pool *pool)
{
    if (pool->last == NULL || pool->last->count == BLOCK_ITEMS) {
        struct secret_pool_block *block = secret_allocate(sizeof(*block));
        block->before = pool->last;
        pool->last = block;
    }
    return pool->last->items[pool->last->count++];
}

void secret_pool_clear(struct secret_pool *pool)
{
    while (pool->last != NULL) {
        struct secret_pool_block *before = pool->last->before;
        secret_free(pool->last);
        pool->last = before;
    }
}
