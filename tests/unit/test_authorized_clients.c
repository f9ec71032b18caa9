/* Sets of authorised clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"
#include "onion/authorized_clients.h"

/* The public keys of clients first, first + 1, and so on. */
static void make_keys(uint8_t (*keys)[X25519_PUBLIC_KEY_SIZE], size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t number = first + i;
        uint8_t secret_key[X25519_SECRET_KEY_SIZE];
        hash_sha3_256(secret_key, &(struct span){&number, sizeof(number)}, 1);
        x25519_derive_public_key(keys[i], secret_key);
    }
}

static struct authorized_clients *make_clients(size_t first, size_t count)
{
    struct error error = {.text = ""};
    uint8_t(*keys)[X25519_PUBLIC_KEY_SIZE] = memory_allocate(count, sizeof(*keys));
    make_keys(keys, first, count);
    struct authorized_clients *clients = authorized_clients_new(keys, count, &error);
    if (clients == NULL)
        fail_msg("%s", error.text);
    free(keys);
    return clients;
}

static void assert_refused(const uint8_t (*keys)[X25519_PUBLIC_KEY_SIZE], size_t count, const char *words)
{
    struct error error = {.text = ""};
    assert_null(authorized_clients_new(keys, count, &error));
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

/* The same clients are the same set, in whichever order they come. */
static void test_order_does_not_matter(void **state)
{
    (void)state;
    uint8_t keys[3][X25519_PUBLIC_KEY_SIZE], turned[3][X25519_PUBLIC_KEY_SIZE];
    make_keys(keys, 7, 3);
    for (size_t i = 0; i < 3; i++)
        memcpy(turned[i], keys[2 - i], sizeof(turned[i]));
    struct authorized_clients *one = authorized_clients_new(keys, 3, NULL);
    struct authorized_clients *other = authorized_clients_new(turned, 3, NULL);
    assert_true(authorized_clients_equal(one, other));
    assert_memory_equal(one->keys, other->keys, sizeof(keys));
    assert_int_equal(one->count, 3);
    authorized_clients_release(other);
    other = make_clients(7, 2);
    assert_false(authorized_clients_equal(one, other));
    authorized_clients_release(other);
    other = make_clients(8, 3);
    assert_false(authorized_clients_equal(one, other));
    assert_false(authorized_clients_equal(one, NULL));
    assert_false(authorized_clients_equal(NULL, one));
    assert_true(authorized_clients_equal(NULL, NULL));
    authorized_clients_release(one);
    authorized_clients_release(other);
}

static void test_who_is_in_one_alone(void **state)
{
    (void)state;
    struct authorized_clients *few = make_clients(0, 5), *more = make_clients(0, 40),
                              *others = make_clients(4, 5);
    assert_false(authorized_clients_exceed(few, more));
    assert_true(authorized_clients_exceed(more, few));
    assert_true(authorized_clients_exceed(few, others));
    assert_true(authorized_clients_exceed(others, few));
    assert_false(authorized_clients_exceed(few, few));
    assert_true(authorized_clients_exceed(NULL, more)); /* everybody */
    assert_false(authorized_clients_exceed(more, NULL));
    assert_false(authorized_clients_exceed(NULL, NULL));
    authorized_clients_release(few);
    authorized_clients_release(more);
    authorized_clients_release(others);
}

static void test_holders(void **state)
{
    (void)state;
    struct authorized_clients *clients = make_clients(0, 1);
    assert_ptr_equal(authorized_clients_share(clients), clients);
    authorized_clients_release(clients);
    assert_int_equal(clients->count, 1);
    authorized_clients_release(clients);
    assert_null(authorized_clients_share(NULL));
    authorized_clients_release(NULL);
}

static void test_what_is_no_set(void **state)
{
    (void)state;
    static uint8_t keys[AUTHORIZED_CLIENTS_MAX + 1][X25519_PUBLIC_KEY_SIZE];
    const uint8_t on_the_twist[X25519_PUBLIC_KEY_SIZE] = {2}, low_order[X25519_PUBLIC_KEY_SIZE] = {1};
    make_keys(keys, 0, AUTHORIZED_CLIENTS_MAX + 1);
    assert_refused(keys, 0, "can't be 0 authorised clients");
    assert_refused(keys, AUTHORIZED_CLIENTS_MAX + 1, "can't be 2001 authorised clients: 1 to 2000");
    authorized_clients_release(authorized_clients_new(keys, AUTHORIZED_CLIENTS_MAX, NULL));
    memcpy(keys[5], keys[900], sizeof(keys[5]));
    assert_refused(keys, AUTHORIZED_CLIENTS_MAX, "two authorised clients have the same key");
    memset(keys[5], 0, sizeof(keys[5]));
    assert_refused(keys, 7, "the key of authorised client 6: is all zeros");
    memcpy(keys[5], on_the_twist, sizeof(keys[5]));
    assert_refused(keys, 7, "the key of authorised client 6: is no X25519 public key");
    memcpy(keys[5], low_order, sizeof(keys[5]));
    assert_refused(keys, 7, "the key of authorised client 6: is no X25519 public key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_who_is_in_one_alone),
        cmocka_unit_test(test_holders),
        cmocka_unit_test(test_what_is_no_set),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
