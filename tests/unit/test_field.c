/* Tests of numbers modulo 2^255 - 19, against OpenSSL's big numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <sodium.h>
#include <string.h>

#include "crypto/field.h"

#if FIELD_IS_AVAILABLE

/* Numbers of each kind are tried with each other. */
#define DRAWN 40
#define NUMBERS (DRAWN + 12)

struct calculation {
    BN_CTX *context;
    BIGNUM *prime;
    BIGNUM *big[NUMBERS];
    struct field_number small[NUMBERS];
    size_t count;
};

static BIGNUM *make_prime(void)
{
    BIGNUM *prime = BN_new();
    assert_true(prime != NULL && BN_set_bit(prime, 255) && BN_sub_word(prime, 19));
    return prime;
}

/* Reads what is less than the prime. */
static struct field_number number_of(const BIGNUM *big)
{
    uint8_t bytes[FIELD_SIZE];
    struct field_number number;
    assert_int_equal(BN_bn2lebinpad(big, bytes, sizeof(bytes)), sizeof(bytes));
    assert_true(field_read(&number, bytes));
    return number;
}

static void add_number(struct calculation *calculation, BIGNUM *big)
{
    assert_true(calculation->count < NUMBERS);
    calculation->big[calculation->count] = big;
    calculation->small[calculation->count++] = number_of(big);
}

/* The prime less so much. */
static BIGNUM *below_prime(const struct calculation *calculation, unsigned long less)
{
    BIGNUM *big = BN_dup(calculation->prime);
    assert_true(big != NULL && BN_sub_word(big, less));
    return big;
}

static BIGNUM *power_of_two(int bit)
{
    BIGNUM *big = BN_new();
    assert_true(big != NULL && BN_set_bit(big, bit));
    return big;
}

static int set_up(void **state)
{
    struct calculation *calculation = test_calloc(1, sizeof(*calculation));
    calculation->context = BN_CTX_new();
    calculation->prime = make_prime();
    for (int bit = 0; bit < 255; bit += 51)
        add_number(calculation, power_of_two(bit));
    for (unsigned long less = 1; less <= 3; less++)
        add_number(calculation, below_prime(calculation, less));
    add_number(calculation, BN_new()); /* zero */
    add_number(calculation, power_of_two(254));
    for (int i = 0; i < DRAWN; i++) {
        BIGNUM *big = BN_new();
        assert_true(BN_rand_range(big, calculation->prime));
        add_number(calculation, big);
    }
    *state = calculation;
    return 0;
}

static int tear_down(void **state)
{
    struct calculation *calculation = *state;
    for (size_t i = 0; i < calculation->count; i++)
        BN_free(calculation->big[i]);
    BN_free(calculation->prime);
    BN_CTX_free(calculation->context);
    test_free(calculation);
    return 0;
}

typedef void small_operation(struct field_number *, const struct field_number *, const struct field_number *);
typedef int big_operation(BIGNUM *, const BIGNUM *, const BIGNUM *, const BIGNUM *, BN_CTX *);

/* Holds an operation on all pairs to OpenSSL's. */
static void check_operation(const struct calculation *calculation, small_operation *small, big_operation *big)
{
    BIGNUM *expected = BN_new();
    for (size_t i = 0; i < calculation->count; i++) {
        for (size_t j = 0; j < calculation->count; j++) {
            struct field_number result;
            assert_true(big(expected, calculation->big[i], calculation->big[j], calculation->prime,
                            calculation->context));
            const struct field_number wanted = number_of(expected);
            small(&result, &calculation->small[i], &calculation->small[j]);
            assert_true(field_equals(&result, &wanted));
            result = calculation->small[j]; /* over an argument */
            small(&result, &calculation->small[i], &result);
            assert_true(field_equals(&result, &wanted));
            assert_int_equal(field_equals(&calculation->small[i], &calculation->small[j]),
                             BN_cmp(calculation->big[i], calculation->big[j]) == 0);
        }
    }
    BN_free(expected);
}

static void square_first(struct field_number *square, const struct field_number *number,
                         const struct field_number *unused)
{
    (void)unused;
    field_square(square, number);
}

static int square_first_big(BIGNUM *square, const BIGNUM *number, const BIGNUM *unused, const BIGNUM *prime,
                            BN_CTX *context)
{
    (void)unused;
    return BN_mod_sqr(square, number, prime, context);
}

static void test_operations(void **state)
{
    check_operation(*state, field_add, BN_mod_add);
    check_operation(*state, field_subtract, BN_mod_sub);
    check_operation(*state, field_multiply, BN_mod_mul);
    check_operation(*state, square_first, square_first_big);
}

/* Results of results, whose limbs are not in the one form of those that were read. */
static void test_chains(void **state)
{
    struct calculation *calculation = *state;
    BIGNUM *big = BN_dup(calculation->big[1]);
    struct field_number small = calculation->small[1];
    for (size_t i = 0; i < 5 * calculation->count; i++) {
        const size_t other = i % calculation->count;
        assert_true(BN_mod_sub(big, calculation->big[other], big, calculation->prime, calculation->context) &&
                    BN_mod_add(big, big, big, calculation->prime, calculation->context) &&
                    BN_mod_mul(big, big, big, calculation->prime, calculation->context) &&
                    BN_mod_sub(big, big, calculation->big[other], calculation->prime, calculation->context));
        field_subtract(&small, &calculation->small[other], &small);
        field_add(&small, &small, &small);
        field_multiply(&small, &small, &small);
        field_subtract(&small, &small, &calculation->small[other]);
        const struct field_number wanted = number_of(big);
        assert_true(field_equals(&small, &wanted));
    }
    BN_free(big);
}

/* The top bit is ignored, and what is not less than the prime is refused. */
static void test_read(void **state)
{
    (void)state;
    uint8_t bytes[FIELD_SIZE];
    struct field_number with, without;
    for (unsigned int last = 0; last < 256; last++) {
        memset(bytes, 0xff, sizeof(bytes));
        bytes[0] = (uint8_t)last;
        assert_int_equal(field_read(&with, bytes), last < 0xed);
        bytes[31] = 0x7f;
        assert_int_equal(field_read(&without, bytes), last < 0xed);
        assert_true(field_equals(&with, &without));
    }
    bytes[1] = 0xfe;
    assert_true(field_read(&with, bytes));
    assert_false(field_equals(&with, &without));
}

static void test_roots(void **state)
{
    const struct calculation *calculation = *state;
    size_t squares = 0;
    for (size_t i = 0; i < calculation->count; i++) {
        struct field_number root, square;
        const bool is_square =
            BN_kronecker(calculation->big[i], calculation->prime, calculation->context) >= 0;
        assert_int_equal(field_root(&root, &calculation->small[i]), is_square);
        field_square(&square, &root);
        assert_int_equal(field_equals(&square, &calculation->small[i]), is_square);
        root = calculation->small[i]; /* over the argument */
        assert_int_equal(field_root(&root, &root), is_square);
        squares += is_square;
    }
    assert_in_range(squares, 1, calculation->count - 1);
}

static void test_fourth_powers(void **state)
{
    const struct calculation *calculation = *state;
    struct field_number two, power, number;
    uint8_t bytes[FIELD_SIZE] = {2};
    assert_true(field_read(&two, bytes));
    for (size_t i = 0; i < calculation->count; i++) {
        field_square(&power, &calculation->small[i]);
        field_square(&power, &power);
        /* Two is no square, so of its powers only each fourth one is the fourth power of something. */
        number = power;
        for (int exponent = 0; exponent < 8; exponent++) {
            assert_int_equal(field_is_fourth_power(&number),
                             exponent % 4 == 0 && !BN_is_zero(calculation->big[i]));
            field_multiply(&number, &number, &two);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_operations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chains, set_up, tear_down),
        cmocka_unit_test(test_read),
        cmocka_unit_test_setup_teardown(test_roots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fourth_powers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0; /* nothing to test */
}

#endif
