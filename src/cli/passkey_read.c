/* What a browser answered, and what goes with it, from files and options. */
#include "cli/passkey.h"

#include "cli/input.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define TRUST_FILE_MAX ((size_t)256 << 10)

void vk_passkey_put_base64url(const char *name, vk_bytes bytes, vk_buf *out) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_base64url_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

/* ---- Bytes or their text ---- */

static vk_status read_text(vk_bytes text, vk_buf *out) {
    const char *at = (const char *)text.data;
    bool hex = text.len > 2 && memcmp(at, "0x", 2) == 0;
    return hex ? vk_hex_read(at, text.len, VK_RESPONSE_MAX, out)
               : vk_base64url_read(at, text.len, out);
}

/* first: what the bytes themselves begin with, which no text of them does. */
static vk_exit read_bytes(vk_cli *cli, vk_option option, uint8_t first, vk_buf *out) {
    vk_buf file = {0};
    vk_exit exit = vk_read_file(cli, vk_opt(cli, option), VK_RESPONSE_MAX, &file);
    vk_bytes text = vk_trim(vk_buf_view(&file));
    bool is_text = text.len > 0 && text.data[0] < 0x80 && text.data[0] != first;
    if (exit == VK_EXIT_OK && !is_text) {
        vk_buf_put(out, file.data, file.len);
    } else if (exit == VK_EXIT_OK && read_text(text, out) != VK_OK) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the file of --%s has neither the bytes themselves nor their base64url "
                           "or 0x hex",
                           vk_opt_name(option));
    }
    vk_buf_clear(&file);
    return exit == VK_EXIT_OK && vk_buf_status(out) != VK_OK ? vk_cli_no_memory(cli) : exit;
}

/* ---- Registrations ---- */

#define CBOR_MAP_OF_3 0xa3

static vk_exit read_parts(vk_cli *cli, vk_registration_response *out) {
    if (!vk_opt_flag(cli, VK_OPT_ATTESTATION) || !vk_opt_flag(cli, VK_OPT_CLIENT_DATA)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say what the browser answered: --registration FILE, or --attestation "
                           "FILE and --client-data FILE");
    }
    vk_exit exit = read_bytes(cli, VK_OPT_ATTESTATION, CBOR_MAP_OF_3, &out->attestation_object);
    return exit == VK_EXIT_OK ? read_bytes(cli, VK_OPT_CLIENT_DATA, '{', &out->client_data) : exit;
}

static vk_exit read_json(vk_cli *cli, vk_registration_response *out) {
    vk_buf text = {0};
    vk_error err = {0};
    if (vk_opt_flag(cli, VK_OPT_ATTESTATION) || vk_opt_flag(cli, VK_OPT_CLIENT_DATA)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--registration has the attestation and the client data inside");
    }
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_REGISTRATION), VK_RESPONSE_MAX, &text);
    if (exit == VK_EXIT_OK &&
        vk_registration_response_read(vk_trim(vk_buf_view(&text)), out, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "the registration cannot be read", &err);
    }
    vk_buf_clear(&text);
    return exit;
}

vk_exit vk_passkey_read_registration(vk_cli *cli, vk_registration_response *out) {
    *out = (vk_registration_response){0};
    return vk_opt_flag(cli, VK_OPT_REGISTRATION) ? read_json(cli, out) : read_parts(cli, out);
}

/* As the module takes it. */
#define CHALLENGE_MIN 16
#define CHALLENGE_MAX 1024

vk_exit vk_passkey_read_challenge(vk_cli *cli, vk_buf *out) {
    const char *text = vk_opt(cli, VK_OPT_CHALLENGE);
    vk_status status = read_text((vk_bytes){(const uint8_t *)text, strlen(text)}, out);
    return status == VK_OK && out->len >= CHALLENGE_MIN && out->len <= CHALLENGE_MAX
               ? VK_EXIT_OK
               : vk_bad_value(cli, VK_OPT_CHALLENGE,
                              "base64url without padding, or 0x and hex, of 16 to 1024 bytes");
}

/* ---- Whom to believe ---- */

static bool put_der(X509 *certificate, vk_buf *out) {
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    if (len > 0) {
        vk_buf_put(out, der, (size_t)len);
    }
    OPENSSL_free(der);
    return len > 0 && vk_buf_status(out) == VK_OK;
}

static bool put_certificates(vk_bytes pem, vk_buf *out) {
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    size_t start = out->len;
    bool good = bio != NULL;
    X509 *certificate;
    while (good && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        good = put_der(certificate, out);
        X509_free(certificate);
    }
    /* The end is where no more begins; anything else is a block that cannot be read. */
    good = good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    return good && out->len > start;
}

vk_exit vk_passkey_read_trust(vk_cli *cli, vk_buf *out) {
    vk_buf pem = {0};
    if (!vk_opt_flag(cli, VK_OPT_TRUST)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_TRUST), TRUST_FILE_MAX, &pem);
    if (exit == VK_EXIT_OK && !put_certificates(vk_buf_view(&pem), out)) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "%s has no certificates in PEM form",
                           vk_opt(cli, VK_OPT_TRUST));
    }
    vk_buf_clear(&pem);
    return exit;
}

/* ---- Assertions ---- */

vk_exit vk_passkey_read_assertion(vk_cli *cli, vk_assertion_response *out) {
    vk_buf text = {0};
    vk_error err = {0};
    *out = (vk_assertion_response){0};
    vk_exit exit = vk_read_file(cli, vk_opt(cli, VK_OPT_ASSERTION), VK_RESPONSE_MAX, &text);
    if (exit == VK_EXIT_OK &&
        vk_assertion_response_read(vk_trim(vk_buf_view(&text)), out, &err) != VK_OK) {
        exit = vk_cli_fail_error(cli, "the assertion cannot be read", &err);
    }
    vk_buf_clear(&text);
    return exit;
}
