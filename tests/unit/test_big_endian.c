/* Tests of whole numbers as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/big_endian.h"

static void test_writing(void **state)
{
    (void)state;
    uint8_t bytes[9] = {0};
    bytes[8] = 0xee;
    big_endian_write_uint64(bytes, UINT64_C(0x0102030405060708));
    assert_memory_equal(bytes, "\1\2\3\4\5\6\7\10\xee", 9);
    big_endian_write_uint64(bytes, UINT64_MAX);
    assert_memory_equal(bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xee", 9);
    big_endian_write_uint32(bytes + 1, UINT32_C(0x8001fe7f));
    assert_memory_equal(bytes, "\xff\x80\x01\xfe\x7f\xff\xff\xff\xee", 9);
}

/* The highest bit of each byte is where signs would come in. */
static void test_reading(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xf1, 0x82, 0x03, 0x84, 0xf5, 0x86, 0x07, 0x88};
    assert_int_equal(big_endian_read_uint16(bytes), 0xf182);
    assert_int_equal(big_endian_read_uint16(bytes + 2), 0x0384);
    assert_int_equal(big_endian_read_uint32(bytes), 0xf1820384);
    assert_int_equal(big_endian_read_uint32(bytes + 3), 0x84f58607);
    assert_true(big_endian_read_uint64(bytes) == UINT64_C(0xf1820384f5860788));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
