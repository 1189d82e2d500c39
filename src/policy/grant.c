/* Grants: what is common to all kinds, and the table of them. */
#include "policy/grant_form.h"
#include "thirdweb/request_json.h"

#include <inttypes.h>
#include <string.h>

#define KEY_MAX 64 /* x || y */
#define START_MAX (((uint64_t)1 << 48) - 1)
#define GRANT_JSON_MAX (VK_SERIALIZED_MAX + ((size_t)1 << 19))

static const vk_grant_form *const forms[VK_GRANT_KINDS] = {
    [VK_GRANT_PERMISSION] = &vk_grant_form_permission,
    [VK_GRANT_PLUGIN] = &vk_grant_form_plugin,
    [VK_GRANT_OWNER] = &vk_grant_form_owner,
    [VK_GRANT_THIRDWEB] = &vk_grant_form_thirdweb,
};

const vk_grant_form *vk_grant_form_of(vk_grant_kind kind) {
    return forms[(size_t)kind < VK_GRANT_KINDS ? kind : VK_GRANT_PERMISSION];
}

const char *vk_grant_kind_text(vk_grant_kind kind) {
    return vk_grant_form_of(kind)->name;
}

/* ---- Reading ---- */

static vk_status read_kind(const cJSON *object, vk_grant *out, vk_error *err) {
    const char *text;
    if (vk_json_get(object, "kind") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(object, "kind", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    for (size_t i = 0; i < VK_GRANT_KINDS; i++) {
        if (strcmp(forms[i]->name, text) == 0) {
            out->kind = (vk_grant_kind)i;
            return VK_OK;
        }
    }
    return vk_fail(err, VK_ERR_UNSUPPORTED, "kind",
                   "\"%.20s\" is none of \"permission\", \"plugin\", \"owner\" and \"thirdweb\"",
                   text);
}

static vk_status read_entry_point(const cJSON *object, vk_grant *out, vk_error *err) {
    if (vk_json_get(object, "entryPoint") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_address(object, "entryPoint", NULL, &out->entry_point, err);
    if (status != VK_OK) {
        return status;
    }
    out->entry_point_version = vk_entry_point_of_address(&out->entry_point);
    if (out->entry_point_version != VK_ENTRY_POINT_UNKNOWN) {
        return VK_OK;
    }
    char text[43];
    vk_address_text(&out->entry_point, text);
    return vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                   "%s is none of the published EntryPoints 0.6, 0.7, 0.8 and 0.9", text);
}

/* Labels may be the same: a permission is told by its id, the others by this. */
static vk_status read_key(const cJSON *object, vk_grant *out, vk_error *err) {
    return vk_json_get(object, "key") == NULL
               ? VK_OK
               : vk_json_bytes(object, "key", NULL, KEY_MAX, &out->key, err);
}

static vk_status read_start(const cJSON *object, vk_grant *out, vk_error *err) {
    static const char *const members[] = {"spent", "used", "at", NULL};
    const cJSON *start = vk_json_get(object, "start");
    vk_path path = vk_path_member(NULL, "start");
    if (start == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_only(start, members, &path, err);
    if (status == VK_OK && vk_json_get(start, "spent") != NULL) {
        status = vk_json_bigint(start, "spent", &path, 256, &out->start.spent, err);
    }
    if (status == VK_OK && vk_json_get(start, "used") != NULL) {
        status = vk_json_u64(start, "used", &path, START_MAX, &out->start.used, err);
    }
    if (status == VK_OK) {
        status = vk_json_u64(start, "at", &path, START_MAX, &out->start.at, err);
    }
    if (status == VK_OK && out->start.at == 0) {
        return vk_fail(err, VK_ERR_RANGE, "start.at", "must be the time at which that was so");
    }
    return status;
}

vk_status vk_grant_read_start(const char *json, size_t json_len, vk_grant_start *out,
                              vk_error *err) {
    cJSON *object = NULL;
    vk_grant grant = {.kind = VK_GRANT_PERMISSION};
    vk_status status =
        vk_json_parse((vk_bytes){(const uint8_t *)json, json_len}, GRANT_JSON_MAX, &object, err);
    if (status == VK_OK) {
        status = read_start(object, &grant, err);
    }
    cJSON_Delete(object);
    *out = grant.start;
    return status;
}

/* A signature for chain 0 is one for every chain: Kernel makes no difference. */
static vk_status read_chain(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = vk_json_u64(object, "chainId", NULL, UINT64_MAX, &out->chain_id, err);
    if (status == VK_OK && out->chain_id == 0) {
        return vk_fail(err, VK_ERR_RANGE, "chainId",
                       "there is no chain 0: what is signed for it is good on every chain");
    }
    return status;
}

static vk_status read_object(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = read_kind(object, out, err);
    if (status == VK_OK) {
        status = vk_json_only(object, vk_grant_form_of(out->kind)->members, NULL, err);
    }
    if (status == VK_OK) {
        status = read_chain(object, out, err);
    }
    if (status == VK_OK) {
        status = read_entry_point(object, out, err);
    }
    if (status == VK_OK) {
        status = read_key(object, out, err);
    }
    if (status == VK_OK) {
        status = read_start(object, out, err);
    }
    return status == VK_OK ? vk_grant_form_of(out->kind)->read(object, out, err) : status;
}

/* thirdweb's sessions and Kernel's rules do not mix. */
static vk_status check_policy_kind(const vk_grant *grant, const vk_policy *policy, vk_error *err) {
    bool session = vk_policy_is_thirdweb(policy);
    if (session == (grant->kind == VK_GRANT_THIRDWEB)) {
        return VK_OK;
    }
    return vk_fail(err, VK_ERR_MISMATCH, "kind",
                   session ? "the key's policy is a thirdweb session, so the grant must be of the "
                             "kind \"thirdweb\""
                           : "a grant of the kind \"thirdweb\" is for a key whose policy is a "
                             "thirdweb session");
}

static void put_key(const vk_signer *signer, vk_buf *out) {
    if (signer->kind == VK_SIGNER_ECDSA) {
        vk_buf_put(out, signer->address.b, sizeof signer->address.b);
    } else {
        vk_buf_put(out, signer->x, sizeof signer->x);
        vk_buf_put(out, signer->y, sizeof signer->y);
    }
}

static vk_status check_key(vk_grant *grant, const vk_signer *signer, vk_error *err) {
    vk_buf key = {0};
    if (grant->kind == VK_GRANT_PERMISSION) {
        return VK_OK;
    }
    put_key(signer, &key);
    bool same = grant->key.len == 0 || vk_bytes_equal(vk_buf_view(&key), vk_buf_view(&grant->key));
    vk_buf_clear(&grant->key);
    grant->key = key;
    return same ? vk_buf_status(&grant->key)
                : vk_fail(err, VK_ERR_MISMATCH, "key", "the grant is another key's");
}

static vk_status derive(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                        vk_error *err) {
    vk_status status = check_policy_kind(grant, policy, err);
    if (status == VK_OK) {
        status = check_key(grant, signer, err);
    }
    return status == VK_OK ? vk_grant_form_of(grant->kind)->derive(grant, policy, signer, err)
                           : status;
}

vk_status vk_grant_read_checked(const char *json, size_t json_len, const vk_policy *policy,
                                const vk_signer *signer, vk_grant *out, vk_error *err) {
    cJSON *object = NULL;
    vk_grant grant = {.kind = VK_GRANT_PERMISSION};
    vk_status status =
        vk_json_parse((vk_bytes){(const uint8_t *)json, json_len}, GRANT_JSON_MAX, &object, err);
    if (status == VK_OK) {
        status = read_object(object, &grant, err);
    }
    if (status == VK_OK) {
        status = derive(&grant, policy, signer, err);
    }
    cJSON_Delete(object);
    if (status != VK_OK) {
        vk_grant_clear(&grant);
        return status;
    }
    *out = grant;
    return VK_OK;
}

/* Unlike vk_grant_has_approval also where the operations do not bring it along. */
static bool has_signature(const vk_grant *grant) {
    return vk_grant_form_of(grant->kind)->check_approval != NULL && !grant->account.pre_installed;
}

static vk_status read_and_check(const char *json, size_t json_len, const vk_policy *policy,
                                const vk_signer *signer, bool approved, vk_grant *out,
                                vk_error *err) {
    vk_grant grant;
    vk_status status = vk_grant_read_checked(json, json_len, policy, signer, &grant, err);
    if (status != VK_OK) {
        return status;
    }
    const vk_grant_form *form = vk_grant_form_of(grant.kind);
    status = form->check(&grant, policy, signer, err);
    if (status == VK_OK && approved && has_signature(&grant)) {
        status = form->check_approval(&grant, err);
    }
    if (status != VK_OK) {
        vk_grant_clear(&grant);
        return status;
    }
    *out = grant;
    return VK_OK;
}

vk_status vk_grant_read(const char *json, size_t json_len, const vk_policy *policy,
                        const vk_signer *signer, vk_grant *out, vk_error *err) {
    return read_and_check(json, json_len, policy, signer, true, out, err);
}

vk_status vk_grant_read_unapproved(const char *json, size_t json_len, const vk_policy *policy,
                                   const vk_signer *signer, vk_grant *out, vk_error *err) {
    return read_and_check(json, json_len, policy, signer, false, out, err);
}

/* ---- Writing ---- */

void vk_grant_put_bytes(const char *name, vk_bytes bytes, vk_buf *out) {
    vk_buf_printf(out, ",\"%s\":\"", name);
    vk_hex_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

void vk_grant_put_address(const char *name, const vk_address *address, vk_buf *out) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void put_start(const vk_grant_start *start, vk_buf *out) {
    char spent[79];
    if (start->at != 0) {
        vk_u256_decimal(&start->spent, spent);
        vk_buf_printf(out, ",\"start\":{\"spent\":\"%s\",\"used\":%" PRIu64 ",\"at\":%" PRIu64 "}",
                      spent, start->used, start->at);
    }
}

vk_status vk_grant_write(const vk_grant *grant, vk_buf *out) {
    vk_buf_printf(out, "{\"kind\":\"%s\",\"chainId\":%" PRIu64, vk_grant_kind_text(grant->kind),
                  grant->chain_id);
    vk_grant_put_address("entryPoint", &grant->entry_point, out);
    if (grant->key.len > 0) {
        vk_grant_put_bytes("key", vk_buf_view(&grant->key), out);
    }
    put_start(&grant->start, out);
    vk_status status = vk_grant_form_of(grant->kind)->write(grant, out);
    vk_buf_put_byte(out, '}');
    return status == VK_OK ? vk_buf_status(out) : status;
}

void vk_grant_clear(vk_grant *grant) {
    vk_serialized_clear(&grant->account);
    vk_buf_clear(&grant->key);
    vk_buf_clear(&grant->enable_data);
    vk_thirdweb_request_free(&grant->request);
    *grant = (vk_grant){.kind = VK_GRANT_PERMISSION};
}
