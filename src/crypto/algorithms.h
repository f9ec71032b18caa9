/* OpenSSL's algorithms, looked up once: a look-up costs more than hashing a short message. */
#ifndef OBPUB_CRYPTO_ALGORITHMS_H
#define OBPUB_CRYPTO_ALGORITHMS_H

#include <openssl/evp.h>

struct algorithms {
    EVP_MD *sha3_256;
    EVP_MD *shake256;
    EVP_MD *sha256;
    EVP_MD *sha512;
    EVP_CIPHER *aes_256_ctr;
};

/* The table of algorithms, complete from the first call on and never changed after it; any thread may ask.
 * The process ends when OpenSSL lacks one of them. */
const struct algorithms *algorithms_get(void);

/* Ends the process with a message when OpenSSL could not do what it always can but for lack of memory: the
 * caller would go on with a buffer that was never filled. */
void algorithms_require(int succeeded, const char *operation);

#endif
