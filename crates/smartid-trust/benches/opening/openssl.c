/* Opens a PKCS #12 container by OpenSSL's library call, again and again, and prints the shortest time in nanoseconds.
   Arguments: file, password, times. Everything is parsed anew each time: d2i_PKCS12, then PKCS12_parse with checksum, key and chain. */
#define _POSIX_C_SOURCE 199309L
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
    static unsigned char octets[1 << 20];
    if (argc != 4) return 2;
    /* Old ciphers are in a provider of their own. */
    if (!OSSL_PROVIDER_load(NULL, "legacy") || !OSSL_PROVIDER_load(NULL, "default")) return 2;
    FILE *file = fopen(argv[1], "rb");
    if (!file) return 2;
    size_t length = fread(octets, 1, sizeof octets, file);
    fclose(file);
    long long best = -1;
    for (int left = atoi(argv[3]); left > 0; left--) {
        EVP_PKEY *key = NULL;
        X509 *own = NULL;
        STACK_OF(X509) *others = NULL;
        const unsigned char *at = octets;
        long long start = now();
        PKCS12 *container = d2i_PKCS12(NULL, &at, (long)length);
        if (!container || !PKCS12_parse(container, argv[2], &key, &own, &others) || !key || !own) {
            ERR_print_errors_fp(stderr);
            return 1;
        }
        long long took = now() - start;
        if (best < 0 || took < best) best = took;
        EVP_PKEY_free(key);
        X509_free(own);
        sk_X509_pop_free(others, X509_free);
        PKCS12_free(container);
    }
    printf("%lld\n", best);
    return 0;
}
