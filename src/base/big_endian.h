/* Whole numbers as bytes, most significant first, as messages between obpub's processes have them. */
#ifndef OBPUB_BASE_BIG_ENDIAN_H
#define OBPUB_BASE_BIG_ENDIAN_H

#include <stdint.h>

static inline void big_endian_write_uint32(uint8_t bytes[4], uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

static inline void big_endian_write_uint64(uint8_t bytes[8], uint64_t value)
{
    big_endian_write_uint32(bytes, (uint32_t)(value >> 32));
    big_endian_write_uint32(bytes + 4, (uint32_t)value);
}

static inline uint32_t big_endian_read_uint32(const uint8_t bytes[4])
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | bytes[i];
    return value;
}

static inline uint64_t big_endian_read_uint64(const uint8_t bytes[8])
{
    return (uint64_t)big_endian_read_uint32(bytes) << 32 | big_endian_read_uint32(bytes + 4);
}

#endif
