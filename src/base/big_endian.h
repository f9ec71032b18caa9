/* Whole numbers as bytes, most significant first, as Tor's documents have them and messages between obpub's
 * processes. */
#ifndef OBPUB_BASE_BIG_ENDIAN_H
#define OBPUB_BASE_BIG_ENDIAN_H

#include <stdint.h>

/* Each is written out in one expression, of which compilers make one instruction or two. */

static inline void big_endian_write_uint16(uint8_t bytes[2], uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static inline void big_endian_write_uint32(uint8_t bytes[4], uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static inline void big_endian_write_uint64(uint8_t bytes[8], uint64_t value)
{
    big_endian_write_uint32(bytes, (uint32_t)(value >> 32));
    big_endian_write_uint32(bytes + 4, (uint32_t)value);
}

static inline uint16_t big_endian_read_uint16(const uint8_t bytes[2])
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t big_endian_read_uint32(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint64_t big_endian_read_uint64(const uint8_t bytes[8])
{
    return (uint64_t)big_endian_read_uint32(bytes) << 32 | big_endian_read_uint32(bytes + 4);
}

#endif
