#include "batch/thirdweb_request.h"

#include "batch/in_thirdweb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an answer is made of. */
typedef struct question {
    vk_thirdweb_request request;
    vk_thirdweb_abi abi;
    uint64_t chain_id;
    vk_address account;
    unsigned allowed;
} question;

/* ---- A call of thirdweb's package ---- */

/* The package takes ether as a text or a number; a number has the fewest digits that give it. */
static const char *read_ether(const vk_in *in, const char *name) {
    const cJSON *value = vk_json_get(in->value, name);
    if (!cJSON_IsNumber(value)) {
        return vk_in_text(in, name);
    }
    enum { ROOM = 400 }; /* the largest double has 309 digits */
    char *text = vk_in_alloc(in, ROOM);
    for (int digits = 0; text != NULL && digits <= 18; digits++) {
        snprintf(text, ROOM, "%.*f", digits, value->valuedouble);
        if (strtod(text, NULL) == value->valuedouble) {
            return text;
        }
    }
    vk_in_fail(in, name, VK_ERR_FORMAT, "\"%s\" has more than 18 fraction digits", name);
    return "0";
}

/* Milliseconds, as a Date of JavaScript counts them; a request has room for any of them. */
static uint64_t read_ms(const vk_in *in, const char *name) {
    return vk_in_u64(in, name, UINT64_MAX);
}

static void read_permissions(const vk_in *in, vk_thirdweb_permissions *out, unsigned *allowed) {
    static const char *const members[] = {"approvedTargets", "nativeTokenLimitPerTransaction",
                                          "permissionStartTimestamp", "permissionEndTimestamp",
                                          NULL};
    vk_in object = vk_in_object(in, "permissions");
    vk_in_only(&object, members);
    const cJSON *targets = vk_json_get(object.value, "approvedTargets");
    out->any_target = cJSON_IsString(targets) && strcmp(targets->valuestring, "*") == 0;
    if (out->any_target) {
        *allowed |= VK_THIRDWEB_ANY_TARGET;
    } else {
        out->targets = vk_in_thirdweb_targets(&object, &out->target_count);
    }
    if (vk_in_has(&object, "nativeTokenLimitPerTransaction")) {
        out->limit_ether = read_ether(&object, "nativeTokenLimitPerTransaction");
    }
    if (vk_in_has(&object, "permissionStartTimestamp")) {
        out->start_ms = read_ms(&object, "permissionStartTimestamp");
    }
    out->has_end = vk_in_has(&object, "permissionEndTimestamp");
    if (out->has_end) {
        out->end_ms = read_ms(&object, "permissionEndTimestamp");
    }
}

static vk_thirdweb_request add_session(const vk_in *in, const vk_address *signer, uint64_t now,
                                       const vk_hash *uid, bool *has_end, unsigned *allowed) {
    vk_thirdweb_permissions permissions = {0};
    vk_thirdweb_request request = {0};
    vk_error err = {0};
    read_permissions(in, &permissions, allowed);
    *has_end = permissions.has_end;
    vk_status status = vk_thirdweb_add_session(signer, &permissions, now, uid, &request, &err);
    vk_in_check_error(in, "permissions", status, &err);
    return request;
}

/* has_end: the request's end does not come from now. */
static vk_thirdweb_request make_request(const vk_in *in, uint64_t now, const vk_hash *uid,
                                        bool *has_end, unsigned *allowed) {
    const char *call = vk_in_text(in, "call");
    vk_address target = vk_in_address(in, "target");
    *has_end = true;
    if (strcmp(call, "addSessionKey") == 0) {
        return add_session(in, &target, now, uid, has_end, allowed);
    }
    if (vk_in_has(in, "permissions")) {
        vk_in_fail(in, "permissions", VK_ERR_FORMAT, "\"%.40s\" takes no \"permissions\"", call);
    }
    if (strcmp(call, "removeSessionKey") == 0) {
        return vk_thirdweb_remove_session(&target, now, uid);
    }
    if (strcmp(call, "addAdmin") == 0) {
        return vk_thirdweb_add_admin(&target, now, uid);
    }
    if (strcmp(call, "removeAdmin") != 0) {
        vk_in_fail(
            in, "call", VK_ERR_UNSUPPORTED,
            "\"call\" is \"%.40s\", but must be addSessionKey, removeSessionKey, addAdmin or "
            "removeAdmin",
            call);
    }
    return vk_thirdweb_remove_admin(&target, now, uid);
}

static bool same_targets(const vk_thirdweb_request *a, const vk_thirdweb_request *b) {
    bool same = a->target_count == b->target_count;
    for (size_t i = 0; same && i < a->target_count; i++) {
        same = vk_address_equal(&a->targets[i], &b->targets[i]);
    }
    return same;
}

/* The first member in which a given request is not what the call makes, or NULL. */
static const char *first_difference(const vk_thirdweb_request *a, const vk_thirdweb_request *b) {
    const struct {
        const char *name;
        bool same;
    } members[] = {
        {"signer", vk_address_equal(&a->signer, &b->signer)},
        {"isAdmin", a->is_admin == b->is_admin},
        {"approvedTargets", same_targets(a, b)},
        {"nativeTokenLimitPerTransaction", vk_u256_cmp(&a->native_limit, &b->native_limit) == 0},
        {"permissionStartTimestamp", vk_u256_cmp(&a->start, &b->start) == 0},
        {"permissionEndTimestamp", vk_u256_cmp(&a->end, &b->end) == 0},
        {"reqValidityStartTimestamp", vk_u256_cmp(&a->request_start, &b->request_start) == 0},
        {"reqValidityEndTimestamp", vk_u256_cmp(&a->request_end, &b->request_end) == 0},
        {"uid", memcmp(a->uid.b, b->uid.b, sizeof a->uid.b) == 0},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!members[i].same) {
            return members[i].name;
        }
    }
    return NULL;
}

/* The call's request, with the time and the uid of the one that is given: the package took the
 * former from its clock and the latter from its random source. */
static void check_given(const vk_in *in, question *q) {
    vk_in object = vk_in_object(in, "request");
    vk_thirdweb_request given = vk_in_thirdweb_request(&object, q->abi);
    bool has_end;
    vk_thirdweb_request made = make_request(in, 0, &given.uid, &has_end, &q->allowed);
    made.request_end = given.request_end;
    if (!has_end) {
        made.end = given.end;
    }
    const char *name = first_difference(&given, &made);
    if (name != NULL) {
        vk_in_fail(&object, name, VK_ERR_MISMATCH, "\"%s\" is not what \"%.40s\" makes", name,
                   vk_in_text(in, "call"));
    }
    q->request = given;
}

/* ---- The answer ---- */

static void reply_request(const vk_thirdweb_request *request, vk_reply *reply) {
    vk_reply_object(reply, "request");
    vk_reply_address(reply, "signer", &request->signer);
    vk_reply_number(reply, "isAdmin", request->is_admin);
    vk_reply_array(reply, "approvedTargets");
    for (size_t i = 0; i < request->target_count; i++) {
        vk_reply_address(reply, NULL, &request->targets[i]);
    }
    vk_reply_array_end(reply);
    vk_reply_decimal(reply, "nativeTokenLimitPerTransaction", &request->native_limit);
    vk_reply_decimal(reply, "permissionStartTimestamp", &request->start);
    vk_reply_decimal(reply, "permissionEndTimestamp", &request->end);
    vk_reply_decimal(reply, "reqValidityStartTimestamp", &request->request_start);
    vk_reply_decimal(reply, "reqValidityEndTimestamp", &request->request_end);
    vk_reply_hash(reply, "uid", &request->uid);
    vk_reply_object_end(reply);
}

static void sign(const vk_in *in, const vk_hash *digest, uint8_t signature65[65]) {
    vk_address admin;
    const uint8_t *secret = vk_in_private_key(in, "adminPrivateKey", &admin);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_in_same_address(in, "adminAddress", &admin);
    vk_in_check(in, "adminPrivateKey", vk_ecdsa_sign(secret, digest, signature65));
    vk_in_same_bytes(in, "signature", (vk_bytes){signature65, 65});
}

/* A signature made elsewhere. */
static void take_signature(const vk_in *in, const vk_hash *digest, uint8_t signature65[65]) {
    vk_address admin = {{0}};
    vk_in_fixed(in, "signature", signature65, 65);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_in_check(in, "signature", vk_ecdsa_recover(digest, signature65, &admin));
    vk_in_same_address(in, "adminAddress", &admin);
}

static void reply_call(const vk_in *in, const question *q, const vk_hash *digest, vk_reply *reply) {
    uint8_t signature65[65] = {0};
    vk_error err = {0};
    vk_buf call = {0};
    if (vk_in_has(in, "adminPrivateKey")) {
        sign(in, digest, signature65);
    } else {
        take_signature(in, digest, signature65);
    }
    vk_reply_fixed(reply, "signature", signature65, sizeof signature65);
    vk_status status =
        vk_thirdweb_set_permissions(&q->request, q->abi, q->allowed, signature65, &call, &err);
    vk_in_check_error(in, "request", status, &err);
    vk_reply_hex(reply, "callData", vk_buf_view(&call));
    vk_buf_clear(&call);
}

static void answer(const vk_in *in, const question *q, vk_reply *reply) {
    vk_thirdweb_hashes hashes;
    vk_error err = {0};
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_status status =
        vk_thirdweb_hash(&q->request, q->abi, q->chain_id, &q->account, q->allowed, &hashes, &err);
    vk_in_check_error(in, vk_in_has(in, "request") ? "request" : "permissions", status, &err);
    if (status != VK_OK) {
        return;
    }
    vk_reply_hash(reply, "domainSeparator", &hashes.domain_separator);
    vk_reply_hash(reply, "structHash", &hashes.struct_hash);
    vk_reply_hash(reply, "digest", &hashes.digest);
    if (vk_in_has(in, "adminPrivateKey") || vk_in_has(in, "signature")) {
        reply_call(in, q, &hashes.digest, reply);
    }
}

/* ---- The question ---- */

#define COMMON_MEMBERS                                                                             \
    "chainId", "account", "adminPrivateKey", "adminAddress", "signature", "request",               \
        "allowAnyTarget", "allowAnyAmount"

static vk_thirdweb_abi read_abi(const vk_in *in) {
    const char *text = vk_in_has(in, "abi_version") ? vk_in_text(in, "abi_version") : "isAdmin";
    bool v1 = strcmp(text, "v1") == 0;
    if (!v1 && strcmp(text, "isAdmin") != 0) {
        vk_in_fail(in, "abi_version", VK_ERR_UNSUPPORTED,
                   "\"abi_version\" is \"%.20s\", but must be \"isAdmin\" or \"v1\"", text);
    }
    return v1 ? VK_THIRDWEB_ABI_V1 : VK_THIRDWEB_ABI_IS_ADMIN;
}

static unsigned read_allowed(const vk_in *in, bool sdk) {
    bool target = vk_in_bool(in, "allowAnyTarget", false) || sdk;
    bool amount = vk_in_bool(in, "allowAnyAmount", false) || sdk;
    return (target ? VK_THIRDWEB_ANY_TARGET : 0) | (amount ? VK_THIRDWEB_ANY_AMOUNT : 0);
}

static void check_members(const vk_in *in, bool call) {
    static const char *const plain[] = {COMMON_MEMBERS, "abi_version", NULL};
    static const char *const called[] = {COMMON_MEMBERS, "call", "target", "permissions",
                                         "now",          "uid",  NULL};
    vk_in_only(in, call ? called : plain);
}

static void read_call(const vk_in *in, question *q) {
    if (vk_in_has(in, "request")) {
        check_given(in, q);
        return;
    }
    bool has_end;
    vk_hash uid = vk_in_hash(in, "uid");
    uint64_t now = vk_in_u64(in, "now", UINT64_MAX / 1000);
    q->request = make_request(in, now, &uid, &has_end, &q->allowed);
}

void vk_thirdweb_answer_request(const vk_in *in, bool sdk, vk_reply *reply) {
    bool call = vk_in_has(in, "call");
    check_members(in, call);
    question q = {
        .abi = read_abi(in),
        .chain_id = vk_in_u64(in, "chainId", UINT64_MAX),
        .account = vk_in_address(in, "account"),
        .allowed = read_allowed(in, sdk),
    };
    if (call) {
        read_call(in, &q);
    } else {
        vk_in object = vk_in_object(in, "request");
        q.request = vk_in_thirdweb_request(&object, q.abi);
    }
    if (call && !vk_in_has(in, "request")) {
        reply_request(&q.request, reply);
    }
    answer(in, &q, reply);
}
