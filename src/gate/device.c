#include "gate/device_internal.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* The relying party of credentials that unlock stores and tokens: no account knows it. */
#define RP_ID "valetkey.invalid"
#define ORIGIN "https://" RP_ID

/* ---- Life ---- */

vk_status vk_device_new(const char *path, unsigned timeout_seconds, vk_device **out) {
    vk_device *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return VK_ERR_MEMORY;
    }
    if (pthread_mutex_init(&made->counting, NULL) != 0) {
        free(made);
        return VK_ERR_MEMORY;
    }
    vk_status status = vk_fido2_new(path, timeout_seconds, &made->fido2);
    if (status != VK_OK) {
        pthread_mutex_destroy(&made->counting);
        free(made);
        return status;
    }
    *out = made;
    return VK_OK;
}

void vk_device_free(vk_device *device) {
    if (device != NULL) {
        vk_fido2_free(device->fido2);
        pthread_mutex_destroy(&device->counting);
        free(device);
    }
}

vk_fido2 *vk_device_fido2(vk_device *device) {
    return device->fido2;
}

/* ---- Which enrolment is the device's? ---- */

/* Anything can be plugged in that says it knows every credential, so as to be told a PIN. */
static vk_status check_enrolment(vk_device *device, const vk_enrolment *said,
                                 const vk_enrolment **out, vk_error *err) {
    const vk_bytes id = {said->credential_id, said->credential_id_len};
    bool is_true = false;
    vk_status status = said->has_point
                           ? vk_fido2_proves(device->fido2, RP_ID, id, said->point65, &is_true, err)
                           : VK_OK;
    *out = is_true ? said : NULL;
    return status;
}

static vk_status find_enrolment(vk_device *device, const vk_enrolment *enrolments, size_t count,
                                const vk_enrolment **out, vk_error *err) {
    vk_bytes ids[VK_ENROLMENTS_MAX] = {{0}};
    size_t index;
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        ids[i] = (vk_bytes){enrolments[i].credential_id, enrolments[i].credential_id_len};
    }
    vk_status status = vk_fido2_which(device->fido2, RP_ID, ids, count, &index, err);
    return status == VK_OK && index < count ? check_enrolment(device, &enrolments[index], out, err)
                                            : status;
}

/* A store that cannot be read is none of this device's business: the log of its slot says so. */
static vk_status is_store_of(vk_device *device, const char *path, bool *out, vk_error *err) {
    vk_token *token;
    vk_enrolment *enrolments = NULL;
    const vk_enrolment *found = NULL;
    size_t count = 0;
    *out = false;
    if (vk_token_open(path, &token, NULL) != VK_OK) {
        return VK_OK;
    }
    vk_status status = VK_OK;
    if (vk_token_enrolments(token, &enrolments, &count, NULL) == VK_OK) {
        status = find_enrolment(device, enrolments, count, &found, err);
    }
    *out = found != NULL;
    vk_enrolments_free(enrolments);
    vk_token_close(token);
    return status;
}

vk_status vk_device_find_store(vk_device *device, const char *home, char **path, vk_error *err) {
    char **paths = NULL;
    size_t count = 0;
    bool found = false;
    *path = NULL;
    vk_status status = vk_home_device_stores(home, &paths, &count, err);
    for (size_t i = 0; i < count && status == VK_OK && !found; i++) {
        status = is_store_of(device, paths[i], &found, err);
        if (found) {
            *path = strdup(paths[i]);
            status = *path != NULL ? status : VK_ERR_MEMORY;
        }
    }
    vk_home_free(paths, count);
    return status;
}

/* ---- Secrets of enrolments ---- */

vk_status vk_device_ask_secret(vk_device *device, const vk_enrolment *enrolment, vk_bytes pin,
                               uint8_t secret32[32], vk_error *err) {
    vk_fido2_answer answer;
    vk_hash challenge;
    vk_buf client_data = {0};
    if (RAND_bytes(challenge.b, sizeof challenge.b) != 1) {
        return VK_ERR_CRYPTO;
    }
    vk_fido2_question question = {
        .rp_id = RP_ID,
        .origin = ORIGIN,
        .credential_id = {enrolment->credential_id, enrolment->credential_id_len},
        .point65 = enrolment->point65,
        .challenge = {challenge.b, sizeof challenge.b},
        .salt32 = enrolment->salt32,
        .touch_only = !enrolment->verified,
        .pin = pin};
    vk_status status = vk_webauthn_client_data(&challenge, ORIGIN, &client_data);
    if (status == VK_OK) {
        question.client_data = vk_buf_view(&client_data);
        status = vk_fido2_assert(device->fido2, &question, &answer, err);
    }
    if (status == VK_OK) {
        memcpy(secret32, answer.secret32, 32);
        vk_wipe(&answer, sizeof answer);
    }
    vk_buf_clear(&client_data);
    return status;
}

static vk_status no_secret(vk_error *err) {
    return vk_fail(err, VK_ERR_UNSUPPORTED, NULL,
                   "the security key has no hmac-secret, which unlocks what is kept about it");
}

/* Asked first, so that no touch is wanted, and no credential left behind, in vain. */
static vk_status need_secret(vk_device *device, vk_error *err) {
    vk_fido2_info info;
    vk_status status = vk_fido2_get_info(device->fido2, &info, err);
    return status == VK_OK && !info.has_hmac_secret ? no_secret(err) : status;
}

static vk_status take_credential(const vk_fido2_made *made, vk_enrolment *out, vk_error *err) {
    if (!made->has_hmac_secret) {
        return no_secret(err);
    }
    out->credential_id_len = made->credential_id.len;
    memcpy(out->credential_id, made->credential_id.data, made->credential_id.len);
    out->has_point = true;
    memcpy(out->point65, made->point65, sizeof out->point65);
    return VK_OK;
}

/* Wants two touches: one makes the credential, and the other asks it for its secret. */
static vk_status make_enrolment(vk_device *device, const char *name, bool touch_only,
                                vk_enrolment *out, uint8_t secret32[32], vk_error *err) {
    static const vk_bytes no_pin = {NULL, 0};
    uint8_t user_id[16];
    vk_fido2_made made;
    *out = (vk_enrolment){.rp_id = RP_ID, .verified = !touch_only};
    snprintf(out->name, sizeof out->name, "%s", name);
    if (RAND_bytes(user_id, sizeof user_id) != 1 || RAND_bytes(out->salt32, 32) != 1) {
        return VK_ERR_CRYPTO;
    }
    const vk_fido2_wish wish = {.rp_id = RP_ID,
                                .origin = ORIGIN,
                                .user_id = {user_id, sizeof user_id},
                                .user_name = "valetkey",
                                .hmac_secret = true,
                                .touch_only = touch_only};
    vk_status status = need_secret(device, err);
    if (status == VK_OK) {
        status = vk_fido2_make(device->fido2, &wish, &made, err);
    }
    if (status != VK_OK) {
        return status;
    }
    status = take_credential(&made, out, err);
    vk_fido2_made_clear(&made);
    return status == VK_OK ? vk_device_ask_secret(device, out, no_pin, secret32, err) : status;
}

/* ---- The store ---- */

static vk_status create_store(const char *home, const char *label, const vk_enrolment *enrolment,
                              const uint8_t secret32[32], vk_token **out, vk_error *err) {
    vk_enrolment *enrolments = NULL;
    size_t count = 0;
    const vk_token_new args = {.label = label,
                               .enrolment = enrolment,
                               .enrolment_secret32 = secret32,
                               .is_device_store = true};
    vk_status status = vk_token_create(home, &args, out, err);
    if (status == VK_OK) {
        status = vk_token_enrolments(*out, &enrolments, &count, err);
    }
    if (status == VK_OK) {
        status = count == 1 ? vk_token_login_enrolled(*out, enrolments[0].id, secret32)
                            : VK_ERR_INTEGRITY;
        vk_enrolments_free(enrolments);
    }
    if (status != VK_OK && *out != NULL) {
        vk_token_close(*out);
        *out = NULL;
    }
    return status;
}

vk_status vk_device_make_store(vk_device *device, const char *home, const char *label,
                               vk_token **out, vk_error *err) {
    vk_enrolment enrolment;
    uint8_t secret32[32];
    *out = NULL;
    vk_status status = make_enrolment(device, label, false, &enrolment, secret32, err);
    if (status == VK_OK) {
        status = create_store(home, label, &enrolment, secret32, out, err);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

/* ---- Logins ---- */

static vk_status find_any(vk_device *device, vk_token *token, vk_enrolment *out, vk_error *err) {
    vk_enrolment *enrolments = NULL;
    const vk_enrolment *found = NULL;
    size_t count = 0;
    vk_status status = vk_token_enrolments(token, &enrolments, &count, err);
    if (status == VK_OK) {
        status = find_enrolment(device, enrolments, count, &found, err);
    }
    if (status == VK_OK && found == NULL) {
        status = vk_fail(err, VK_ERR_NOT_FOUND, NULL,
                         "the security key is not enrolled with this token");
    }
    if (status == VK_OK) {
        *out = *found;
    }
    vk_enrolments_free(enrolments);
    return status;
}

static vk_status check_verification(vk_device *device, vk_error *err) {
    vk_fido2_info info;
    if (vk_fido2_is_logged_in(device->fido2)) {
        return VK_OK;
    }
    vk_status status = vk_fido2_get_info(device->fido2, &info, err);
    return status == VK_OK && !info.has_uv
               ? vk_fail(err, VK_ERR_ARGUMENT, NULL,
                         "the security key has no built-in verification: it wants its PIN")
               : status;
}

vk_status vk_device_find_enrolment(vk_device *device, vk_token *token, bool has_pin,
                                   vk_enrolment *out, vk_error *err) {
    vk_status status = find_any(device, token, out, err);
    return status == VK_OK && out->verified && !has_pin ? check_verification(device, err) : status;
}

static vk_status unlock(vk_device *device, vk_token *token, vk_error *err) {
    static const vk_bytes no_pin = {NULL, 0};
    vk_enrolment found;
    uint8_t secret32[32];
    vk_status status = find_any(device, token, &found, err);
    if (status == VK_OK) {
        status = vk_device_ask_secret(device, &found, no_pin, secret32, err);
    }
    if (status == VK_OK) {
        status = vk_token_login_enrolled(token, found.id, secret32);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

static vk_status verify_user(vk_device *device, const uint8_t *pin, size_t len, vk_error *err) {
    return pin != NULL ? vk_fido2_log_in(device->fido2, pin, len, err)
                       : check_verification(device, err);
}

vk_status vk_device_log_in(vk_device *device, vk_token *store, const uint8_t *pin, size_t len,
                           vk_error *err) {
    vk_status status = verify_user(device, pin, len, err);
    if (status != VK_OK || store == NULL) {
        return status;
    }
    status = unlock(device, store, err);
    if (status != VK_OK) {
        vk_device_log_out(device);
    }
    return status;
}

void vk_device_log_out(vk_device *device) {
    vk_fido2_log_out(device->fido2);
}

/* One credential is enough: which of several a device would be asked for could not be said. */
static vk_status check_unknown(vk_device *device, vk_token *token, vk_error *err) {
    vk_enrolment found;
    vk_error ignored = {0};
    vk_status status = find_any(device, token, &found, &ignored);
    if (status == VK_OK) {
        return vk_fail(err, VK_ERR_EXISTS, NULL,
                       "this security key unlocks the token already: it is number %lld",
                       (long long)found.id);
    }
    return status == VK_ERR_NOT_FOUND ? VK_OK
                                      : vk_fail(err, status, ignored.path, "%s", ignored.message);
}

vk_status vk_device_enrol(vk_device *device, vk_token *token, const char *name, bool touch_only,
                          vk_error *err) {
    vk_enrolment enrolment;
    uint8_t secret32[32];
    vk_status status = check_unknown(device, token, err);
    if (status == VK_OK) {
        status = make_enrolment(device, name, touch_only, &enrolment, secret32, err);
    }
    if (status == VK_OK) {
        status = vk_token_enrol(token, &enrolment, secret32, err);
    }
    vk_wipe(secret32, sizeof secret32);
    return status;
}

/* ---- Touches for keys that are elsewhere ---- */

static void take_step_up(const vk_fido2_made *made, const char *name, bool verified,
                         vk_step_up_device *out) {
    *out = (vk_step_up_device){
        .rp_id = RP_ID, .credential_id_len = made->credential_id.len, .verified = verified};
    snprintf(out->name, sizeof out->name, "%s", name);
    memcpy(out->credential_id, made->credential_id.data, made->credential_id.len);
    memcpy(out->point65, made->point65, sizeof out->point65);
}

vk_status vk_device_make_step_up(vk_device *device, const char *name, vk_step_up_device *out,
                                 vk_error *err) {
    uint8_t user_id[16];
    vk_fido2_info info;
    vk_fido2_made made;
    if (RAND_bytes(user_id, sizeof user_id) != 1) {
        return VK_ERR_CRYPTO;
    }
    vk_status status = vk_fido2_get_info(device->fido2, &info, err);
    if (status != VK_OK) {
        return status;
    }
    const vk_fido2_wish wish = {.rp_id = RP_ID,
                                .origin = ORIGIN,
                                .user_id = {user_id, sizeof user_id},
                                .user_name = "valetkey",
                                .touch_only = !info.has_uv};
    status = vk_fido2_make(device->fido2, &wish, &made, err);
    if (status == VK_OK) {
        take_step_up(&made, name, info.has_uv, out);
        vk_fido2_made_clear(&made);
    }
    return status;
}
