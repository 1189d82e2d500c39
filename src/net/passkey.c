#include "net/passkey.h"

#include "base/json.h"
#include "net/http.h"
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

/* What of the server's own words is repeated. */
#define QUOTE_MAX 200

struct vk_passkey_server {
    vk_http *http;
    char *rp_id; /* NULL: left out */
};

static vk_status no_memory(vk_error *err) {
    return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
}

/* ---- Life ---- */

vk_status vk_passkey_open(const vk_passkey_config *config, vk_passkey_server **out, vk_error *err) {
    const vk_http_config http = {.url = config->url,
                                 .headers = config->headers,
                                 .header_count = config->header_count,
                                 .tries = 1,
                                 .seconds = config->seconds,
                                 .answer_max = VK_PASSKEY_ANSWER_MAX,
                                 .keeps_cookies = true};
    vk_passkey_server *server = calloc(1, sizeof *server);
    *out = NULL;
    if (server == NULL) {
        return no_memory(err);
    }
    vk_status status = VK_OK;
    if (config->rp_id != NULL) {
        server->rp_id = strdup(config->rp_id);
        status = server->rp_id != NULL ? VK_OK : no_memory(err);
    }
    if (status == VK_OK) {
        status = vk_http_open(&http, &server->http, err);
    }
    if (status != VK_OK) {
        vk_passkey_close(server);
        return status;
    }
    *out = server;
    return VK_OK;
}

void vk_passkey_close(vk_passkey_server *server) {
    if (server != NULL) {
        vk_http_close(server->http);
        free(server->rp_id);
        free(server);
    }
}

const char *vk_passkey_name(const vk_passkey_server *server) {
    return vk_http_name(server->http);
}

/* ---- Asking ---- */

static vk_status fail(const vk_passkey_server *server, const char *path, const vk_error *why,
                      vk_error *err) {
    return vk_fail(err, why->status == VK_ERR_MEMORY ? VK_ERR_MEMORY : VK_ERR_SERVER, NULL,
                   "%s, asked for %s, answers: %s%s%s", vk_passkey_name(server), path, why->path,
                   why->path[0] != '\0' ? ": " : "", why->message);
}

/* What it says about a failure, if it says that as most do: {"error":"..."}. */
static const char *words_of(const cJSON *json) {
    static const char *const names[] = {"error", "message"};
    for (size_t i = 0; i < 2; i++) {
        const cJSON *text = vk_json_get(json, names[i]);
        if (cJSON_IsString(text)) {
            return text->valuestring;
        }
    }
    return "";
}

static vk_status fail_code(const vk_passkey_server *server, const char *path, long code,
                           vk_bytes answer, vk_error *err) {
    cJSON *json = NULL;
    if (code / 100 == 3) {
        return vk_fail(err, VK_ERR_SERVER, NULL,
                       "%s, asked for %s, points elsewhere (HTTP status %ld), where nothing is "
                       "sent to: give the server's own URL",
                       vk_passkey_name(server), path, code);
    }
    if (vk_json_parse(answer, VK_PASSKEY_ANSWER_MAX, &json, NULL) != VK_OK) {
        json = NULL;
    }
    const char *words = json != NULL ? words_of(json) : "";
    vk_status status = vk_fail(
        err, VK_ERR_SERVER, NULL, "%s, asked for %s, answers with HTTP status %ld%s%.*s",
        vk_passkey_name(server), path, code, words[0] != '\0' ? ": " : "", QUOTE_MAX, words);
    cJSON_Delete(json);
    return status;
}

/* Any success will do: the SDK does not look. */
static vk_status ask(vk_passkey_server *server, const char *path, vk_buf *body, vk_buf *answer,
                     vk_error *err) {
    long code = 0;
    vk_error why = {0};
    vk_status status = vk_buf_status(body);
    if (status != VK_OK) {
        return no_memory(err);
    }
    status = vk_http_post_at(server->http, path, vk_buf_view(body), answer, &code, &why);
    if (status == VK_ERR_SIZE) {
        return fail(server, path, &why, err);
    }
    if (status != VK_OK) {
        return vk_fail(err, status, why.path, "%s", why.message);
    }
    return code / 100 == 2 ? VK_OK : fail_code(server, path, code, vk_buf_view(answer), err);
}

/* ---- Bodies ---- */

static void put_text(vk_buf *out, const char *name, const char *text) {
    vk_buf_printf(out, "\"%s\":", name);
    vk_json_put_string(out, text);
}

static void put_base64url(vk_buf *out, const char *name, vk_bytes bytes) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_base64url_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

/* The last member of every body; the SDK leaves out what it was not given. */
static void put_end(vk_buf *out, const vk_passkey_server *server, bool is_first) {
    if (server->rp_id != NULL) {
        vk_buf_put_text(out, is_first ? "" : ",");
        put_text(out, "rpID", server->rp_id);
    }
    vk_buf_put_byte(out, '}');
}

static void put_cred_begin(vk_buf *out, vk_bytes credential_id) {
    vk_buf_put_text(out, "\"cred\":{");
    put_base64url(out, "id", credential_id);
    vk_buf_put_byte(out, ',');
    put_base64url(out, "rawId", credential_id);
    vk_buf_put_text(out, ",\"response\":{");
}

static void put_cred_end(vk_buf *out, bool roams) {
    vk_buf_printf(out,
                  "},\"type\":\"public-key\",\"clientExtensionResults\":{},"
                  "\"authenticatorAttachment\":\"%s\"}",
                  roams ? "cross-platform" : "platform");
}

static void put_created(vk_buf *out, const vk_passkey_created *created) {
    uint8_t spki[VK_P256_SPKI_LEN];
    vk_p256_spki_write(created->point65, spki);
    put_cred_begin(out, created->credential_id);
    put_base64url(out, "attestationObject", created->attestation_object);
    vk_buf_put_byte(out, ',');
    put_base64url(out, "clientDataJSON", created->client_data);
    vk_buf_printf(out, ",\"transports\":[\"%s\"],\"publicKeyAlgorithm\":-7,",
                  created->roams ? "usb" : "internal");
    put_base64url(out, "publicKey", (vk_bytes){spki, sizeof spki});
    vk_buf_put_byte(out, ',');
    put_base64url(out, "authenticatorData", created->auth_data);
    put_cred_end(out, created->roams);
}

/* The SDK writes the handle as the text that it was given. */
static vk_status put_user_handle(vk_buf *out, vk_bytes handle) {
    vk_buf copy = {0};
    if (handle.len == 0) {
        return VK_OK;
    }
    vk_buf_put(&copy, handle.data, handle.len);
    char *text = vk_buf_take_text(&copy);
    if (text == NULL) {
        return VK_ERR_MEMORY;
    }
    vk_buf_put_byte(out, ',');
    put_text(out, "userHandle", text);
    vk_text_free(text);
    return VK_OK;
}

static vk_status put_asserted(vk_buf *out, const vk_passkey_assertion *assertion) {
    put_cred_begin(out, assertion->credential_id);
    put_base64url(out, "authenticatorData", assertion->auth_data);
    vk_buf_put_byte(out, ',');
    put_base64url(out, "clientDataJSON", assertion->client_data);
    vk_buf_put_byte(out, ',');
    put_base64url(out, "signature", assertion->signature_der);
    vk_status status = put_user_handle(out, assertion->user_handle);
    put_cred_end(out, assertion->roams);
    return status;
}

/* ---- Registration ---- */

/* A server that means another relying party than was asked for is not the one to talk to. */
static vk_status check_rp_id(const vk_passkey_server *server, const char *told, vk_error *err) {
    if (server->rp_id == NULL || told == NULL || strcmp(server->rp_id, told) == 0) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_MISMATCH, NULL, "its rpId is \"%.100s\", not \"%.100s\"", told,
                   server->rp_id);
}

vk_status vk_passkey_begin_registration(vk_passkey_server *server, const char *name,
                                        vk_passkey_creation *out, vk_error *err) {
    static const char path[] = "/register/options";
    vk_buf body = {0}, answer = {0};
    vk_error why = {0};
    *out = (vk_passkey_creation){0};
    vk_status status = vk_passkey_check_name(name, err);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_byte(&body, '{');
    put_text(&body, "username", name);
    put_end(&body, server, false);
    status = ask(server, path, &body, &answer, err);
    if (status == VK_OK) {
        status = vk_passkey_creation_read(vk_buf_view(&answer), out, &why);
        if (status == VK_OK) {
            status = check_rp_id(server, out->rp_id, &why);
        }
        status = status == VK_OK ? VK_OK : fail(server, path, &why, err);
    }
    vk_buf_clear(&body);
    vk_buf_clear(&answer);
    if (status != VK_OK) {
        vk_passkey_creation_clear(out);
    }
    return status;
}

vk_status vk_passkey_finish_registration(vk_passkey_server *server, const char *name,
                                         const vk_passkey_creation *creation,
                                         const vk_passkey_created *created, vk_error *err) {
    static const char path[] = "/register/verify";
    vk_buf body = {0}, answer = {0};
    vk_error why = {0};
    vk_buf_put_byte(&body, '{');
    put_text(&body, "userId", creation->server_id);
    vk_buf_put_byte(&body, ',');
    put_text(&body, "username", name);
    vk_buf_put_byte(&body, ',');
    put_created(&body, created);
    put_end(&body, server, false);
    vk_status status = ask(server, path, &body, &answer, err);
    if (status == VK_OK && vk_passkey_registered_read(vk_buf_view(&answer), &why) != VK_OK) {
        status = fail(server, path, &why, err);
    }
    vk_buf_clear(&body);
    vk_buf_clear(&answer);
    return status;
}

/* ---- Login ---- */

vk_status vk_passkey_begin_login(vk_passkey_server *server, vk_passkey_request *out,
                                 vk_error *err) {
    static const char path[] = "/login/options";
    vk_buf body = {0}, answer = {0};
    vk_error why = {0};
    *out = (vk_passkey_request){0};
    vk_buf_put_byte(&body, '{');
    put_end(&body, server, true);
    vk_status status = ask(server, path, &body, &answer, err);
    if (status == VK_OK) {
        status = vk_passkey_request_read(vk_buf_view(&answer), out, &why);
        if (status == VK_OK) {
            status = check_rp_id(server, out->rp_id, &why);
        }
        status = status == VK_OK ? VK_OK : fail(server, path, &why, err);
    }
    vk_buf_clear(&body);
    vk_buf_clear(&answer);
    if (status != VK_OK) {
        vk_passkey_request_clear(out);
    }
    return status;
}

static vk_status check_point(vk_bytes answer, const uint8_t point65[65], vk_error *why) {
    uint8_t told65[65];
    vk_status status = vk_passkey_logged_in_read(answer, told65, why);
    if (status == VK_OK && memcmp(told65, point65, sizeof told65) != 0) {
        status = vk_fail(why, VK_ERR_MISMATCH, "pubkey", "it is not the key that logged in");
    }
    return status;
}

vk_status vk_passkey_finish_login(vk_passkey_server *server, const vk_passkey_assertion *assertion,
                                  const uint8_t point65[65], vk_error *err) {
    static const char path[] = "/login/verify";
    vk_buf body = {0}, answer = {0};
    vk_error why = {0};
    vk_buf_put_byte(&body, '{');
    vk_status status = put_asserted(&body, assertion);
    put_end(&body, server, false);
    status = status == VK_OK ? ask(server, path, &body, &answer, err) : no_memory(err);
    if (status == VK_OK && check_point(vk_buf_view(&answer), point65, &why) != VK_OK) {
        status = fail(server, path, &why, err);
    }
    vk_buf_clear(&body);
    vk_buf_clear(&answer);
    return status;
}

/* ---- The SDK's key ---- */

static void put_decimal(vk_buf *out, const char *name, const uint8_t be32[32]) {
    char text[79];
    vk_u256 value = vk_u256_from_be(be32, 32);
    vk_u256_decimal(&value, text);
    vk_buf_printf(out, "\"%s\":\"%s\",", name, text);
}

void vk_passkey_put_key(vk_buf *out, const uint8_t point65[65], vk_bytes credential_id) {
    vk_hash hash = vk_keccak256(credential_id);
    vk_buf_put_byte(out, '{');
    put_decimal(out, "pubX", point65 + 1);
    put_decimal(out, "pubY", point65 + 33);
    put_base64url(out, "authenticatorId", credential_id);
    vk_buf_put_text(out, ",\"authenticatorIdHash\":\"");
    vk_hex_put(out, (vk_bytes){hash.b, sizeof hash.b});
    vk_buf_put_text(out, "\",\"rpID\":\"\"}");
}
