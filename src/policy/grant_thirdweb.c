/* Grants of sessions: a signer with permissions on a thirdweb account. */
#include "policy/grant_form.h"
#include "thirdweb/request_json.h"

#include <valetkey/eth.h>

#include <string.h>

#define SIGNATURE_LEN 65

/* ---- Reading ---- */

static vk_status check_entry_point(const vk_grant *grant, vk_error *err) {
    if (grant->entry_point_version == VK_ENTRY_POINT_UNKNOWN) {
        return vk_fail(err, VK_ERR_FORMAT, "entryPoint",
                       "\"entryPoint\" is missing: thirdweb accounts are deployed for 0.6 and for "
                       "0.7");
    }
    return grant->entry_point_version <= VK_ENTRY_POINT_0_7
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                         "thirdweb accounts work with EntryPoint 0.6 or 0.7, not with %s",
                         vk_entry_point_text(grant->entry_point_version));
}

static vk_status read_signature(const cJSON *object, vk_grant *out, vk_error *err) {
    uint8_t signature[SIGNATURE_LEN];
    vk_status status = vk_json_fixed(object, "signature", NULL, signature, sizeof signature, err);
    if (status == VK_OK) {
        vk_buf_put(&out->account.enable_signature, signature, sizeof signature);
        status = vk_buf_status(&out->account.enable_signature);
    }
    return status;
}

static vk_status read_request(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_path path = vk_path_member(NULL, "request");
    const cJSON *request = vk_json_get(object, "request");
    if (request == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, path.text,
                       "member \"request\" is missing: the request that an admin signed (or "
                       "\"preInstalled\":true)");
    }
    vk_status status = vk_thirdweb_request_read(request, &path, &out->request, err);
    if (status == VK_OK) {
        status = vk_json_address(object, "admin", NULL, &out->admin, err);
    }
    return status == VK_OK ? read_signature(object, out, err) : status;
}

static vk_status read_none(const cJSON *object, vk_error *err) {
    static const char *const names[] = {"admin", "request", "signature"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (vk_json_get(object, names[i]) != NULL) {
            return vk_fail(err, VK_ERR_FORMAT, names[i],
                           "\"%s\" is given, but the permissions are set already", names[i]);
        }
    }
    return VK_OK;
}

static vk_status read_members(const cJSON *object, vk_grant *out, vk_error *err) {
    vk_status status = check_entry_point(out, err);
    if (status == VK_OK) {
        status = vk_json_address(object, "account", NULL, &out->account.account, err);
    }
    if (status == VK_OK) {
        status = vk_grant_read_pre_installed(object, out, err);
    }
    if (status != VK_OK) {
        return status;
    }
    return out->account.pre_installed ? read_none(object, err) : read_request(object, out, err);
}

static vk_status derive(vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                        vk_error *err) {
    (void)grant;
    (void)policy;
    return signer->kind == VK_SIGNER_ECDSA
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "kind",
                         "the signer of a thirdweb account is a secp256k1 key; this one is P-256");
}

/* ---- Checking ---- */

static bool lists(const vk_address *list, size_t count, const vk_address *address) {
    for (size_t i = 0; i < count; i++) {
        if (vk_address_equal(&list[i], address)) {
            return true;
        }
    }
    return false;
}

/* The first of the one that is not in the other; NULL: none. The chain keeps sets. */
static const vk_address *missing(const vk_address *list, size_t count, const vk_address *others,
                                 size_t other_count) {
    for (size_t i = 0; i < count; i++) {
        if (!lists(others, other_count, &list[i])) {
            return &list[i];
        }
    }
    return NULL;
}

static vk_status check_targets(const vk_thirdweb_request *request, const vk_rule *rule,
                               vk_error *err) {
    const vk_address *targets = rule->u.thirdweb.targets;
    size_t count = rule->u.thirdweb.count;
    const vk_address *extra = missing(request->targets, request->target_count, targets, count);
    const vk_address *absent = missing(targets, count, request->targets, request->target_count);
    if (extra == NULL && absent == NULL) {
        return VK_OK;
    }
    char text[43];
    vk_address_text(extra != NULL ? extra : absent, text);
    return vk_fail(err, VK_ERR_MISMATCH, "request.approvedTargets",
                   extra != NULL ? "the request approves %s, the key's policy does not"
                                 : "the key's policy has the target %s, the request does not",
                   text);
}

static vk_status check_number(const char *name, const vk_u256 *requested, const vk_u256 *own,
                              vk_error *err) {
    if (vk_u256_cmp(requested, own) == 0) {
        return VK_OK;
    }
    char a[79], b[79];
    vk_path request = vk_path_member(NULL, "request");
    vk_path path = vk_path_member(&request, name);
    vk_u256_decimal(requested, a);
    vk_u256_decimal(own, b);
    return vk_fail(err, VK_ERR_MISMATCH, path.text, "the request says %s, the key's policy %s", a,
                   b);
}

static vk_status check_permissions(const vk_thirdweb_request *request, const vk_rule *rule,
                                   vk_error *err) {
    vk_status status = check_targets(request, rule, err);
    if (status == VK_OK) {
        status = check_number("nativeTokenLimitPerTransaction", &request->native_limit,
                              &rule->u.thirdweb.native_limit, err);
    }
    if (status == VK_OK) {
        status =
            check_number("permissionStartTimestamp", &request->start, &rule->u.thirdweb.start, err);
    }
    return status == VK_OK
               ? check_number("permissionEndTimestamp", &request->end, &rule->u.thirdweb.end, err)
               : status;
}

static vk_status check_subject(const vk_thirdweb_request *request, const vk_signer *signer,
                               vk_error *err) {
    char given[43], own[43];
    if (request->is_admin != VK_THIRDWEB_SET_PERMISSIONS) {
        return vk_fail(err, VK_ERR_MISMATCH, "request.isAdmin",
                       "the request is about an admin (isAdmin %d), but a session key is none",
                       request->is_admin);
    }
    if (vk_address_equal(&request->signer, &signer->address)) {
        return VK_OK;
    }
    vk_address_text(&request->signer, given);
    vk_address_text(&signer->address, own);
    return vk_fail(err, VK_ERR_MISMATCH, "request.signer",
                   "the request is for the signer %s, but the key is %s", given, own);
}

/* As the account recovers it: OpenZeppelin's takes no high s. */
static vk_status check_approval(const vk_grant *grant, vk_error *err) {
    vk_thirdweb_hashes hashes;
    vk_address signer;
    char given[43], named[43];
    const uint8_t *signature = grant->account.enable_signature.data;
    vk_status status = vk_thirdweb_hash(
        &grant->request, VK_THIRDWEB_ABI_IS_ADMIN, grant->chain_id, &grant->account.account,
        VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT, &hashes, err);
    if (status != VK_OK) {
        return status;
    }
    if (vk_ecdsa_s_is_high(signature + 32) ||
        vk_ecdsa_recover(&hashes.digest, signature, &signer) != VK_OK) {
        return vk_fail(err, VK_ERR_SIGNATURE, "signature",
                       "nobody can have made this signature: it must have a low s, and v 27 or 28");
    }
    if (vk_address_equal(&signer, &grant->admin)) {
        return VK_OK;
    }
    vk_address_text(&signer, given);
    vk_address_text(&grant->admin, named);
    return vk_fail(err, VK_ERR_SIGNATURE, "signature",
                   "the request was signed by %s, or for another chain or account; the admin is %s",
                   given, named);
}

static vk_status check(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                       vk_error *err) {
    if (grant->account.pre_installed) {
        return VK_OK;
    }
    vk_status status = check_subject(&grant->request, signer, err);
    return status == VK_OK ? check_permissions(&grant->request, &policy->rules[0], err) : status;
}

/* ---- Writing ---- */

static vk_status write_members(const vk_grant *grant, vk_buf *out) {
    vk_grant_put_address("account", &grant->account.account, out);
    if (grant->account.pre_installed) {
        vk_buf_put_text(out, ",\"preInstalled\":true");
        return vk_buf_status(out);
    }
    vk_grant_put_address("admin", &grant->admin, out);
    vk_buf_put_text(out, ",\"request\":");
    vk_status status = vk_thirdweb_request_write(&grant->request, out);
    vk_grant_put_bytes("signature", vk_buf_view(&grant->account.enable_signature), out);
    return status == VK_OK ? vk_buf_status(out) : status;
}

/* ---- At work ---- */

static vk_status attach(const vk_grant *grant, const vk_userop *op, vk_bytes session_part,
                        vk_buf *out) {
    (void)grant;
    (void)op;
    vk_buf_put(out, session_part.data, session_part.len);
    return vk_buf_status(out);
}

static size_t attached_len(const vk_grant *grant, const vk_userop *op, size_t session_part_len) {
    (void)grant;
    (void)op;
    return session_part_len;
}

static const char *const members[] = {"key",          "kind",  "chainId", "entryPoint",
                                      "account",      "admin", "request", "signature",
                                      "preInstalled", "start", NULL};

const vk_grant_form vk_grant_form_thirdweb = {.name = "thirdweb",
                                              .members = members,
                                              .read = read_members,
                                              .derive = derive,
                                              .check = check,
                                              .check_approval = check_approval,
                                              .write = write_members,
                                              .attach = attach,
                                              .attached_len = attached_len};
