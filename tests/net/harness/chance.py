# How likely a count of what came by chance is.

import math

LEAST = 5  # of a cell, expected: below, the distribution of chi-square is another one


def chi_square(expected, seen):
    """How likely it is that counts differ from what is expected as much as these do, or more: both {name: number}. Names
    of which too few are expected are counted together. Returns that and the number of cells."""
    cells = []
    few, few_seen = 0.0, 0
    for name in sorted(expected, key=expected.get):
        few, few_seen = few + expected[name], few_seen + seen.get(name, 0)
        if few >= LEAST:
            cells.append((few, few_seen))
            few, few_seen = 0.0, 0
    if cells and few:
        cells[-1] = (cells[-1][0] + few, cells[-1][1] + few_seen)
    if len(cells) < 2:
        raise ValueError(f'{sum(expected.values()):.1f} are expected in all: too few to say anything')
    return survival(sum((count - wanted) ** 2 / wanted for wanted, count in cells), len(cells) - 1), len(cells)


def survival(value, freedom):
    """How likely chi-square with so many degrees of freedom is that value or greater."""
    half = value / 2
    order, total = (0.5, math.erfc(math.sqrt(half))) if freedom % 2 else (1.0, math.exp(-half))
    while order < freedom / 2:
        total += half ** order * math.exp(-half) / math.gamma(order + 1)
        order += 1
    return total
