/* OpenSSL's algorithms, looked up once: a look-up costs more than hashing a short message. */
#include "algorithms.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A table of constants that only OpenSSL can fill in: written once, by look_up_algorithms(), then only read.
 */
static struct algorithms algorithms;
static pthread_once_t algorithms_once = PTHREAD_ONCE_INIT;

void algorithms_require(int succeeded, const char *operation)
{
    if (succeeded)
        return;
    fprintf(stderr, "obpub: OpenSSL failed at %s (out of memory, or a library without it)\n", operation);
    abort();
}

static EVP_MD *look_up_hash(const char *name)
{
    EVP_MD *hash = EVP_MD_fetch(NULL, name, NULL);
    algorithms_require(hash != NULL, name);
    return hash;
}

static void look_up_algorithms(void)
{
    algorithms.sha3_256 = look_up_hash("SHA3-256");
    algorithms.shake256 = look_up_hash("SHAKE256");
    algorithms.sha256 = look_up_hash("SHA2-256");
    algorithms.sha512 = look_up_hash("SHA2-512");
    algorithms.aes_256_ctr = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
    algorithms_require(algorithms.aes_256_ctr != NULL, "AES-256-CTR");
}

const struct algorithms *algorithms_get(void)
{
    pthread_once(&algorithms_once, look_up_algorithms);
    return &algorithms;
}
