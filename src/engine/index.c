/* Which backends and which frontend have an onion address. */
#include "engine/index.h"

#include <string.h>

/* An address is found by its first half, which no two share: 160 bits of the identity key. */
_Static_assert(ONION_ADDRESS_LENGTH >= KEY_INDEX_KEY_SIZE,
               "the key of an index is the beginning of an address");

static void add_address(struct key_index *index, const char *address, size_t number)
{
    key_index_add(index, (const uint8_t *)address, number);
}

/* A backend stands before those that have its address already. */
static void add_backend_address(struct engine *engine, size_t row)
{
    struct engine_backend *backend = engine->backends[row];
    backend->next_at_address = engine_first_backend(engine, backend->config->address);
    add_address(&engine->backend_index, backend->config->address, row);
}

size_t engine_first_backend(const struct engine *engine, const char *address)
{
    return key_index_find(&engine->backend_index, (const uint8_t *)address);
}

size_t engine_find_frontend(const struct engine *engine, const char *address)
{
    size_t number = key_index_find(&engine->frontend_index, (const uint8_t *)address);
    bool is_it = number != KEY_INDEX_NONE && strcmp(engine->frontends[number].config->address, address) == 0;
    return is_it ? number : KEY_INDEX_NONE;
}

void engine_index_frontend(struct engine *engine, size_t number)
{
    add_address(&engine->frontend_index, engine->frontends[number].config->address, number);
}

void engine_index_clear(struct engine *engine)
{
    key_index_clear(&engine->backend_index);
    key_index_clear(&engine->frontend_index);
}

void engine_index_all(struct engine *engine)
{
    engine_index_clear(engine);
    for (size_t i = 0; i < engine->backend_count; i++) {
        if (engine->backends[i]->config != NULL)
            add_backend_address(engine, i);
    }
    for (size_t i = 0; i < engine->frontend_count; i++) {
        if (engine->frontends[i].config != NULL)
            engine_index_frontend(engine, i);
    }
}
