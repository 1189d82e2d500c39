#include "cli/keyfile.h"

#include "cli/input.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define KEY_FILE_MAX ((size_t)16 << 10)

bool vk_secret_from_hex(vk_bytes text, uint8_t secret32[32]) {
    return vk_hex_read_fixed((const char *)text.data, text.len, secret32, 32) == VK_OK;
}

/* The SDK and most tools write 0x, some do not. */
static bool from_bare_hex(vk_bytes text, uint8_t secret32[32]) {
    uint8_t prefixed[66] = "0x";
    if (text.len != 64) {
        return false;
    }
    memcpy(prefixed + 2, text.data, text.len);
    bool ok = vk_secret_from_hex((vk_bytes){prefixed, sizeof prefixed}, secret32);
    vk_wipe(prefixed, sizeof prefixed);
    return ok;
}

/* OpenSSL would ask on the terminal for an encrypted key. */
static int no_passphrase(char *buf, int size, int rwflag, void *u) {
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)u;
    return -1;
}

static EVP_PKEY *parse_pkey(vk_bytes text) {
    EVP_PKEY *pkey = NULL;
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    if (bio != NULL) {
        pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        BIO_free(bio);
    }
    if (pkey == NULL) {
        const uint8_t *der = text.data;
        pkey = d2i_AutoPrivateKey(NULL, &der, (long)text.len);
    }
    return pkey;
}

static bool pkey_on_curve(const EVP_PKEY *pkey, bool p256) {
    char group[64];
    size_t len = 0;
    return EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) == 1 &&
           strcmp(group, p256 ? "prime256v1" : "secp256k1") == 0;
}

static bool pkey_secret(const EVP_PKEY *pkey, uint8_t secret32[32]) {
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
              BN_bn2binpad(number, secret32, 32) == 32;
    BN_clear_free(number);
    return ok;
}

static vk_exit from_openssl(vk_cli *cli, const char *path, vk_bytes text, bool p256,
                            uint8_t secret32[32]) {
    EVP_PKEY *pkey = parse_pkey(text);
    if (pkey == NULL) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_INPUT, "%s holds no private key that can be read", path);
        return vk_cli_hint(cli, exit,
                           "it may be hex (0x and 64 digits), 32 bytes, or PEM or DER "
                           "without a pass phrase");
    }
    vk_exit exit = VK_EXIT_OK;
    if (!pkey_on_curve(pkey, p256)) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key in %s is not on %s", path,
                           p256 ? "P-256" : "secp256k1");
        exit = vk_cli_hint(cli, exit, "say its curve with --type");
    } else if (!pkey_secret(pkey, secret32)) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "%s holds no private key", path);
    }
    EVP_PKEY_free(pkey);
    return exit;
}

vk_exit vk_secret_from_file(vk_cli *cli, const char *path, bool p256, uint8_t secret32[32]) {
    vk_buf text = {0};
    vk_exit exit = vk_read_file(cli, path, KEY_FILE_MAX, &text);
    if (exit == VK_EXIT_OK) {
        vk_bytes trimmed = vk_trim(vk_buf_view(&text));
        if (text.len == 32) {
            memcpy(secret32, text.data, 32);
        } else if (!vk_secret_from_hex(trimmed, secret32) && !from_bare_hex(trimmed, secret32)) {
            exit = from_openssl(cli, path, vk_buf_view(&text), p256, secret32);
        }
    }
    vk_buf_clear(&text);
    return exit;
}

static bool multiply(const EC_GROUP *group, const BIGNUM *secret, uint8_t point65[65]) {
    EC_POINT *point = EC_POINT_new(group);
    bool ok =
        point != NULL && EC_POINT_mul(group, point, secret, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, point65, 65, NULL) == 65;
    EC_POINT_free(point);
    return ok;
}

vk_exit vk_secret_point(vk_cli *cli, bool p256, const uint8_t secret32[32], uint8_t point65[65]) {
    EC_GROUP *group = EC_GROUP_new_by_curve_name(p256 ? NID_X9_62_prime256v1 : NID_secp256k1);
    BIGNUM *secret = BN_secure_new();
    vk_exit exit = VK_EXIT_OK;
    if (group == NULL || secret == NULL || BN_bin2bn(secret32, 32, secret) == NULL) {
        exit = vk_cli_no_memory(cli);
    } else if (BN_is_zero(secret) || BN_cmp(secret, EC_GROUP_get0_order(group)) >= 0 ||
               !multiply(group, secret, point65)) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the private key is not one of %s: it is zero, or "
                           "not below the group order",
                           p256 ? "P-256" : "secp256k1");
    }
    BN_clear_free(secret);
    EC_GROUP_free(group);
    return exit;
}
