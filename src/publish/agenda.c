/* When which of a number of things wants to be looked at: a heap of moments. */
#include "publish/agenda.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NO_POSITION SIZE_MAX

static void grow(struct agenda *agenda, size_t count)
{
    if (count <= agenda->count)
        return;
    size_t size = agenda->count * 2 > count ? agenda->count * 2 : count;
    agenda->moments = memory_resize(agenda->moments, size, sizeof(*agenda->moments));
    agenda->positions = memory_resize(agenda->positions, size, sizeof(*agenda->positions));
    agenda->heap = memory_resize(agenda->heap, size, sizeof(*agenda->heap));
    for (size_t i = agenda->count; i < size; i++) {
        agenda->moments[i] = MOMENT_NEVER;
        agenda->positions[i] = NO_POSITION;
    }
    agenda->count = size;
}

static int64_t moment_at(const struct agenda *agenda, size_t position)
{
    return agenda->moments[agenda->heap[position]];
}

static void put(struct agenda *agenda, size_t position, size_t number)
{
    agenda->heap[position] = number;
    agenda->positions[number] = position;
}

static void swap(struct agenda *agenda, size_t one, size_t other)
{
    size_t number = agenda->heap[one];
    put(agenda, one, agenda->heap[other]);
    put(agenda, other, number);
}

static void move_up(struct agenda *agenda, size_t position)
{
    while (position > 0 && moment_at(agenda, position) < moment_at(agenda, (position - 1) / 2)) {
        swap(agenda, position, (position - 1) / 2);
        position = (position - 1) / 2;
    }
}

static void move_down(struct agenda *agenda, size_t position)
{
    for (;;) {
        size_t child = 2 * position + 1;
        if (child >= agenda->heap_count)
            return;
        if (child + 1 < agenda->heap_count && moment_at(agenda, child + 1) < moment_at(agenda, child))
            child++;
        if (moment_at(agenda, position) <= moment_at(agenda, child))
            return;
        swap(agenda, position, child);
        position = child;
    }
}

static void take_out(struct agenda *agenda, size_t number)
{
    size_t position = agenda->positions[number];
    size_t last = --agenda->heap_count;
    if (position != last) {
        put(agenda, position, agenda->heap[last]);
        move_down(agenda, position);
        move_up(agenda, position);
    }
    agenda->positions[number] = NO_POSITION;
}

void agenda_set(struct agenda *agenda, size_t number, int64_t moment)
{
    grow(agenda, number + 1);
    bool is_in = agenda->positions[number] != NO_POSITION;
    agenda->moments[number] = moment;
    if (moment == MOMENT_NEVER) {
        if (is_in)
            take_out(agenda, number);
        return;
    }
    if (!is_in)
        put(agenda, agenda->heap_count++, number);
    move_up(agenda, agenda->positions[number]);
    move_down(agenda, agenda->positions[number]);
}

int64_t agenda_first(const struct agenda *agenda, size_t *number)
{
    if (agenda->heap_count == 0)
        return MOMENT_NEVER;
    *number = agenda->heap[0];
    return agenda->moments[*number];
}

int64_t agenda_moment(const struct agenda *agenda, size_t number)
{
    return number < agenda->count ? agenda->moments[number] : MOMENT_NEVER;
}

size_t agenda_count(const struct agenda *agenda)
{
    return agenda->heap_count;
}

void agenda_clear(struct agenda *agenda)
{
    free(agenda->moments);
    free(agenda->positions);
    free(agenda->heap);
    memset(agenda, 0, sizeof(*agenda));
}
