/*
 * Kind serialized_account, reading: "serializedAccount" and the session key ("signer", or the
 * private key that the text carries) to its parts.
 *
 * Nothing in the text is trusted: the permissionId is recomputed, and with "chainId" the owner's
 * approval is verified, for "hook" and "accountCurrentNonce" as in kind enable. The owner's members
 * are needed for that where the factory data do not tell the owner. "counterfactualAddress" of the
 * answer is the account that the factory data deploy; the account may be another, made by an older
 * Kernel. "includePrivateKey" asks for the text's private key.
 */
#include "batch/serialized.h"

#include <string.h>

static const char *const members[] = {"serializedAccount",
                                      "signer",
                                      "flag",
                                      "chainId",
                                      "kernelVersion",
                                      "sudo",
                                      "sudoValidator",
                                      "ownerAddress",
                                      "ownerPasskey",
                                      "ownerPrivateKey",
                                      "hook",
                                      "includePrivateKey",
                                      "accountCurrentNonce",
                                      NULL};

/* ---- The members that are in every answer ---- */

static void put_factory_data(const vk_in *in, const vk_serialized_account *account,
                             vk_kernel_version hint, vk_reply *reply) {
    vk_account parts = {0};
    vk_error err = {.status = VK_OK};
    if (account->factory_data.len == 0) {
        return;
    }
    vk_status status = vk_account_read(vk_buf_view(&account->factory_data), hint, &parts, &err);
    vk_in_check_error(in, NULL, status, &err);
    uint8_t root21[21] = {parts.root_is_permission ? VK_NONCE_PERMISSION : VK_NONCE_VALIDATOR};
    if (parts.root_is_permission) {
        memcpy(root21 + 1, parts.permission_id, sizeof parts.permission_id);
    } else {
        memcpy(root21 + 1, parts.validator.b, sizeof parts.validator.b);
    }
    vk_reply_decimal(reply, "index", &parts.index);
    vk_reply_fixed(reply, "validatorAddress", root21, sizeof root21);
    vk_reply_hex(reply, "enableData", parts.enable_data);
    vk_reply_bool(reply, "useMetaFactory", parts.use_meta_factory);
    vk_account_clear(&parts);
}

static void put_nonce_key(const vk_serialized_account *account, vk_reply *reply) {
    vk_kernel_nonce lane = {.mode = account->pre_installed ? VK_NONCE_DEFAULT : VK_NONCE_ENABLE,
                            .type = VK_NONCE_PERMISSION};
    memcpy(lane.identifier, account->permission_id, sizeof account->permission_id);
    vk_u256 whole = vk_kernel_nonce_encode(&lane);
    vk_u256 key = vk_u256_from_be(whole.be, 24);
    vk_reply_decimal(reply, "nonceKey", &key);
}

void vk_put_serialized(const vk_in *in, const vk_serialized_account *account,
                       vk_kernel_version kernel_hint, vk_reply *reply) {
    vk_reply_address(reply, "account", &account->account);
    vk_reply_fixed(reply, "permissionId", account->permission_id, sizeof account->permission_id);
    put_factory_data(in, account, kernel_hint, reply);
    put_nonce_key(account, reply);
    if (account->enable_signature.len > 0) {
        vk_reply_hex(reply, "enableSignature", vk_buf_view(&account->enable_signature));
    }
}

/* ---- Reading ---- */

typedef struct reading {
    vk_serialized_account text; /* owned */
    uint8_t secret32[32];       /* of the text; wiped */
    vk_kernel_version kernel;   /* UNKNOWN: nothing tells it */
    vk_root root;
    vk_address deployed; /* what the factory data deploy; zero: unknown */
    vk_session session;
} reading;

/* Faults inside of the text have their path behind that of the member. */
static const char member[] = "serializedAccount";

static void read_secret(const vk_in *in, const char *text, reading *out) {
    vk_error err = {.status = VK_OK};
    bool wanted = vk_in_bool(in, "includePrivateKey", false) || !vk_in_has(in, "signer");
    if (!wanted || vk_in_status(in) != VK_OK) {
        return;
    }
    if (!out->text.has_private_key && !vk_in_has(in, "signer")) {
        vk_in_fail(in, "signer", VK_ERR_FORMAT,
                   "\"signer\" is missing, and the text carries no private key");
        return;
    }
    vk_in_check_error(
        in, member, vk_serialized_read_private_key(text, strlen(text), out->secret32, &err), &err);
}

static void read_text(const vk_in *in, reading *out) {
    vk_error err = {.status = VK_OK};
    const char *text = vk_in_text(in, member);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(in, member, vk_serialized_read(text, strlen(text), &out->text, &err),
                          &err);
        read_secret(in, text, out);
    }
}

/* The signer of the request, or that of the private key in the text. */
static vk_signer read_signer(const vk_in *in, const reading *from) {
    vk_address address = {{0}};
    bool given = vk_in_has(in, "signer"), asked = vk_in_bool(in, "includePrivateKey", false);
    vk_signer signer = given ? vk_in_signer(in, "signer", NULL) : (vk_signer){0};
    if (given && !asked) {
        return signer;
    }
    vk_in_check(in, member, vk_ecdsa_address(from->secret32, &address));
    if (given && !vk_address_equal(&address, &signer.address)) {
        vk_in_fail(in, member, VK_ERR_MISMATCH, "the text's private key is not that of \"signer\"");
    }
    return given ? signer : vk_signer_ecdsa(&address);
}

/* The policies of the text, read as those of a request are. */
static const vk_policy *read_policies(const vk_in *in, const reading *from, cJSON *holder,
                                      bool sdk) {
    cJSON *list = cJSON_Parse(from->text.policies);
    vk_path at = vk_path_member(&in->path, member);
    vk_in params = {
        .value = holder, .path = vk_path_member(&at, "permissionParams"), .line = in->line};
    bool stored = list != NULL && cJSON_AddItemToObject(holder, "policies", list);
    if (!stored) {
        cJSON_Delete(list);
    } else if (vk_in_has(in, "flag")) {
        stored = cJSON_AddStringToObject(holder, "flag", vk_in_text(in, "flag")) != NULL;
    }
    if (!stored) {
        vk_in_fail(in, NULL, VK_ERR_MEMORY, "out of memory");
    }
    return vk_in_policies(&params, "policies", "flag", sdk);
}

static void read_session(const vk_in *in, bool sdk, reading *out) {
    vk_error err = {.status = VK_OK};
    cJSON *holder = cJSON_CreateObject();
    const vk_policy *policy = read_policies(in, out, holder, sdk);
    vk_signer signer = read_signer(in, out);
    out->session = vk_session_of(in, policy, &signer);
    cJSON_Delete(holder);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check_error(
            in, member, vk_serialized_check_id(&out->text, out->session.permission_id, &err), &err);
    }
}

/* ---- The account and its owner ---- */

static void read_factory_data(const vk_in *in, reading *out) {
    vk_account_init init = {.kernel = VK_KERNEL_UNKNOWN};
    vk_error err = {.status = VK_OK};
    if (vk_in_has(in, "kernelVersion")) {
        out->kernel = vk_in_kernel_with_permissions(in);
    }
    if (out->text.factory_data.len == 0) {
        out->root = (vk_root){.kind = VK_ROOT_ECDSA, .owner = out->text.account};
        return;
    }
    vk_in_check_error(
        in, member,
        vk_account_init_read(vk_buf_view(&out->text.factory_data), out->kernel, &init, &err), &err);
    out->kernel = init.kernel;
    out->root = init.root;
    out->deployed = init.account;
}

static bool names_owner(const vk_in *in) {
    return vk_in_has(in, "ownerAddress") || vk_in_has(in, "ownerPasskey") ||
           vk_in_has(in, "ownerPrivateKey");
}

/* The owner that the request names must be the one that the factory data tell. */
static void read_owner(const vk_in *in, reading *out) {
    if (!names_owner(in) || vk_in_status(in) != VK_OK) {
        return;
    }
    vk_root root = vk_in_owner(in, &vk_session_owner, out->kernel).root;
    bool same = vk_address_equal(&root.owner, &out->root.owner) &&
                memcmp(root.point65, out->root.point65, sizeof root.point65) == 0;
    if (vk_in_status(in) == VK_OK && out->root.kind != VK_ROOT_UNKNOWN && !same) {
        vk_in_fail(in, NULL, VK_ERR_MISMATCH,
                   "the owner is not the one that the text's factory data tell");
    }
    if (out->root.kind == VK_ROOT_UNKNOWN) {
        out->root = root;
    }
}

static void verify_approval(const vk_in *in, const reading *from) {
    vk_error err = {.status = VK_OK};
    vk_hash digest;
    if (!vk_in_has(in, "chainId") || from->text.pre_installed || vk_in_status(in) != VK_OK) {
        return;
    }
    vk_enable enable = vk_in_enable(in, &from->session, from->kernel, &from->text.account,
                                    vk_in_u64(in, "chainId", UINT64_MAX));
    memcpy(enable.selector, from->text.selector, sizeof enable.selector);
    enable.action_target = from->text.action_target;
    enable.action_hook =
        vk_enable_action_hook(from->kernel, enable.selector, &enable.action_target);
    if (from->kernel == VK_KERNEL_UNKNOWN) {
        vk_in_fail(in, "kernelVersion", VK_ERR_FORMAT,
                   "the Kernel version cannot be told from the account: give \"kernelVersion\"");
        return;
    }
    vk_status status = vk_enable_digest(&enable, &digest);
    if (status == VK_OK) {
        status =
            vk_enable_verify(&from->root, &digest, vk_buf_view(&from->text.enable_signature), &err);
    }
    vk_in_check_error(in, member, status, &err);
}

/* ---- Answering ---- */

static void put_action(const vk_serialized_account *text, vk_reply *reply) {
    vk_reply_object(reply, "action");
    vk_reply_fixed(reply, "selector", text->selector, sizeof text->selector);
    vk_reply_address(reply, "address", &text->action_target);
    if (text->has_action_hook) {
        vk_reply_object(reply, "hook");
        vk_reply_address(reply, "address", &text->action_hook);
        vk_reply_object_end(reply);
    }
    vk_reply_object_end(reply);
}

static void put_answer(const vk_in *in, const reading *from, vk_reply *reply) {
    vk_put_serialized(in, &from->text, from->kernel, reply);
    if (from->kernel != VK_KERNEL_UNKNOWN) {
        vk_reply_text(reply, "kernelVersion", vk_kernel_text(from->kernel));
    }
    if (!vk_address_is_zero(&from->deployed)) {
        vk_reply_address(reply, "counterfactualAddress", &from->deployed);
    }
    vk_reply_bool(reply, "isPreInstalled", from->text.pre_installed);
    put_action(&from->text, reply);
    vk_reply_json(reply, "policies", from->text.policies);
    if (from->text.eip7702_auth != NULL) {
        vk_reply_json(reply, "eip7702Auth", from->text.eip7702_auth);
    }
    if (vk_in_bool(in, "includePrivateKey", false)) {
        vk_reply_fixed(reply, "privateKey", from->secret32, sizeof from->secret32);
    }
}

void vk_answer_serialized(const vk_in *in, bool sdk, vk_reply *reply) {
    reading from = {.kernel = VK_KERNEL_UNKNOWN};
    vk_in_only(in, members);
    read_text(in, &from);
    if (vk_in_status(in) == VK_OK) {
        read_session(in, sdk, &from);
        read_factory_data(in, &from);
        read_owner(in, &from);
        verify_approval(in, &from);
    }
    if (vk_in_status(in) == VK_OK) {
        put_answer(in, &from, reply);
    }
    vk_wipe(from.secret32, sizeof from.secret32);
    vk_serialized_clear(&from.text);
}
