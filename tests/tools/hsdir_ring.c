/* Prints the HSDirs that obpub would publish a service's two descriptors to: hsdir_ring CONSENSUS
 * MICRODESCRIPTORS ADDRESS, where the two files hold what a tor of a testing network answers to GETINFO. A
 * line for each upload: slot, blinded key, fingerprint, index, in the order of tor's upload. */
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "onion/network.h"
#include "onion/onion_address.h"

/* Reads a whole file into memory; ends the program when it can't. */
static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    char *text = NULL;
    size_t size = 0, count;
    *length = 0;
    do {
        size += 65536;
        text = memory_resize(text, size, 1);
        count = fread(text + *length, 1, size - *length, file);
        *length += count;
    } while (*length == size);
    fclose(file);
    return text;
}

static void print_hex(const uint8_t *bytes, size_t length, char end)
{
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
    putchar(end);
}

static int print_slot(const struct network *network, enum descriptor_slot slot, const uint8_t *identity_key)
{
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    if (blinding_derive_public_key(blinded_key, identity_key, network->period_number[slot],
                                   network->schedule.period_length) != 0)
        return -1;
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, slot, blinded_key, false, responsible);
    for (size_t i = 0; i < count; i++) {
        printf("%s ", slot == DESCRIPTOR_FIRST ? "first" : "second");
        print_hex(blinded_key, sizeof(blinded_key), ' ');
        print_hex(network->hsdirs[responsible[i]->hsdir].fingerprint, RELAY_FINGERPRINT_SIZE, ' ');
        print_hex(responsible[i]->index, HSDIR_INDEX_SIZE, '\n');
    }
    return 0;
}

int main(int count, char **arguments)
{
    struct error error;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (count != 4 || sodium_init() < 0) {
        fprintf(stderr, "usage: hsdir_ring CONSENSUS MICRODESCRIPTORS ADDRESS\n");
        return 1;
    }
    size_t consensus_length, microdescriptors_length;
    char *consensus = read_file(arguments[1], &consensus_length);
    char *microdescriptors = read_file(arguments[2], &microdescriptors_length);
    struct network *network = NULL;
    int result = 1;
    if (onion_address_decode(identity_key, arguments[3], &error) == 0)
        network = network_build(consensus, consensus_length, microdescriptors, microdescriptors_length, true,
                                &error);
    if (network == NULL)
        fprintf(stderr, "hsdir_ring: %s\n", error.text);
    else if (print_slot(network, DESCRIPTOR_FIRST, identity_key) == 0 &&
             print_slot(network, DESCRIPTOR_SECOND, identity_key) == 0)
        result = 0;
    network_free(network);
    free(consensus);
    free(microdescriptors);
    return result;
}
