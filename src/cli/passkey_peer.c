#include "cli/passkey_peer.h"

#include "cli/input.h"
#include "cli/secret_file.h"
#include "net/header.h"
#include <string.h>
#include <unistd.h>
#include <valetkey/eth.h>
#include <valetkey/pkcs11.h>

#define HEADERS_MAX 16
#define HEADER_FILE_MAX 65536

/* ---- Headers ---- */

typedef struct headers {
    char *lines[HEADERS_MAX];
    size_t count;
} headers;

static void clear_headers(headers *h) {
    for (size_t i = 0; i < h->count; i++) {
        vk_header_free(h->lines[i]);
    }
}

static vk_exit add_header(vk_cli *cli, const char *where, vk_bytes line, headers *out) {
    vk_error err = {0};
    if (out->count == HEADERS_MAX) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "%s: there are more than %d headers", where,
                           HEADERS_MAX);
    }
    if (vk_header_read(line, &out->lines[out->count], &err) != VK_OK) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "%s: %s", where, err.message);
    }
    out->count++;
    return VK_EXIT_OK;
}

/* One a line; lines that are empty are none. */
static vk_exit add_lines(vk_cli *cli, const char *path, const vk_buf *text, headers *out) {
    vk_exit exit = VK_EXIT_OK;
    for (size_t at = 0; at < text->len && exit == VK_EXIT_OK;) {
        const uint8_t *start = text->data + at;
        const uint8_t *end = memchr(start, '\n', text->len - at);
        size_t len = end != NULL ? (size_t)(end - start) : text->len - at;
        vk_bytes line = vk_trim((vk_bytes){start, len});
        if (line.len > 0) {
            exit = add_header(cli, path, line, out);
        }
        at += len + 1;
    }
    return exit;
}

static vk_exit read_header_file(vk_cli *cli, const char *path, headers *out) {
    static const vk_secret_kind kind = {"header file", VK_EXIT_INPUT};
    vk_buf text = {0};
    int fd;
    vk_exit exit = vk_secret_open(cli, path, &kind, &fd);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    exit = vk_read_fd(cli, fd, path, HEADER_FILE_MAX, &text);
    close(fd);
    if (exit == VK_EXIT_OK) {
        exit = add_lines(cli, path, &text, out);
    }
    vk_buf_clear(&text);
    return exit;
}

static vk_exit read_headers(vk_cli *cli, headers *out) {
    const char *line = vk_opt(cli, VK_OPT_HEADER), *path = vk_opt(cli, VK_OPT_HEADER_FILE);
    vk_exit exit = VK_EXIT_OK;
    if (path != NULL) {
        exit = read_header_file(cli, path, out);
    }
    if (exit == VK_EXIT_OK && line != NULL) {
        exit = add_header(cli, "--header", (vk_bytes){(const uint8_t *)line, strlen(line)}, out);
    }
    return exit;
}

/* ---- The server ---- */

vk_exit vk_passkey_peer_open(vk_cli *cli, vk_passkey_server **out) {
    vk_error err = {0};
    headers h = {0};
    *out = NULL;
    vk_exit exit = read_headers(cli, &h);
    if (exit == VK_EXIT_OK) {
        const vk_passkey_config config = {.url = vk_opt(cli, VK_OPT_SERVER),
                                          .headers = (const char *const *)h.lines,
                                          .header_count = h.count,
                                          .rp_id = vk_opt(cli, VK_OPT_RP_ID)};
        vk_status status = vk_passkey_open(&config, out, &err);
        exit = status == VK_OK ? VK_EXIT_OK
                               : vk_cli_fail_with(cli, "--server cannot be used", status, &err);
    }
    clear_headers(&h);
    return exit;
}

/* ---- The passkey ---- */

void vk_passkey_facts_clear(vk_passkey_facts *facts) {
    vk_buf_clear(&facts->credential_id);
    vk_buf_clear(&facts->origin);
    vk_buf_clear(&facts->user_handle);
}

static vk_exit read_home(vk_cli *cli, CK_OBJECT_HANDLE object, bool *on_security_key) {
    vk_buf home = {0};
    bool present = false;
    vk_exit exit = vk_object_get(cli, object, CKA_VALETKEY_HOME, &home, &present);
    *on_security_key = vk_bytes_equal(vk_buf_view(&home), (vk_bytes){(const uint8_t *)"fido2", 5});
    vk_buf_clear(&home);
    return exit;
}

vk_exit vk_passkey_facts_read(vk_cli *cli, const vk_key_info *key, vk_passkey_facts *out) {
    bool has_id = false, has_handle = false;
    *out = (vk_passkey_facts){0};
    vk_exit exit =
        vk_object_get(cli, key->object, CKA_VALETKEY_CREDENTIAL_ID, &out->credential_id, &has_id);
    if (exit == VK_EXIT_OK && !has_id) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the key \"%s\" has no credential id, only its hash: no server knows it",
                           key->label);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, key->object, CKA_VALETKEY_ORIGIN, &out->origin, NULL);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, key->object, CKA_VALETKEY_USER_HANDLE, &out->user_handle,
                             &has_handle);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_home(cli, key->object, &out->on_security_key);
    }
    if (exit != VK_EXIT_OK) {
        vk_passkey_facts_clear(out);
    }
    return exit;
}

/* ---- What is said ---- */

static void say_decimal(vk_out *out, const char *name, const uint8_t be32[32]) {
    char text[79];
    vk_u256 value = vk_u256_from_be(be32, 32);
    vk_u256_decimal(&value, text);
    vk_say_field(out, name, "%s", text);
}

void vk_passkey_say(vk_cli *cli, const char *done, const vk_key_info *key, vk_bytes credential_id,
                    const vk_passkey_server *server) {
    vk_out *out = &cli->out;
    vk_buf json = {0}, id = {0};
    vk_hash hash = vk_keccak256(credential_id);
    vk_buf hash_text = {0};
    vk_base64url_put(&id, credential_id);
    vk_hex_put(&hash_text, (vk_bytes){hash.b, sizeof hash.b});
    vk_say(out, "%s the key \"%s\" at %s.\n", done, key->label, vk_passkey_name(server));
    say_decimal(out, "pubX", key->point65 + 1);
    say_decimal(out, "pubY", key->point65 + 33);
    vk_say_field(out, "authenticatorId", "%.*s", (int)id.len, (const char *)id.data);
    vk_say_field(out, "authenticatorIdHash", "%.*s", (int)hash_text.len,
                 (const char *)hash_text.data);
    vk_passkey_put_key(&json, key->point65, credential_id);
    vk_out_raw(out, NULL, vk_buf_view(&json));
    vk_buf_clear(&json);
    vk_buf_clear(&id);
    vk_buf_clear(&hash_text);
}
