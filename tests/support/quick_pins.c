/*
 * Stands in for libcrypto's scrypt, which makes every login of a test cost a tenth of a second, and
 * seconds under valgrind. A key still depends on all that it depended on. Programs that have this
 * file do not understand the tokens of those that have not.
 */
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#define SALT_MAX 64

__attribute__((visibility("default"))) int EVP_PBE_scrypt(const char *pass, size_t passlen,
                                                          const unsigned char *salt, size_t saltlen,
                                                          uint64_t n, uint64_t r, uint64_t p,
                                                          uint64_t maxmem, unsigned char *key,
                                                          size_t keylen) {
    const uint64_t cost[3] = {n, r, p};
    unsigned char all[SALT_MAX + sizeof cost];
    if (saltlen > SALT_MAX || maxmem < 128 * n * r) {
        return 0;
    }
    memcpy(all, salt, saltlen);
    memcpy(all + saltlen, cost, sizeof cost);
    return PKCS5_PBKDF2_HMAC(pass, (int)passlen, all, (int)(saltlen + sizeof cost), 1, EVP_sha256(),
                             (int)keylen, key);
}
