/* AES-256 in counter mode, the one cipher of onion-service descriptors. */
#ifndef OBPUB_CRYPTO_AES_CTR_H
#define OBPUB_CRYPTO_AES_CTR_H

#include <stddef.h>
#include <stdint.h>

#define AES_CTR_KEY_SIZE 32
#define AES_CTR_IV_SIZE 16
#define AES_CTR_BLOCK_SIZE 16

/* Adds the key stream to length bytes of input; encrypts and decrypts alike. output and input are the same
 * buffer or don't overlap. iv is the first counter block, most significant byte first. */
void aes_ctr_apply(uint8_t *output, const uint8_t *input, size_t length, const uint8_t key[AES_CTR_KEY_SIZE],
                   const uint8_t iv[AES_CTR_IV_SIZE]);

#endif
