/* When which of a number of things wants to be looked at: a heap of moments. */
#include "publish/agenda.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NO_PLACE SIZE_MAX

static void grow(struct agenda *agenda, size_t count)
{
    if (count <= agenda->count)
        return;
    size_t size = agenda->count * 2 > count ? agenda->count * 2 : count;
    agenda->moments = memory_resize(agenda->moments, size, sizeof(*agenda->moments));
    agenda->places = memory_resize(agenda->places, size, sizeof(*agenda->places));
    agenda->heap = memory_resize(agenda->heap, size, sizeof(*agenda->heap));
    for (size_t i = agenda->count; i < size; i++) {
        agenda->moments[i] = AGENDA_NEVER;
        agenda->places[i] = NO_PLACE;
    }
    agenda->count = size;
}

static int64_t moment_at(const struct agenda *agenda, size_t place)
{
    return agenda->moments[agenda->heap[place]];
}

static void put(struct agenda *agenda, size_t place, size_t number)
{
    agenda->heap[place] = number;
    agenda->places[number] = place;
}

static void swap(struct agenda *agenda, size_t one, size_t other)
{
    size_t number = agenda->heap[one];
    put(agenda, one, agenda->heap[other]);
    put(agenda, other, number);
}

static void move_up(struct agenda *agenda, size_t place)
{
    while (place > 0 && moment_at(agenda, place) < moment_at(agenda, (place - 1) / 2)) {
        swap(agenda, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

static void move_down(struct agenda *agenda, size_t place)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= agenda->heap_count)
            return;
        if (child + 1 < agenda->heap_count && moment_at(agenda, child + 1) < moment_at(agenda, child))
            child++;
        if (moment_at(agenda, place) <= moment_at(agenda, child))
            return;
        swap(agenda, place, child);
        place = child;
    }
}

static void take_out(struct agenda *agenda, size_t number)
{
    size_t place = agenda->places[number];
    size_t last = --agenda->heap_count;
    if (place != last) {
        put(agenda, place, agenda->heap[last]);
        move_down(agenda, place);
        move_up(agenda, place);
    }
    agenda->places[number] = NO_PLACE;
}

void agenda_set(struct agenda *agenda, size_t number, int64_t moment)
{
    grow(agenda, number + 1);
    bool is_in = agenda->places[number] != NO_PLACE;
    agenda->moments[number] = moment;
    if (moment == AGENDA_NEVER) {
        if (is_in)
            take_out(agenda, number);
        return;
    }
    if (!is_in)
        put(agenda, agenda->heap_count++, number);
    move_up(agenda, agenda->places[number]);
    move_down(agenda, agenda->places[number]);
}

int64_t agenda_first(const struct agenda *agenda, size_t *number)
{
    if (agenda->heap_count == 0)
        return AGENDA_NEVER;
    *number = agenda->heap[0];
    return agenda->moments[*number];
}

int64_t agenda_moment(const struct agenda *agenda, size_t number)
{
    return number < agenda->count ? agenda->moments[number] : AGENDA_NEVER;
}

void agenda_clear(struct agenda *agenda)
{
    free(agenda->moments);
    free(agenda->places);
    free(agenda->heap);
    memset(agenda, 0, sizeof(*agenda));
}
