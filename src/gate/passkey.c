#include "gate/internal.h"

#include <valetkey/eth.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RP_ID_MAX 253
#define ORIGIN_MAX 255
#define CREDENTIAL_ID_MAX 1023

/* Such text goes into clientDataJSON as it is. */
static bool is_plain(const char *text, size_t max) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return len > 0 && len <= max;
}

static vk_status complete_names(vk_key_record *record, vk_error *err) {
    if (record->rp_id == NULL) {
        record->rp_id = strdup("localhost");
    }
    if (record->rp_id == NULL) {
        return VK_ERR_MEMORY;
    }
    if (!is_plain(record->rp_id, RP_ID_MAX)) {
        return vk_fail(err, VK_ERR_FORMAT, "CKA_VALETKEY_RP_ID",
                       "an rpId is 1 to %d printable ASCII characters", RP_ID_MAX);
    }
    if (record->origin == NULL && asprintf(&record->origin, "https://%s", record->rp_id) < 0) {
        record->origin = NULL;
        return VK_ERR_MEMORY;
    }
    if (!is_plain(record->origin, ORIGIN_MAX)) {
        return vk_fail(err, VK_ERR_FORMAT, "CKA_VALETKEY_ORIGIN",
                       "an origin is 1 to %d printable ASCII characters without \" and \\",
                       ORIGIN_MAX);
    }
    return VK_OK;
}

static bool is_zero(const vk_hash *hash) {
    static const vk_hash zero;
    return memcmp(hash->b, zero.b, sizeof zero.b) == 0;
}

vk_status vk_gate_complete_passkey(vk_key_record *record, vk_error *err) {
    vk_status status = complete_names(record, err);
    if (status != VK_OK) {
        return status;
    }
    bool hash_given = !is_zero(&record->authenticator_id_hash);
    if (record->credential_id.len == 0 && hash_given) {
        return VK_OK;
    }
    if (record->credential_id.len == 0) {
        vk_hash id;
        status = vk_sha256((vk_bytes){record->point65, sizeof record->point65}, &id);
        if (status != VK_OK) {
            return status;
        }
        vk_buf_put(&record->credential_id, id.b, sizeof id.b);
    }
    if (record->credential_id.len > CREDENTIAL_ID_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "CKA_VALETKEY_CREDENTIAL_ID",
                       "a credential id has at most %d bytes", CREDENTIAL_ID_MAX);
    }
    vk_hash hash = vk_keccak256(vk_buf_view(&record->credential_id));
    if (hash_given && memcmp(hash.b, record->authenticator_id_hash.b, sizeof hash.b) != 0) {
        return vk_fail(err, VK_ERR_MISMATCH, "CKA_VALETKEY_AUTHENTICATOR_ID_HASH",
                       "the authenticatorIdHash is not that of the credential id");
    }
    record->authenticator_id_hash = hash;
    return vk_buf_status(&record->credential_id);
}
