/* Which descriptors visitors get whose tor has the add-on vanguards. */
#include "report/vanguards.h"

/* Above so many bytes, read and written, it closes a circuit to an HSDir (circ_max_hsdesc_kilobytes). It
 * counts by what tor says of each circuit once a second: 509 bytes for each relay cell, which carries 498. */
#define LIMIT (30 * 1024)
#define CELL_SIZE 509
#define CELL_DATA_SIZE 498

/* The head of the HSDir's answer, in bytes, and all cells that carry none of it, at the most: for the
 * request, for flow control, and two for each of the circuit's hops but the first. (Seen with four hops: 41
 * cells for a descriptor of 14107 bytes, 68 and 69 for one of 27647, 97 for one of 41187.) How many of tor's
 * lengths do is the same with more or less of these. */
#define ANSWER_HEAD_SIZE 400
#define OTHER_CELLS 16

bool vanguards_lets_through(size_t length)
{
    const size_t cells = (length + ANSWER_HEAD_SIZE + CELL_DATA_SIZE - 1) / CELL_DATA_SIZE;
    return (cells + OTHER_CELLS) * CELL_SIZE <= LIMIT;
}
