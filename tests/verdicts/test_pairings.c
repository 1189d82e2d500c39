/*
 * Accounts without a permission plug-in through C_Sign: owners of every Kernel version, plug-ins of
 * 0.2.x. Their policy is kept by the token alone.
 */
#include "base/json.h"
#include "keys/keys.h"
#include "support/client.h"
#include "support/vectors.h"
#include "unit/pairing_support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT PAIRING_ACCOUNT
#define TARGET "0x00000000000000000000000000000000000000aa"
#define OTHER "0x00000000000000000000000000000000000000bb"
#define CHAIN PAIRING_CHAIN
/* At most 5 wei to one address, and gas for 1000 wei in all. */
#define POLICY                                                                                     \
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":\"" TARGET       \
    "\",\"selector\":\"0x00000000\",\"valueLimit\":\"5\"}]},"                                      \
    "{\"type\":\"gas\",\"allowed\":\"1000\"}]"

static client c;
static pairing_key ecdsa, passkey, ecdsa_owner, passkey_owner;

static void set_up(void) {
    char home[] = "/tmp/vk-pairings-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(setenv("VALETKEY_HOME", home, 1), 0);
    client_start(&c, "pairings");
    ecdsa = pairing_key_of(1, false);
    passkey = pairing_key_of(2, true);
    ecdsa_owner = pairing_key_of(3, false);
    passkey_owner = pairing_key_of(4, true);
}

static void tear_down(void) {
    char command[128];
    client_stop(&c);
    snprintf(command, sizeof command, "rm -rf '%s'", getenv("VALETKEY_HOME"));
    ck_assert_int_eq(system(command), 0);
}

/* ---- Keys and grants ---- */

static CK_OBJECT_HANDLE import(const char *label, const pairing_key *key, const char *policy) {
    CK_OBJECT_HANDLE handle;
    client_key wanted = {
        .label = label, .p256 = key->p256, .secret32 = key->secret32, .policy = policy};
    ck_assert_uint_eq(client_make(&c, &wanted, &handle), CKR_OK);
    return handle;
}

static CK_RV add_owner(const char *label, const char *version) {
    char json[256];
    snprintf(json, sizeof json,
             "{\"kind\":\"owner\",\"chainId\":%d,\"kernelVersion\":\"%s\",\"account\":\"" ACCOUNT
             "\"}",
             CHAIN, version);
    return client_grant(&c, label, json);
}

static char *text_of(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type) {
    static char text[1024];
    CK_ULONG len = sizeof text - 1;
    ck_assert_uint_eq(client_read(&c, key, type, text, &len), CKR_OK);
    text[len] = '\0';
    return text;
}

static void assert_denied_because(CK_OBJECT_HANDLE key, const char *words) {
    const char *text = text_of(key, CKA_VALETKEY_LAST_DENIAL);
    ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in \"%s\"", words, text);
}

static uint64_t gas_left(CK_OBJECT_HANDLE key) {
    uint8_t left[32];
    CK_ULONG len = sizeof left;
    ck_assert_uint_eq(client_read(&c, key, CKA_VALETKEY_GAS_LEFT, left, &len), CKR_OK);
    vk_u256 value = vk_u256_from_be(left, len);
    return vk_u256_low64(&value);
}

/* ---- Operations ---- */

typedef struct operation {
    vk_kernel_version kernel;
    const char *target;
    uint64_t value, gas, sequence;
    const uint8_t *mode; /* what the signature field begins with, 4 bytes; NULL: empty */
} operation;

static vk_userop op_of(const operation *o, vk_buf *call_data) {
    vk_call call = {.value = vk_u256_from_u64(o->value)};
    vk_execution execution = {.call_count = 1, .calls = &call};
    vk_userop op = {.entry_point = vk_kernel_entry_point(o->kernel),
                    .nonce = vk_u256_from_u64(o->sequence),
                    .call_gas_limit = vk_u256_from_u64(o->gas),
                    .max_fee_per_gas = vk_u256_from_u64(1),
                    .signature = {o->mode, o->mode == NULL ? 0 : 4}};
    ck_assert_int_eq(vk_address_read(o->target, strlen(o->target), &call.target), VK_OK);
    ck_assert_int_eq(vk_address_read(ACCOUNT, strlen(ACCOUNT), &op.sender), VK_OK);
    vk_buf_clear(call_data);
    ck_assert_int_eq(vk_execution_encode_for(o->kernel, NULL, &execution, call_data, NULL), VK_OK);
    op.call_data = vk_buf_view(call_data);
    return op;
}

static vk_hash hash_of(const operation *o) {
    vk_buf call_data = {0};
    vk_hash hash;
    vk_userop op = op_of(o, &call_data);
    vk_address entry_point = vk_entry_point_address(op.entry_point);
    ck_assert_int_eq(vk_userop_hash(&op, CHAIN, &entry_point, &hash), VK_OK);
    vk_buf_clear(&call_data);
    return hash;
}

/* As a bare operation, which is of the one grant's EntryPoint. */
static CK_RV sign_as(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism, const operation *o,
                     vk_buf *out) {
    static CK_BYTE signature[4096];
    CK_ULONG len = sizeof signature;
    vk_buf call_data = {0}, json = {0};
    vk_userop op = op_of(o, &call_data);
    ck_assert_int_eq(vk_userop_write_json(&op, &json), VK_OK);
    CK_RV rv = client_sign(&c, key, mechanism, vk_buf_view(&json), signature, &len);
    vk_buf_clear(out);
    if (rv == CKR_OK) {
        vk_buf_put(out, signature, len);
    }
    vk_buf_clear(&call_data);
    vk_buf_clear(&json);
    return rv;
}

static CK_RV sign(CK_OBJECT_HANDLE key, const operation *o, vk_buf *out) {
    return sign_as(key, CKM_VALETKEY_USEROP, o, out);
}

/* What the key's signer makes. */
static void assert_signed(const operation *o, const pairing_key *key, vk_bytes signature) {
    vk_hash hash = hash_of(o);
    uint8_t expected[65];
    if (key->p256) {
        ck_assert_int_eq(vk_webauthn_verify(signature, &hash, key->point65, NULL), VK_OK);
        return;
    }
    ck_assert_int_eq(vk_userop_sign(key->secret32, &hash, expected), VK_OK);
    ck_assert_uint_eq(signature.len, sizeof expected);
    ck_assert_mem_eq(signature.data, expected, sizeof expected);
}

/* ---- Owners ---- */

static const char *const versions[] = {"v1",    "0.0.2", "0.2.2", "0.2.3", "0.2.4",
                                       "0.3.0", "0.3.1", "0.3.2", "0.3.3"};
#define VERSIONS (sizeof versions / sizeof versions[0])

static bool has_mode(vk_kernel_version kernel) {
    return kernel >= VK_KERNEL_0_0_2 && kernel <= VK_KERNEL_0_2_4;
}

/* 00000000 in front where the version wants it, and what the key's signer makes. */
static void check_owner_signature(const operation *o, const pairing_key *key, vk_bytes signature) {
    static const uint8_t root_mode[4];
    if (has_mode(o->kernel)) {
        ck_assert_uint_gt(signature.len, 4);
        ck_assert_mem_eq(signature.data, root_mode, 4);
        signature = (vk_bytes){signature.data + 4, signature.len - 4};
    }
    assert_signed(o, key, signature);
}

static void check_owner(const char *version, const pairing_key *key) {
    char label[32];
    vk_buf signature = {0}, part = {0};
    operation o = {.kernel = vk_kernel_read(version), .target = TARGET, .value = 5, .gas = 400};
    snprintf(label, sizeof label, "%s-%s", version, key->p256 ? "passkey" : "ecdsa");
    CK_OBJECT_HANDLE handle = import(label, key, POLICY);
    ck_assert_uint_eq(add_owner(label, version), CKR_OK);
    ck_assert_msg(sign(handle, &o, &signature) == CKR_OK, "%s: %s", label,
                  text_of(handle, CKA_VALETKEY_LAST_DENIAL));
    check_owner_signature(&o, key, vk_buf_view(&signature));
    /* The session's part is the same without the mode; the retry costs nothing. */
    ck_assert_uint_eq(sign_as(handle, CKM_VALETKEY_USEROP_SESSION, &o, &part), CKR_OK);
    ck_assert_uint_eq(part.len + (has_mode(o.kernel) ? 4 : 0), signature.len);
    ck_assert_uint_eq(gas_left(handle), 600);
    o.value = 6;
    ck_assert_uint_eq(sign(handle, &o, &signature), CKR_FUNCTION_REJECTED);
    assert_denied_because(handle, "call: 6 wei of native value is over the limit of 5 wei");
    o = (operation){.kernel = o.kernel, .target = OTHER, .gas = 1};
    ck_assert_uint_eq(sign(handle, &o, &signature), CKR_FUNCTION_REJECTED);
    o = (operation){.kernel = o.kernel, .target = TARGET, .gas = 601, .sequence = 1};
    ck_assert_uint_eq(sign(handle, &o, &signature), CKR_FUNCTION_REJECTED);
    assert_denied_because(handle, "gas: ");
    vk_buf_clear(&signature);
    vk_buf_clear(&part);
    ck_assert_uint_eq(c.f->C_DestroyObject(c.session, handle), CKR_OK);
}

START_TEST(test_owners) {
    for (size_t i = 0; i < VERSIONS; i++) {
        check_owner(versions[i], &ecdsa);
        ecdsa = pairing_key_of((uint8_t)(20 + i), false); /* a budget of its own */
    }
}
END_TEST

START_TEST(test_passkey_owners) {
    for (size_t i = 2; i < VERSIONS; i++) {
        check_owner(versions[i], &passkey);
        passkey = pairing_key_of((uint8_t)(40 + i), true);
    }
}
END_TEST

START_TEST(test_attributes) {
    CK_OBJECT_HANDLE key = import("owner", &ecdsa, POLICY);
    CK_OBJECT_HANDLE first;
    CK_ULONG count = 0;
    ck_assert_uint_eq(add_owner("owner", "0.2.4"), CKR_OK);
    ck_assert_str_eq(text_of(key, CKA_VALETKEY_GRANT_KINDS), "owner");
    ck_assert_str_eq(text_of(key, CKA_VALETKEY_KEPT_BY), "token");
    ck_assert_str_eq(
        text_of(key, CKA_VALETKEY_KEPT_BY_TEXT),
        "The account has no permission plug-in for its owner: these limits are kept by "
        "this token alone. Whoever has another copy of the key is not bound by them.");
    ck_assert_str_eq(text_of(key, CKA_VALETKEY_KERNEL_VERSIONS), "0.2.4");
    ck_assert(strstr(text_of(key, CKA_VALETKEY_STATE), "\"installed\":true") != NULL);
    /* A grant, a policy; no account of the SDK's. */
    ck_assert_uint_eq(client_find(&c, CKO_DATA, "owner", &first, &count), CKR_OK);
    ck_assert_uint_eq(count, 2);
}
END_TEST

/* ---- What the SDK's owners sign ---- */

static char *rpc_of(const cJSON *op) {
    cJSON *out = cJSON_CreateObject();
    const cJSON *item;
    cJSON_ArrayForEach(item, op) {
        char hex[67];
        const char *text = item->valuestring;
        if (strncmp(text, "0x", 2) != 0) {
            vk_u256 number = vectors_u256(op, item->string);
            vk_u256_hex(&number, hex);
            text = hex;
        }
        cJSON_AddStringToObject(out, item->string, text);
    }
    char *json = vk_json_print(out);
    cJSON_Delete(out);
    return json;
}

/* The key of a vector as the owner of the vector's account, under sudo. */
static CK_OBJECT_HANDLE owner_of(const cJSON *one) {
    const cJSON *in = vectors_get(one, "in"), *op = vectors_get(in, "userOp");
    char json[512];
    const char *label = vectors_text(one, "id");
    pairing_key key = {.p256 = false};
    vectors_fixed(in, "ownerPrivateKey", key.secret32, sizeof key.secret32);
    CK_OBJECT_HANDLE handle = import(label, &key, "[{\"type\":\"sudo\"}]");
    bool multi =
        cJSON_HasObjectItem(in, "kind") && strcmp(vectors_text(in, "kind"), "multichain") == 0;
    snprintf(json, sizeof json,
             "{\"kind\":\"owner\",\"chainId\":%s,\"kernelVersion\":\"%s\",\"account\":\"%s\"%s}",
             vectors_text(in, "chainId"), vectors_text(in, "kernelVersion"),
             vectors_text(op, "sender"),
             multi ? ",\"rootValidator\":\"0x5C97aA67Ba578E3c54ec5942A7563Ea9130E4f5F\"" : "");
    ck_assert_uint_eq(client_grant(&c, label, json), CKR_OK);
    return handle;
}

static CK_RV sign_vector(CK_OBJECT_HANDLE key, const cJSON *one, CK_BYTE *out, CK_ULONG *len) {
    char *op = rpc_of(vectors_get(vectors_get(one, "in"), "userOp"));
    CK_RV rv =
        client_sign(&c, key, CKM_VALETKEY_USEROP, (vk_bytes){(uint8_t *)op, strlen(op)}, out, len);
    vk_text_free(op);
    return rv;
}

START_TEST(test_sdk_owners) {
    cJSON *file = vectors_load("enable_v2.json");
    const cJSON *one;
    int same = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        CK_BYTE signature[512];
        CK_ULONG len = sizeof signature;
        if (strcmp(vectors_text(vectors_get(one, "in"), "mode"), "sudo") != 0) {
            continue;
        }
        vk_buf expected = vectors_bytes(vectors_get(one, "out"), "signature");
        ck_assert_uint_eq(sign_vector(owner_of(one), one, signature, &len), CKR_OK);
        ck_assert(vk_bytes_equal(vk_buf_view(&expected), (vk_bytes){signature, len}));
        vk_buf_clear(&expected);
        same++;
    }
    ck_assert_int_eq(same, 3);
    cJSON_Delete(file);
}
END_TEST

/* Their call data are random bytes, which no policy can read: refused even under sudo. */
START_TEST(test_unreadable_calls) {
    cJSON *file = vectors_load("validators.json");
    const cJSON *one;
    int refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        CK_BYTE signature[512];
        CK_ULONG len = sizeof signature;
        if (!cJSON_HasObjectItem(vectors_get(one, "in"), "ownerPrivateKey")) {
            continue;
        }
        CK_OBJECT_HANDLE key = owner_of(one);
        ck_assert_uint_eq(sign_vector(key, one, signature, &len), CKR_FUNCTION_REJECTED);
        assert_denied_because(key, "callData: ");
        refused++;
    }
    ck_assert_int_eq(refused, 10);
    cJSON_Delete(file);
}
END_TEST

static pairing_key key_in(const cJSON *object, const char *name) {
    pairing_key key = {.p256 = false};
    vectors_fixed(object, name, key.secret32, sizeof key.secret32);
    ck_assert_int_eq(vk_key_public(VK_CURVE_SECP256K1, key.secret32, key.point65), VK_OK);
    vk_address address = vk_address_of_point(key.point65);
    key.signer = vk_signer_ecdsa(&address);
    return key;
}

/* The SDK's tests enable the owner's own validator contract with another key, which would replace
 * him. */
START_TEST(test_sdk_plugins) {
    cJSON *file = vectors_load("enable_v2.json");
    const cJSON *one;
    int refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        const char *label = vectors_text(one, "id");
        char json[1024];
        if (strcmp(vectors_text(in, "mode"), "enable") != 0) {
            continue;
        }
        pairing_key owner = key_in(in, "ownerPrivateKey"), key = key_in(in, "regularPrivateKey");
        char *owner_json = pairing_owner_json(&owner);
        import(label, &key, "[{\"type\":\"sudo\"}]");
        snprintf(json, sizeof json,
                 "{\"kind\":\"plugin\",\"chainId\":%s,\"kernelVersion\":\"%s\",\"account\":\"%s\""
                 "%s,\"enableSignature\":\"%s\"}",
                 vectors_text(in, "chainId"), vectors_text(in, "kernelVersion"),
                 vectors_text(in, "account"), owner_json, vectors_text(out, "enableSignature"));
        ck_assert_uint_eq(client_grant(&c, label, json), CKR_ATTRIBUTE_VALUE_INVALID);
        vk_text_free(owner_json);
        refused++;
    }
    ck_assert_int_eq(refused, 4);
    cJSON_Delete(file);
}
END_TEST

/* ---- Plug-ins ---- */

static const uint8_t plugin_mode[] = {0, 0, 0, 1};

static CK_RV add_plugin(const char *label, const pairing_key *session, const pairing_key *owner) {
    vk_buf data = {0};
    vk_hash digest;
    char json[4096];
    vk_enable_v2 enable = pairing_enable_v2(session, &data);
    ck_assert_int_eq(vk_enable_v2_digest(&enable, &digest, NULL), VK_OK);
    char *approval = pairing_approval(owner, &digest), *owner_json = pairing_owner_json(owner);
    snprintf(
        json, sizeof json,
        "{\"kind\":\"plugin\",\"chainId\":%d,\"kernelVersion\":\"0.2.4\",\"account\":\"" ACCOUNT
        "\"%s,\"enableSignature\":\"%s\"}",
        CHAIN, owner_json, approval);
    vk_text_free(approval);
    vk_text_free(owner_json);
    vk_buf_clear(&data);
    return client_grant(&c, label, json);
}

/* mode || window || validator || executor || enable data || approval || the key's part */
static void check_enabling(const operation *o, const pairing_key *session, const pairing_key *owner,
                           vk_bytes signature) {
    vk_buf data = {0}, whole = {0};
    vk_hash digest;
    vk_enable_v2 enable = pairing_enable_v2(session, &data);
    ck_assert_int_eq(vk_enable_v2_digest(&enable, &digest, NULL), VK_OK);
    vk_buf approval = pairing_approve(owner, &digest);
    size_t front = vk_enable_v2_signature_len(&enable, approval.len, 0);
    ck_assert_uint_gt(signature.len, front);
    vk_bytes part = {signature.data + front, signature.len - front};
    ck_assert_int_eq(vk_enable_v2_signature(&enable, vk_buf_view(&approval), part, &whole, NULL),
                     VK_OK);
    if (!owner->p256) { /* a passkey signs another way every time */
        ck_assert(vk_bytes_equal(vk_buf_view(&whole), signature));
    }
    assert_signed(o, session, part);
    vk_buf_clear(&data);
    vk_buf_clear(&approval);
    vk_buf_clear(&whole);
}

static void check_enabled(CK_OBJECT_HANDLE key, const operation *o, const pairing_key *session) {
    vk_buf signature = {0};
    ck_assert_uint_eq(sign(key, o, &signature), CKR_OK);
    ck_assert_uint_gt(signature.len, sizeof plugin_mode);
    ck_assert_mem_eq(signature.data, plugin_mode, sizeof plugin_mode);
    assert_signed(
        o, session,
        (vk_bytes){signature.data + sizeof plugin_mode, signature.len - sizeof plugin_mode});
    vk_buf_clear(&signature);
}

static void check_plugin(const pairing_key *session, const pairing_key *owner) {
    vk_buf signature = {0};
    operation o = {.kernel = VK_KERNEL_0_2_4, .target = TARGET, .value = 5, .gas = 100};
    CK_OBJECT_HANDLE key = import("session", session, POLICY);
    ck_assert_uint_eq(add_plugin("session", session, owner), CKR_OK);
    ck_assert_str_eq(text_of(key, CKA_VALETKEY_GRANT_KINDS), "plugin");
    ck_assert_str_eq(text_of(key, CKA_VALETKEY_KEPT_BY), "token");
    /* Nothing has enabled it. */
    o.mode = plugin_mode;
    ck_assert_uint_eq(sign(key, &o, &signature), CKR_FUNCTION_REJECTED);
    o.mode = NULL;
    ck_assert_uint_eq(sign(key, &o, &signature), CKR_OK);
    check_enabling(&o, session, owner, vk_buf_view(&signature));
    o = (operation){.kernel = o.kernel, .target = TARGET, .gas = 200, .sequence = 1};
    o.mode = plugin_mode;
    check_enabled(key, &o, session);
    ck_assert_uint_eq(gas_left(key), 700);
    o.sequence = 2;
    o.value = 6;
    ck_assert_uint_eq(sign(key, &o, &signature), CKR_FUNCTION_REJECTED);
    assert_denied_because(key, "call: 6 wei of native value is over the limit of 5 wei");
    o = (operation){.kernel = o.kernel, .target = TARGET, .gas = 701, .sequence = 3};
    ck_assert_uint_eq(sign(key, &o, &signature), CKR_FUNCTION_REJECTED);
    assert_denied_because(key, "gas: ");
    vk_buf_clear(&signature);
    ck_assert_uint_eq(c.f->C_DestroyObject(c.session, key), CKR_OK);
}

START_TEST(test_plugins) {
    check_plugin(&passkey, &ecdsa_owner);
    check_plugin(&ecdsa, &passkey_owner);
}
END_TEST

/* The approval is for execute: the account would not let the key call another function. */
START_TEST(test_plugin_selector) {
    vk_buf call_data = {0}, json = {0};
    CK_BYTE signature[4096];
    CK_ULONG len = sizeof signature;
    operation o = {.kernel = VK_KERNEL_0_2_4, .target = TARGET, .gas = 1};
    CK_OBJECT_HANDLE key = import("session", &passkey, POLICY);
    ck_assert_uint_eq(add_plugin("session", &passkey, &ecdsa_owner), CKR_OK);
    vk_userop op = op_of(&o, &call_data);
    vk_call calls[2] = {{.target = op.sender}, {.target = op.sender}};
    vk_execution batch = {.call_type = VK_CALL_BATCH, .call_count = 2, .calls = calls};
    ck_assert_int_eq(vk_address_read(TARGET, strlen(TARGET), &calls[0].target), VK_OK);
    calls[1].target = calls[0].target;
    vk_buf_clear(&call_data);
    ck_assert_int_eq(vk_execution_encode_for(o.kernel, NULL, &batch, &call_data, NULL), VK_OK);
    op.call_data = vk_buf_view(&call_data);
    ck_assert_int_eq(vk_userop_write_json(&op, &json), VK_OK);
    ck_assert_uint_eq(
        client_sign(&c, key, CKM_VALETKEY_USEROP, vk_buf_view(&json), signature, &len),
        CKR_FUNCTION_REJECTED);
    assert_denied_because(key, "selector: the call data begins with 0x34fcd5be");
    vk_buf_clear(&call_data);
    vk_buf_clear(&json);
}
END_TEST

/* ---- One budget ---- */

/* A key that comes again as something else in the account has spent what it spent. */
START_TEST(test_shared_budget) {
    vk_buf signature = {0};
    operation o = {.kernel = VK_KERNEL_0_2_4, .target = TARGET, .gas = 400};
    CK_OBJECT_HANDLE key = import("owner", &passkey, POLICY);
    ck_assert_uint_eq(add_owner("owner", "0.2.4"), CKR_OK);
    ck_assert_uint_eq(add_plugin("owner", &passkey, &ecdsa_owner), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_uint_eq(sign(key, &o, &signature), CKR_OK);
    ck_assert_uint_eq(gas_left(key), 600);
    ck_assert_uint_eq(c.f->C_DestroyObject(c.session, key), CKR_OK);
    key = import("plugin", &passkey, POLICY);
    ck_assert_uint_eq(add_plugin("plugin", &passkey, &ecdsa_owner), CKR_OK);
    ck_assert_uint_eq(gas_left(key), 600);
    vk_buf_clear(&signature);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pairings");
    TCase *tests = tcase_create("pairings");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_owners);
    tcase_add_test(tests, test_passkey_owners);
    tcase_add_test(tests, test_attributes);
    tcase_add_test(tests, test_sdk_owners);
    tcase_add_test(tests, test_unreadable_calls);
    tcase_add_test(tests, test_sdk_plugins);
    tcase_add_test(tests, test_plugins);
    tcase_add_test(tests, test_plugin_selector);
    tcase_add_test(tests, test_shared_budget);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
