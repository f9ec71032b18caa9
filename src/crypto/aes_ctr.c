/* AES-256 in counter mode, the one cipher of onion-service descriptors. */
#include "aes_ctr.h"

#include "algorithms.h"

/* EVP counts in int; a piece has to be whole blocks. */
#define PIECE_SIZE_MAX ((size_t)1 << 30)

void aes_ctr_apply(uint8_t *output, const uint8_t *input, size_t length, const uint8_t key[AES_CTR_KEY_SIZE],
                   const uint8_t iv[AES_CTR_IV_SIZE])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    algorithms_require(context != NULL, "AES-256-CTR");
    algorithms_require(EVP_EncryptInit_ex2(context, algorithms_get()->aes_256_ctr, key, iv, NULL),
                       "AES-256-CTR");
    while (length > 0) {
        size_t piece = length < PIECE_SIZE_MAX ? length : PIECE_SIZE_MAX;
        int written = 0;
        int succeeded = EVP_EncryptUpdate(context, output, &written, input, (int)piece);
        algorithms_require(succeeded && (size_t)written == piece, "AES-256-CTR");
        output += piece;
        input += piece;
        length -= piece;
    }
    EVP_CIPHER_CTX_free(context); /* wipes the key schedule */
}
