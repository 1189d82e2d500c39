/* What passkey servers answer. */
#include "net/member.h"
#include "net/passkey.h"

#include <string.h>

#define RP_ID_MAX 253

static vk_status parse(vk_bytes text, cJSON **out, vk_error *err) {
    cJSON *json = NULL;
    *out = NULL;
    vk_status status = vk_json_parse(text, VK_PASSKEY_ANSWER_MAX, &json, err);
    if (status == VK_OK && !cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return vk_fail(err, VK_ERR_FORMAT, NULL, "the answer is not a JSON object");
    }
    *out = status == VK_OK ? json : NULL;
    return status;
}

/* "verified" must be true: a text, or 1, is no yes. */
static vk_status check_verified(const cJSON *object, const vk_path *path, const char *what,
                                vk_error *err) {
    bool verified;
    vk_status status = vk_json_bool(object, "verified", path, &verified, err);
    if (status == VK_OK && !verified) {
        vk_path at = vk_path_member(path, "verified");
        status = vk_fail(err, VK_ERR_FORMAT, at.text, "it does not accept the %s", what);
    }
    return status;
}

/* ---- Both kinds of options ---- */

static vk_status read_challenge(const cJSON *options, const vk_path *path, vk_buf *out,
                                vk_error *err) {
    return vk_member_base64url(options, "challenge", path, VK_PASSKEY_CHALLENGE_MIN,
                               VK_PASSKEY_CHALLENGE_MAX, out, err);
}

/* A member that may be missing. */
static vk_status read_rp_id(const cJSON *object, const char *name, const vk_path *path, char **out,
                            vk_error *err) {
    return vk_json_get(object, name) != NULL
               ? vk_member_text(object, name, path, RP_ID_MAX, out, err)
               : VK_OK;
}

/* ---- Creation ---- */

void vk_passkey_creation_clear(vk_passkey_creation *creation) {
    vk_buf_clear(&creation->challenge);
    vk_text_free(creation->rp_id);
    vk_text_free(creation->user_id);
    vk_text_free(creation->server_id);
    *creation = (vk_passkey_creation){0};
}

vk_status vk_passkey_check_name(const char *name, vk_error *err) {
    return vk_member_is_printable(name, VK_PASSKEY_NAME_MAX)
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, NULL,
                         "a name is 1 to %d bytes of UTF-8 without control characters",
                         VK_PASSKEY_NAME_MAX);
}

static vk_status read_id(const cJSON *object, const char *name, const vk_path *path, char **out,
                         vk_error *err) {
    return vk_member_text(object, name, path, VK_PASSKEY_USER_ID_MAX, out, err);
}

/* A key on P-256 with SHA-256 must be welcome; none named: the usual ones are. */
static vk_status check_algorithms(const cJSON *options, const vk_path *path, vk_error *err) {
    const cJSON *list = vk_json_get(options, "pubKeyCredParams"), *item;
    if (list == NULL || (cJSON_IsArray(list) && cJSON_GetArraySize(list) == 0)) {
        return VK_OK;
    }
    if (!cJSON_IsArray(list)) {
        return vk_member_wrong(err, path, "pubKeyCredParams", "a list");
    }
    cJSON_ArrayForEach(item, list) {
        const cJSON *algorithm = vk_json_get(item, "alg");
        if (vk_member_is(vk_json_get(item, "type"), "public-key") && cJSON_IsNumber(algorithm) &&
            algorithm->valuedouble == -7) {
            return VK_OK;
        }
    }
    return vk_member_wrong(err, path, "pubKeyCredParams",
                           "a list with ES256 (-7): no other key is made here");
}

static void read_wishes(const cJSON *options, vk_passkey_creation *out) {
    const cJSON *selection = vk_json_get(options, "authenticatorSelection");
    const cJSON *attestation = vk_json_get(options, "attestation");
    out->discoverable = vk_member_is(vk_json_get(selection, "residentKey"), "required") ||
                        cJSON_IsTrue(vk_json_get(selection, "requireResidentKey"));
    out->attestation = cJSON_IsString(attestation) && !vk_member_is(attestation, "none");
}

static vk_status read_rp_and_user(const cJSON *options, const vk_path *path,
                                  vk_passkey_creation *out, vk_error *err) {
    const cJSON *rp, *user;
    vk_path at = vk_path_member(path, "rp");
    vk_status status = vk_member_object(options, "rp", path, &rp, err);
    if (status == VK_OK) {
        status = read_rp_id(rp, "id", &at, &out->rp_id, err);
    }
    if (status == VK_OK) {
        status = vk_member_object(options, "user", path, &user, err);
    }
    at = vk_path_member(path, "user");
    return status == VK_OK ? read_id(user, "id", &at, &out->user_id, err) : status;
}

static vk_status read_creation(const cJSON *json, vk_passkey_creation *out, vk_error *err) {
    const cJSON *options;
    vk_path path = vk_path_member(NULL, "options");
    vk_status status = vk_member_object(json, "options", NULL, &options, err);
    if (status == VK_OK) {
        status = read_id(json, "userId", NULL, &out->server_id, err);
    }
    if (status == VK_OK) {
        status = read_challenge(options, &path, &out->challenge, err);
    }
    if (status == VK_OK) {
        status = read_rp_and_user(options, &path, out, err);
    }
    if (status == VK_OK) {
        status = check_algorithms(options, &path, err);
    }
    if (status == VK_OK) {
        read_wishes(options, out);
    }
    return status;
}

vk_status vk_passkey_creation_read(vk_bytes json, vk_passkey_creation *out, vk_error *err) {
    cJSON *parsed;
    *out = (vk_passkey_creation){0};
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK) {
        status = read_creation(parsed, out, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_passkey_creation_clear(out);
    }
    return status;
}

vk_status vk_passkey_registered_read(vk_bytes json, vk_error *err) {
    cJSON *parsed;
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK) {
        status = check_verified(parsed, NULL, "registration", err);
    }
    cJSON_Delete(parsed);
    return status;
}

/* ---- Requests ---- */

void vk_passkey_request_clear(vk_passkey_request *request) {
    vk_buf_clear(&request->challenge);
    vk_text_free(request->rp_id);
    for (size_t i = 0; i < request->allowed_count; i++) {
        vk_buf_clear(&request->allowed[i]);
    }
    *request = (vk_passkey_request){0};
}

bool vk_passkey_request_allows(const vk_passkey_request *request, vk_bytes credential_id) {
    bool found = request->allowed_count == 0;
    for (size_t i = 0; i < request->allowed_count; i++) {
        found |= vk_bytes_equal(vk_buf_view(&request->allowed[i]), credential_id);
    }
    return found;
}

static vk_status read_allowed_one(const cJSON *item, const vk_path *path, vk_passkey_request *out,
                                  vk_error *err) {
    vk_buf *id = &out->allowed[out->allowed_count++];
    return vk_member_base64url(item, "id", path, 1, VK_CREDENTIAL_ID_MAX, id, err);
}

static vk_status read_allowed(const cJSON *json, vk_passkey_request *out, vk_error *err) {
    const cJSON *list = vk_json_get(json, "allowCredentials"), *item;
    vk_path path = vk_path_member(NULL, "allowCredentials");
    vk_status status = VK_OK;
    size_t index = 0;
    if (list != NULL && !cJSON_IsArray(list)) {
        return vk_member_wrong(err, NULL, "allowCredentials", "a list");
    }
    cJSON_ArrayForEach(item, list) {
        vk_path at = vk_path_index(&path, index++);
        if (index > VK_PASSKEY_ALLOWED_MAX) {
            return vk_fail(err, VK_ERR_SIZE, path.text, "there are more than %d credentials",
                           VK_PASSKEY_ALLOWED_MAX);
        }
        status = read_allowed_one(item, &at, out, err);
        if (status != VK_OK) {
            break;
        }
    }
    return status;
}

vk_status vk_passkey_request_read(vk_bytes json, vk_passkey_request *out, vk_error *err) {
    cJSON *parsed;
    *out = (vk_passkey_request){0};
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK) {
        status = read_challenge(parsed, NULL, &out->challenge, err);
    }
    if (status == VK_OK) {
        status = read_rp_id(parsed, "rpId", NULL, &out->rp_id, err);
    }
    if (status == VK_OK) {
        status = read_allowed(parsed, out, err);
    }
    cJSON_Delete(parsed);
    if (status != VK_OK) {
        vk_passkey_request_clear(out);
    }
    return status;
}

/* ---- Who it was ---- */

/* Servers write either alphabet; the SDK reads both. */
static vk_status read_public_key(const cJSON *json, uint8_t point65[65], vk_error *err) {
    const char *text;
    vk_buf spki = {0};
    vk_status status = vk_json_text(json, "pubkey", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_base64_read(text, strlen(text), &spki) != VK_OK) {
        vk_buf_clear(&spki);
        if (vk_base64url_read(text, strlen(text), &spki) != VK_OK) {
            vk_buf_clear(&spki);
            return vk_member_wrong(err, NULL, "pubkey", "base64");
        }
    }
    status = vk_p256_spki_read(vk_buf_view(&spki), point65, err);
    vk_buf_clear(&spki);
    return status == VK_OK
               ? VK_OK
               : vk_member_wrong(err, NULL, "pubkey", "the SubjectPublicKeyInfo of a P-256 key");
}

vk_status vk_passkey_logged_in_read(vk_bytes json, uint8_t point65[65], vk_error *err) {
    cJSON *parsed;
    const cJSON *verification;
    uint8_t read65[65];
    vk_path path = vk_path_member(NULL, "verification");
    vk_status status = parse(json, &parsed, err);
    if (status == VK_OK) {
        status = vk_member_object(parsed, "verification", NULL, &verification, err);
    }
    if (status == VK_OK) {
        status = check_verified(verification, &path, "login", err);
    }
    if (status == VK_OK) {
        status = read_public_key(parsed, read65, err);
    }
    cJSON_Delete(parsed);
    if (status == VK_OK) {
        memcpy(point65, read65, sizeof read65);
    }
    return status;
}
