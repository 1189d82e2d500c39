/*
 * Every test that needs a login makes the token's PIN into a key, which is dear on purpose.
 * This stands in front of OpenSSL's, for the module as well (the program exports it), and makes it
 * cheap: how dear it is, is another test's matter. It has to be among a program's own sources, or
 * nothing draws it in.
 */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

typedef int (*scrypt)(const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t,
                      uint64_t, uint64_t, unsigned char *, size_t);

EXPORTED int EVP_PBE_scrypt(const char *pass, size_t pass_len, const unsigned char *salt,
                            size_t salt_len, uint64_t n, uint64_t r, uint64_t p, uint64_t max,
                            unsigned char *key, size_t key_len) {
    static scrypt real;
    (void)n;
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "EVP_PBE_scrypt");
    }
    if (real == NULL) {
        abort();
    }
    return real(pass, pass_len, salt, salt_len, 2, r, p, max, key, key_len);
}
