#include "message_support.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t owner_secret[32] = {[31] = 7};

pair policy_key(CK_SESSION_HANDLE session, CK_BYTE *curve, CK_ULONG curve_len, const char *policy) {
    const CK_ATTRIBUTE extra = {CKA_VALETKEY_POLICY, (void *)(uintptr_t)policy, strlen(policy)};
    const pair_args args = {curve, curve_len, "k", &extra, 1};
    pair keys;
    ck_assert_int_eq(try_generate(session, &args, &keys), CKR_OK);
    return keys;
}

/* ---- Accounts and grants ---- */

static vk_buf factory_data(unsigned index) {
    vk_buf out = {0};
    vk_address owner;
    vk_u256 number = vk_u256_from_u64(index);
    ck_assert_int_eq(vk_ecdsa_address(owner_secret, &owner), VK_OK);
    ck_assert_int_eq(vk_account_init_write(VK_KERNEL_0_3_3, &owner, &number, &out), VK_OK);
    return out;
}

vk_address account_of_owner(unsigned index) {
    vk_account_init init;
    vk_buf data = factory_data(index);
    ck_assert_int_eq(vk_account_init_read(vk_buf_view(&data), VK_KERNEL_0_3_3, &init, NULL), VK_OK);
    vk_buf_clear(&data);
    return init.account;
}

static vk_buf attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type) {
    static CK_BYTE value[1 << 14];
    vk_buf out = {0};
    vk_buf_put(&out, value, get_value(session, key, type, value, sizeof value));
    return out;
}

/* The owner's approval of what the key asks for. */
static vk_buf approval(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, uint64_t chain_id,
                       const vk_serialized_account *account) {
    uint8_t signature65[65];
    vk_hash digest;
    vk_buf data = attribute(session, key, CKA_VALETKEY_ENABLE_DATA), out = {0};
    vk_enable enable = {.kernel = VK_KERNEL_0_3_3,
                        .chain_id = chain_id,
                        .account = account->account,
                        .nonce = 1,
                        .enable_data = vk_buf_view(&data)};
    memcpy(enable.permission_id, account->permission_id, 4);
    memcpy(enable.selector, account->selector, 4);
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_OK);
    ck_assert_int_eq(vk_ecdsa_sign(owner_secret, &digest, signature65), VK_OK);
    vk_buf_put(&out, signature65, sizeof signature65);
    vk_buf_clear(&data);
    return out;
}

/* The rules alone, of a policy that may be an object with a permission flag. */
static char *rules_of(vk_buf *policy) {
    vk_policy parsed;
    vk_buf out = {0};
    ck_assert_int_eq(vk_policy_read((const char *)policy->data, policy->len, &parsed, NULL), VK_OK);
    ck_assert_int_eq(vk_policy_write(&parsed, &out), VK_OK);
    vk_policy_clear(&parsed);
    vk_buf_clear(policy);
    return vk_buf_take_text(&out);
}

static void write_grant(CK_SESSION_HANDLE session, const vk_serialized_account *account,
                        uint64_t chain_id) {
    vk_buf text = {0}, json = {0};
    CK_OBJECT_HANDLE out;
    ck_assert_int_eq(vk_serialized_write(account, &text), VK_OK);
    vk_buf_printf(&json, "{\"chainId\":%llu,\"serializedAccount\":\"%.*s\"}",
                  (unsigned long long)chain_id, (int)text.len, (const char *)text.data);
    CK_ATTRIBUTE templ[] = {ATTR(CKA_CLASS, class_data),
                            ATTR(CKA_TOKEN, yes),
                            TEXT(CKA_APPLICATION, VK_APPLICATION_GRANT),
                            TEXT(CKA_LABEL, "k"),
                            {CKA_VALUE, json.data, json.len}};
    ck_assert_int_eq(f->C_CreateObject(session, templ, COUNT(templ), &out), CKR_OK);
    vk_buf_clear(&text);
    vk_buf_clear(&json);
}

static void grant(CK_SESSION_HANDLE session, pair keys, uint64_t chain_id, unsigned index,
                  bool installed) {
    vk_buf policy = attribute(session, keys.private_key, CKA_VALETKEY_POLICY);
    vk_serialized_account account = {.policies = rules_of(&policy),
                                     .account = account_of_owner(index),
                                     .factory_data = factory_data(index),
                                     .pre_installed = installed};
    get_value(session, keys.private_key, CKA_VALETKEY_PERMISSION_ID, account.permission_id, 4);
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    if (!installed) {
        account.enable_signature = approval(session, keys.private_key, chain_id, &account);
    }
    write_grant(session, &account, chain_id);
    vk_text_free(account.policies);
    vk_buf_clear(&account.factory_data);
    vk_buf_clear(&account.enable_signature);
}

void grant_installed(CK_SESSION_HANDLE session, pair keys, uint64_t chain_id, unsigned index) {
    grant(session, keys, chain_id, index, true);
}

void grant_approved(CK_SESSION_HANDLE session, pair keys, uint64_t chain_id, unsigned index) {
    grant(session, keys, chain_id, index, false);
}

/* ---- Messages ---- */

char *typed_data(const char *contract, uint64_t chain_id) {
    vk_buf out = {0};
    vk_buf_printf(&out,
                  "{\"types\":{\"Note\":[{\"name\":\"text\",\"type\":\"string\"}]},"
                  "\"domain\":{\"chainId\":%llu,\"verifyingContract\":\"%s\"},"
                  "\"primaryType\":\"Note\",\"message\":{\"text\":\"hello\"}}",
                  (unsigned long long)chain_id, contract);
    return vk_buf_take_text(&out);
}

char *request_of(const char *json, uint64_t chain_id, unsigned index, const char *rest) {
    char account[43];
    vk_buf out = {0};
    vk_address address = account_of_owner(index);
    vk_address_text(&address, account);
    vk_buf_printf(&out, "{\"chainId\":%llu,\"account\":\"%s\",\"typedData\":",
                  (unsigned long long)chain_id, account);
    vk_buf_put_text(&out, json);
    vk_buf_put_text(&out, rest);
    vk_buf_put_byte(&out, '}');
    return vk_buf_take_text(&out);
}

CK_RV sign_text(CK_SESSION_HANDLE session, pair keys, CK_MECHANISM_TYPE mechanism, const char *text,
                CK_BYTE *signature, CK_ULONG *len) {
    return sign_once(session, keys.private_key, mechanism,
                     (vk_bytes){(const uint8_t *)text, strlen(text)}, signature, len);
}

void assert_refused(CK_SESSION_HANDLE session, pair keys, CK_MECHANISM_TYPE mechanism,
                    const char *text, const char *denial) {
    CK_BYTE signature[4096], reason[1024] = "";
    CK_ULONG len = sizeof signature;
    ck_assert_int_eq(sign_text(session, keys, mechanism, text, signature, &len),
                     CKR_FUNCTION_REJECTED);
    get_value(session, keys.private_key, CKA_VALETKEY_LAST_DENIAL, reason, sizeof reason - 1);
    ck_assert_msg(strncmp((const char *)reason, denial, strlen(denial)) == 0, "%s", reason);
}

/* ---- As the account looks at signatures ---- */

static vk_signer signer_of(CK_SESSION_HANDLE session, pair keys) {
    uint8_t point[67];
    vk_hash id_hash;
    get_value(session, keys.public_key, CKA_EC_POINT, point, sizeof point);
    if (get_rv(session, keys.private_key, CKA_VALETKEY_ADDRESS) == CKR_OK) {
        vk_address address = vk_address_of_point(point + 2);
        return vk_signer_ecdsa(&address);
    }
    get_value(session, keys.private_key, CKA_VALETKEY_AUTHENTICATOR_ID_HASH, id_hash.b, 32);
    return vk_signer_webauthn(point + 2, &id_hash);
}

bool is_good(CK_SESSION_HANDLE session, pair keys, const vk_hash *hash, uint64_t chain_id,
             unsigned index, vk_bytes signature) {
    uint8_t id4[4];
    unsigned unusual = 0;
    vk_error err = {0};
    vk_hash digest;
    vk_bytes signer_part;
    vk_message_parts parts;
    vk_signer signer = signer_of(session, keys);
    vk_message message = {.kernel = VK_KERNEL_0_3_3,
                          .chain_id = chain_id,
                          .account = account_of_owner(index),
                          .hash = *hash};
    get_value(session, keys.private_key, CKA_VALETKEY_PERMISSION_ID, id4, sizeof id4);
    if (vk_message_signature_read(message.kernel, signature, &parts, &err) != VK_OK ||
        parts.signer.plugin != VK_MESSAGE_PERMISSION ||
        memcmp(parts.signer.permission_id, id4, sizeof id4) != 0) {
        return false;
    }
    message.replayable = parts.replayable;
    return vk_message_digest(&message, &digest, &err) == VK_OK &&
           vk_permission_signature_read(parts.part, 1, &signer_part, &unusual, &err) == VK_OK &&
           vk_signer_accepts(&signer, &digest, signer_part, &unusual, &err) == VK_OK &&
           (unusual & ~VK_UNUSUAL_BARE) == 0;
}
