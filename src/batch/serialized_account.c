/*
 * Kind serialized_account: an approved session key as the text that the SDK hands on.
 *
 * With "chainId" the text for one chain, as serializePermissionAccount writes it; with "chainIds"
 * one for each, under one signature of a multi-chain owner, as
 * serializeMultiChainPermissionAccounts does (also for one chain: what Namera makes). Members
 * besides those of the vectors: "isPreInstalled", "eip7702Auth" (then the account is the owner's
 * EOA, without factory data), "action", "hook", "accountCurrentNonce", "enableSignature",
 * "ownerPasskey" with "ownerAssertion", "initConfig". "account" may be absent.
 *
 * With "serializedAccount" the other direction, see serialized_read.c.
 */
#include "batch/serialized.h"

#include "batch/in_account.h"
#include "batch/kinds.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

static const char *const members[] = {"kernelVersion",
                                      "entryPoint",
                                      "entryPointVersion",
                                      "chainId",
                                      "chainIds",
                                      "account",
                                      "index",
                                      "useMetaFactory",
                                      "initConfig",
                                      "sudo",
                                      "sudoValidator",
                                      "ownerPrivateKey",
                                      "ownerAddress",
                                      "ownerPasskey",
                                      "ownerAssertion",
                                      "enableSignature",
                                      "signer",
                                      "policies",
                                      "flag",
                                      "action",
                                      "hook",
                                      "accountCurrentNonce",
                                      "includePrivateKey",
                                      "isPreInstalled",
                                      "eip7702Auth",
                                      NULL};

typedef struct request {
    vk_kernel_version kernel;
    vk_session session;
    vk_owner owner;
    const uint8_t *secret32; /* to be written into the text; NULL: none */
    vk_serialized_account text;
    bool sdk;
} request;

/* ---- The account ---- */

/* Under EIP-7702 the account is the owner's EOA. */
static void compute_account(const vk_in *in, const request *from, vk_buf *enable_data,
                            vk_account *out) {
    *out = (vk_account){.kernel = from->kernel,
                        .entry_point = vk_in_entry_point_of(in, from->kernel, NULL),
                        .validator = from->owner.root.validator,
                        .use_meta_factory = vk_in_bool(in, "useMetaFactory", true)};
    if (vk_in_has(in, "eip7702Auth")) {
        out->eip7702 = from->owner.root.owner;
        return;
    }
    if (vk_in_has(in, "index")) {
        out->index = vk_in_u256(in, "index", 256);
    }
    vk_in_init_config(in, out);
    vk_in_check(in, "sudoValidator", vk_root_enable_data(&from->owner.root, enable_data));
    out->enable_data = vk_buf_view(enable_data);
}

static void check_eip7702(const vk_in *in, const request *from) {
    if (from->owner.root.kind != VK_ROOT_ECDSA) {
        vk_in_fail(in, "eip7702Auth", VK_ERR_UNSUPPORTED,
                   "an account under EIP-7702 is an EOA, so its owner is an ECDSA key");
    }
    vk_in_same_address(in, "account", &from->owner.root.owner);
}

/* An account may stand at another address than the one its factory data give: one that was made by
 * an older Kernel and upgraded. */
static void read_account(const vk_in *in, request *out) {
    vk_buf enable_data = {0};
    vk_account account;
    vk_error err = {.status = VK_OK};
    compute_account(in, out, &enable_data, &account);
    if (vk_in_has(in, "eip7702Auth")) {
        check_eip7702(in, out);
        out->text.account = out->owner.root.owner;
    } else if (vk_in_has(in, "account")) {
        out->text.account = vk_in_address(in, "account");
    } else if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL, vk_account_address(&account, &out->text.account, &err), &err);
    }
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, NULL,
                          vk_account_factory_data(&account, &out->text.factory_data, &err), &err);
    }
    vk_buf_clear(&enable_data);
}

/* ---- The other members of the text ---- */

static void read_authorization(const vk_in *in, request *out) {
    static const char *const names[] = {"address", "chainId", "nonce",   "r",
                                        "s",       "v",       "yParity", NULL};
    if (!vk_in_has(in, "eip7702Auth")) {
        return;
    }
    vk_in authorization = vk_in_object(in, "eip7702Auth");
    vk_in_only(&authorization, names);
    out->text.eip7702_auth = vk_json_print(authorization.value);
    if (out->text.eip7702_auth == NULL) {
        vk_in_fail(in, NULL, VK_ERR_MEMORY, "out of memory");
    }
}

/* The policies as the SDK keeps them: what the caller gave, with what it left out. */
static void read_policies(const vk_in *in, request *out) {
    size_t count;
    vk_in list = vk_in_list(in, "policies", &count);
    vk_buf text = {0};
    vk_buf_put_byte(&text, '[');
    for (size_t i = 0; vk_in_status(in) == VK_OK && i < count; i++) {
        vk_in given = vk_in_element(&list, i);
        vk_buf_put_text(&text, i > 0 ? "," : "");
        vk_in_check(&given, NULL,
                    vk_rule_write(&out->session.policy->rules[i], given.value, &text));
    }
    vk_buf_put_byte(&text, ']');
    out->text.policies = vk_buf_take_text(&text);
    if (out->text.policies == NULL) {
        vk_in_fail(in, NULL, VK_ERR_MEMORY, "out of memory");
    }
}

/* The action's hook is the approved one, whatever the caller gave: as in the SDK. */
static void read_action(const vk_in *in, request *out) {
    vk_in_action_data action = vk_in_action(in);
    memcpy(out->text.selector, action.selector, sizeof out->text.selector);
    out->text.action_target = action.target;
    out->text.action_hook = vk_enable_action_hook(out->kernel, action.selector, &action.target);
    out->text.has_action_hook = !vk_address_is_zero(&out->text.action_hook);
}

static void read_private_key(const vk_in *in, request *out) {
    if (!vk_in_bool(in, "includePrivateKey", false)) {
        return;
    }
    out->secret32 = out->session.secret32;
    if (out->secret32 == NULL) {
        vk_in_fail(in, "includePrivateKey", VK_ERR_FORMAT,
                   "there is no private key to include: \"signer\" has none");
    }
}

static void read_request(const vk_in *in, bool sdk, request *out) {
    vk_in_only(in, members);
    out->sdk = sdk;
    out->kernel = vk_in_kernel_with_permissions(in);
    out->session = vk_in_session(in, sdk);
    out->owner = vk_in_owner(in, &vk_session_owner, out->kernel);
    out->text.pre_installed = vk_in_bool(in, "isPreInstalled", false);
    read_private_key(in, out);
    read_action(in, out);
    read_authorization(in, out);
    if (vk_in_status(in) == VK_OK) {
        memcpy(out->text.permission_id, out->session.permission_id, sizeof out->text.permission_id);
        read_policies(in, out);
        read_account(in, out);
    }
}

/* ---- One text ---- */

static vk_hash digest_of(const vk_in *in, const request *from, uint64_t chain_id) {
    vk_enable enable =
        vk_in_enable(in, &from->session, from->kernel, &from->text.account, chain_id);
    vk_hash digest = {{0}};
    vk_in_check(in, NULL, vk_enable_digest(&enable, &digest));
    return digest;
}

static void put_text(const vk_in *in, const request *from, vk_reply *reply) {
    vk_buf json = {0}, base64 = {0};
    vk_in_check(in, NULL, vk_serialized_write_json(&from->text, from->secret32, &json));
    vk_base64_put(&base64, vk_buf_view(&json));
    vk_in_check(in, NULL, vk_buf_status(&base64));
    char *json_text = vk_buf_take_text(&json), *base64_text = vk_buf_take_text(&base64);
    vk_reply_text(reply, "serializedAccount", base64_text == NULL ? "" : base64_text);
    vk_reply_text(reply, "json", json_text == NULL ? "" : json_text);
    vk_text_free(json_text);
    vk_text_free(base64_text);
}

static void answer_one(const vk_in *in, request *from, vk_reply *reply) {
    uint64_t chain_id = vk_in_u64(in, "chainId", UINT64_MAX);
    vk_hash digest = digest_of(in, from, chain_id);
    if (!from->text.pre_installed) {
        vk_bytes approval = vk_in_approval(in, &from->owner, &digest, chain_id, from->sdk);
        vk_buf_put(&from->text.enable_signature, approval.data, approval.len);
    }
    put_text(in, from, reply);
    vk_reply_fixed(reply, "permissionId", from->session.permission_id,
                   sizeof from->session.permission_id);
    vk_reply_object(reply, "readBack");
    vk_put_serialized(in, &from->text, from->kernel, reply);
    vk_reply_object_end(reply);
}

/* ---- One signature for several chains ---- */

typedef struct chains {
    size_t count;
    uint64_t *ids;
    vk_hash *digests;
} chains;

/* A number, or decimal text. */
static uint64_t read_chain_id(const vk_in *element) {
    const cJSON *value = element->value;
    vk_u256 id = {{0}};
    if (cJSON_IsNumber(value) && value->valuedouble >= 0 &&
        value->valuedouble <= 9007199254740991.0 &&
        value->valuedouble == (double)(uint64_t)value->valuedouble) {
        return (uint64_t)value->valuedouble;
    }
    if (!cJSON_IsString(value) ||
        vk_u256_read_decimal(value->valuestring, strlen(value->valuestring), &id) != VK_OK) {
        vk_in_fail(element, NULL, VK_ERR_FORMAT, "a chain id must be a number or decimal text");
    } else if (!vk_u256_fits(&id, 64)) {
        vk_in_fail(element, NULL, VK_ERR_RANGE, "the chain id does not fit 64 bits");
    }
    return vk_u256_low64(&id);
}

static void read_chains(const vk_in *in, chains *out) {
    vk_in list = vk_in_list(in, "chainIds", &out->count);
    if (out->count == 0) {
        vk_in_fail(in, "chainIds", VK_ERR_SIZE, "\"chainIds\" is empty");
    }
    out->ids = vk_in_alloc(in, out->count * sizeof *out->ids);
    out->digests = vk_in_alloc(in, out->count * sizeof *out->digests);
    for (size_t i = 0; vk_in_status(in) == VK_OK && i < out->count; i++) {
        vk_in element = vk_in_element(&list, i);
        out->ids[i] = read_chain_id(&element);
    }
}

/* The struct is the same on all chains, and hashed once: it may hold megabytes. */
static void hash_chains(const vk_in *in, const request *from, chains *out) {
    vk_enable enable = vk_in_enable(in, &from->session, from->kernel, &from->text.account, 0);
    vk_enable_hashes hashes = {0};
    vk_in_check(in, NULL, vk_enable_hash(&enable, &hashes));
    for (size_t i = 0; vk_in_status(in) == VK_OK && i < out->count; i++) {
        vk_hash domain = vk_eip712_domain("Kernel", vk_kernel_domain_version(from->kernel),
                                          out->ids[i], &from->text.account);
        out->digests[i] = vk_eip712_digest(&domain, &hashes.struct_hash);
    }
}

static void check_owner(const vk_in *in, const request *from) {
    vk_in_owner_needs_secret(in, &from->owner);
    if (vk_in_status(in) == VK_OK && from->owner.root.kind != VK_ROOT_MULTI_CHAIN) {
        vk_in_fail(in, "sudoValidator", VK_ERR_UNSUPPORTED,
                   "only the multi-chain validator takes one approval for several chains");
    }
    static const char *const single[] = {"chainId", "isPreInstalled", "enableSignature",
                                         "eip7702Auth", NULL};
    for (size_t i = 0; single[i] != NULL; i++) {
        if (vk_in_has(in, single[i])) {
            vk_in_fail(in, single[i], VK_ERR_UNSUPPORTED,
                       "\"%s\" is for one chain, not for \"chainIds\"", single[i]);
        }
    }
}

static void put_chain(const vk_in *in, request *from, const chains *of, const vk_merkle *tree,
                      const uint8_t signature65[65], size_t i, vk_reply *reply) {
    vk_u256 id = vk_u256_from_u64(of->ids[i]);
    vk_buf_clear(&from->text.enable_signature);
    vk_in_check(in, NULL,
                vk_multichain_signature(signature65, tree, i, &from->text.enable_signature));
    vk_reply_object(reply, NULL);
    vk_reply_decimal(reply, "chainId", &id);
    put_text(in, from, reply);
    vk_reply_hex(reply, "enableSignature", vk_buf_view(&from->text.enable_signature));
    vk_reply_object_end(reply);
}

static void put_chains(const vk_in *in, request *from, const chains *of, const vk_merkle *tree,
                       vk_reply *reply) {
    uint8_t signature65[65] = {0};
    vk_in_check(in, "ownerPrivateKey", vk_merkle_sign(from->owner.secret32, tree, signature65));
    vk_reply_array(reply, "enableDigests");
    for (size_t i = 0; i < of->count; i++) {
        vk_reply_hash(reply, NULL, &of->digests[i]);
    }
    vk_reply_array_end(reply);
    vk_reply_array(reply, "chains");
    bool fits = true; /* an answer that is too long already is not made to its end */
    for (size_t i = 0; fits && vk_in_status(in) == VK_OK && i < of->count; i++) {
        put_chain(in, from, of, tree, signature65, i, reply);
        fits = vk_buf_status(reply->buf) == VK_OK;
    }
    vk_reply_array_end(reply);
}

static void answer_many(const vk_in *in, request *from, vk_reply *reply) {
    chains of = {0};
    vk_merkle tree = {0};
    from->text.multi_chain = true;
    check_owner(in, from);
    read_chains(in, &of);
    hash_chains(in, from, &of);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, "chainIds", vk_merkle_build(of.digests, of.count, &tree));
    }
    if (vk_in_status(in) == VK_OK) {
        vk_reply_fixed(reply, "permissionId", from->session.permission_id,
                       sizeof from->session.permission_id);
        put_chains(in, from, &of, &tree, reply);
    }
    vk_merkle_clear(&tree);
}

vk_status vk_batch_serialized_account(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    if (vk_in_has(in, "serializedAccount")) {
        vk_answer_serialized(in, sdk, reply);
        return vk_in_status(in);
    }
    request from = {.sdk = sdk};
    read_request(in, sdk, &from);
    if (vk_in_status(in) == VK_OK) {
        (vk_in_has(in, "chainIds") ? answer_many : answer_one)(in, &from, reply);
    }
    vk_serialized_clear(&from.text);
    return vk_in_status(in);
}
