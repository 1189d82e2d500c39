/* The vendor attributes that tell a key's grants and what is left of their budgets. */
#include "pkcs11/attribute.h"
#include "pkcs11/live.h"

#include <string.h>

/* ---- Grants ---- */

typedef CK_RV (*put_grant)(const vk_object *object, const vk_grant_record *grant, vk_buf *out);

/* One entry a grant; separator (may be NULL) stands between them. */
static CK_RV put_grants(const vk_object *object, put_grant put, const char *separator,
                        vk_buf *out) {
    size_t count;
    const vk_grant_record *grants = vk_view_grants(object->view, &count);
    if (vk_view_policy(object->view) == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        vk_buf_put_text(out, i > 0 && separator != NULL ? separator : "");
        rv = put(object, &grants[i], out);
    }
    return rv;
}

static CK_RV put_chain_id(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    (void)object;
    vk_put_u64(out, grant->chain_id);
    return CKR_OK;
}

static CK_RV put_account(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    (void)object;
    vk_buf_put(out, grant->account.b, sizeof grant->account.b);
    return CKR_OK;
}

static CK_RV put_entry_point(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    (void)object;
    vk_buf_put(out, grant->entry_point.b, sizeof grant->entry_point.b);
    return CKR_OK;
}

typedef const char *(*grant_text)(const vk_grant *grant);

static CK_RV put_text(const vk_object *object, const vk_grant_record *grant, grant_text text,
                      vk_buf *out) {
    vk_grant parsed;
    CK_RV rv = vk_grant_parse(object, grant, &parsed);
    if (rv == CKR_OK) {
        vk_buf_put_text(out, text(&parsed));
        vk_grant_clear(&parsed);
    }
    return rv;
}

static const char *version_text(const vk_grant *grant) {
    return grant->kind == VK_GRANT_THIRDWEB ? "thirdweb" : vk_kernel_text(grant->kernel);
}

static const char *kind_text(const vk_grant *grant) {
    return vk_grant_kind_text(grant->kind);
}

static const char *keeper_name(const vk_grant *grant) {
    return vk_grant_is_token_only(grant) ? "token" : "account";
}

static CK_RV put_kernel_version(const vk_object *object, const vk_grant_record *grant,
                                vk_buf *out) {
    return put_text(object, grant, version_text, out);
}

static CK_RV put_kind(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    return put_text(object, grant, kind_text, out);
}

static CK_RV put_kept_by(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    return put_text(object, grant, keeper_name, out);
}

static CK_RV put_kept_by_text(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    return put_text(object, grant, vk_grant_keeper_text, out);
}

static CK_RV get_chain_ids(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_chain_id, NULL, out);
}

static CK_RV get_accounts(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_account, NULL, out);
}

static CK_RV get_entry_points(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_entry_point, NULL, out);
}

static CK_RV get_kernel_versions(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_kernel_version, ",", out);
}

static CK_RV get_kinds(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_kind, ",", out);
}

static CK_RV get_kept_by(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_kept_by, ",", out);
}

static CK_RV get_kept_by_text(const vk_object *object, vk_buf *out) {
    return put_grants(object, put_kept_by_text, "\n", out);
}

/* ---- Live state ---- */

static const vk_policy *policy_with(const vk_object *object, vk_rule_kind kind,
                                    vk_rule_kind or_kind) {
    const vk_policy *policy = vk_view_policy(object->view);
    bool has_rule = policy != NULL && vk_policy_rule(policy, kind, or_kind) != NULL;
    return has_rule ? policy : NULL;
}

static CK_RV get_gas_left(const vk_object *object, vk_buf *out) {
    return policy_with(object, VK_RULE_GAS, VK_RULE_GAS) == NULL
               ? CKR_ATTRIBUTE_TYPE_INVALID
               : put_grants(object, vk_put_gas_left, NULL, out);
}

static CK_RV get_count_left(const vk_object *object, vk_buf *out) {
    return policy_with(object, VK_RULE_RATE_LIMIT, VK_RULE_RATE_LIMIT_RESET) == NULL
               ? CKR_ATTRIBUTE_TYPE_INVALID
               : put_grants(object, vk_put_count_left, NULL, out);
}

static CK_RV get_next_time(const vk_object *object, vk_buf *out) {
    return policy_with(object, VK_RULE_RATE_LIMIT, VK_RULE_RATE_LIMIT_RESET) == NULL
               ? CKR_ATTRIBUTE_TYPE_INVALID
               : put_grants(object, vk_put_next_time, NULL, out);
}

static CK_RV get_state(const vk_object *object, vk_buf *out) {
    vk_buf_put_text(out, "[");
    CK_RV rv = put_grants(object, vk_put_state, ",", out);
    vk_buf_put_text(out, "]");
    return rv;
}

static CK_RV get_spends(const vk_object *object, vk_buf *out) {
    vk_buf_put_text(out, "[");
    CK_RV rv = put_grants(object, vk_put_spends, ",", out);
    vk_buf_put_text(out, "]");
    return rv;
}

/* The gate notes it without changing what a view is checked by, so it is read afresh. */
static CK_RV get_last_denial(const vk_object *object, vk_buf *out) {
    vk_key_record record;
    if (!object->view->record.has_private) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (vk_view_denial(object->view, out)) {
        return CKR_OK;
    }
    vk_status status = vk_token_key_get(object->slot->token, object->view->record.id, &record);
    if (status != VK_OK) {
        return vk_ck(status, NULL);
    }
    if (record.last_denial != NULL) {
        vk_buf_put_text(out, record.last_denial);
    }
    vk_key_record_clear(&record);
    return CKR_OK;
}

static CK_RV get_sign_count(const vk_object *object, vk_buf *out) {
    const vk_key_record *record = &object->view->record;
    return record->has_private && record->curve == VK_CURVE_P256 ? vk_put_sign_count(object, out)
                                                                 : CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV get_relaxed(const vk_object *object, vk_buf *out) {
    vk_hardening_set relaxed;
    vk_error err = {0};
    vk_status status = vk_token_relaxed(object->slot->token, &relaxed, &err);
    if (status == VK_OK) {
        vk_hardening_put_names(relaxed, out);
    }
    return vk_ck(status, &err);
}

/* ---- The table ---- */

#define ROW(type, get)                                                                             \
    { type, VK_KINDS_KEY, VK_FROM_GETTER, 0, get }

static const vk_attribute_row rows[] = {
    ROW(CKA_VALETKEY_CHAIN_IDS, get_chain_ids),
    ROW(CKA_VALETKEY_ACCOUNTS, get_accounts),
    ROW(CKA_VALETKEY_ENTRY_POINTS, get_entry_points),
    ROW(CKA_VALETKEY_KERNEL_VERSIONS, get_kernel_versions),
    ROW(CKA_VALETKEY_GRANT_KINDS, get_kinds),
    ROW(CKA_VALETKEY_KEPT_BY, get_kept_by),
    ROW(CKA_VALETKEY_KEPT_BY_TEXT, get_kept_by_text),
    ROW(CKA_VALETKEY_GAS_LEFT, get_gas_left),
    ROW(CKA_VALETKEY_COUNT_LEFT, get_count_left),
    ROW(CKA_VALETKEY_NEXT_TIME, get_next_time),
    ROW(CKA_VALETKEY_STATE, get_state),
    ROW(CKA_VALETKEY_SPENDS, get_spends),
    ROW(CKA_VALETKEY_LAST_DENIAL, get_last_denial),
    ROW(CKA_VALETKEY_SIGN_COUNT, get_sign_count),
    ROW(CKA_VALETKEY_RELAXED, get_relaxed),
};

const vk_attribute_table vk_grant_attributes = {rows, sizeof rows / sizeof rows[0]};
