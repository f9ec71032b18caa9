/* Chance that follows from a seed alone: splitmix64. */
#include "chance.h"

#include <math.h>

#define HOUR 3600000.0

uint64_t chance_next(struct chance *chance)
{
    uint64_t number = chance->state += 0x9e3779b97f4a7c15u;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

int64_t chance_draw(struct chance *chance, int64_t low, int64_t high)
{
    return low + (int64_t)(chance_next(chance) % ((uint64_t)(high - low) + 1));
}

bool chance_once_in(struct chance *chance, int64_t times)
{
    return times > 0 && chance_draw(chance, 1, times) == 1;
}

bool chance_millionths(struct chance *chance, int64_t millionths)
{
    return chance_draw(chance, 0, 999999) < millionths;
}

int64_t chance_wait(struct chance *chance, double per_hour)
{
    double uniform = ((double)(chance_next(chance) >> 11) + 1) / 9007199254740993.0;
    double wait = -log(uniform) / per_hour * HOUR;
    return wait < 1e15 ? (int64_t)wait + 1 : (int64_t)1e15;
}
