#include "seeds.h"

#include "eth/abi.h"
#include "fuzz.h"
#include "support/vectors.h"

typedef struct sower {
    seed_fn use;
    void *context;
} sower;

static void sow(const sower *s, const char *target, const vk_buf *input) {
    FUZZ_REQUIRE(vk_buf_status(input) == VK_OK);
    s->use(target, vk_buf_view(input), s->context);
}

/* The byte that chooses goes in front. */
static void sow_chosen(const sower *s, const char *target, uint8_t choice, const vk_buf *bytes) {
    vk_buf input = {0};
    vk_buf_put_byte(&input, choice);
    vk_buf_put(&input, bytes->data, bytes->len);
    sow(s, target, &input);
    vk_buf_clear(&input);
}

/* prefix, if it is not negative, goes in front of the text. */
static void sow_text(const sower *s, const char *target, int prefix, const char *text) {
    vk_buf input = {0};
    if (prefix >= 0) {
        vk_buf_put_byte(&input, (uint8_t)prefix);
    }
    vk_buf_put_text(&input, text);
    sow(s, target, &input);
    vk_buf_clear(&input);
}

static void sow_hex(const sower *s, const char *target, int prefix, const char *text) {
    vk_buf bytes = {0}, input = {0};
    if (vk_hex_read(text, strlen(text), VK_BUF_MAX, &bytes) == VK_OK) {
        if (prefix >= 0) {
            vk_buf_put_byte(&input, (uint8_t)prefix);
        }
        vk_buf_put(&input, bytes.data, bytes.len);
        sow(s, target, &input);
    }
    vk_buf_clear(&bytes);
    vk_buf_clear(&input);
}

static void sow_json(const sower *s, const char *target, int prefix, const cJSON *value) {
    char *text = cJSON_PrintUnformatted(value);
    FUZZ_REQUIRE(text != NULL);
    sow_text(s, target, prefix, text);
    cJSON_free(text);
}

/* ---- Texts that hold a format, wherever they stand ---- */

static const struct {
    const char *member, *target;
    int prefix;
} hex_members[] = {
    {"callData", "execution", -1},
    {"callData", "execute_read", -1},
    {"callData", "thirdweb_calls", -1},
    {"factoryData", "factory_data", 0},
    {"initCode", "factory_data", 7},
    {"enableData", "enable_data", VK_ROOT_ECDSA},
    {"enableData", "enable_data", 3},
    {"enableData", "answer", 3},
    {"enableSignature", "approval", VK_ROOT_ECDSA},
    {"enableSignature", "approval", 3},
    {"signerData", "enable_data", 3},
    {"signatureDer", "der", -1},
    {"authenticatorData", "credential", 2},
    {"clientDataJSON", "credential", 3},
};

static void sow_message_request(const sower *s, const char *typed_data) {
    vk_buf request = {0};
    vk_buf_put_text(&request, "{\"chainId\":1,\"account\":"
                              "\"0x1111111111111111111111111111111111111111\",\"typedData\":");
    vk_buf_put_text(&request, typed_data);
    vk_buf_put_text(&request, ",\"deployed\":false}");
    sow(s, "message_request", &request);
    vk_buf_clear(&request);
}

static void sow_member(const sower *s, const char *name, const char *text) {
    for (size_t i = 0; i < sizeof hex_members / sizeof hex_members[0]; i++) {
        if (strcmp(hex_members[i].member, name) == 0) {
            sow_hex(s, hex_members[i].target, hex_members[i].prefix, text);
        }
    }
    if (strcmp(name, "typedDataJson") == 0) {
        sow_text(s, "typed_data", -1, text);
        sow_message_request(s, text);
    }
    vk_buf json = {0};
    if (strcmp(name, "serializedAccount") == 0 &&
        vk_base64_read(text, strlen(text), &json) == VK_OK) {
        sow(s, "serialized", &json);
    }
    vk_buf_clear(&json);
}

static void walk(const sower *s, const cJSON *value) {
    const cJSON *child;
    cJSON_ArrayForEach(child, value) {
        if (cJSON_IsString(child) && child->string != NULL) {
            sow_member(s, child->string, child->valuestring);
        }
        walk(s, child);
    }
}

/* ---- Cases of a kind ---- */

/* The request that a script would send. */
static void sow_request(const sower *s, const char *kind, const cJSON *in, bool sdk) {
    char *text = cJSON_PrintUnformatted(in);
    vk_buf line = {0};
    vk_buf_printf(&line, "{\"id\":1,\"kind\":\"%s\"%s,\"in\":", kind,
                  sdk ? ",\"compat\":\"sdk\"" : "");
    vk_buf_put_text(&line, text);
    vk_buf_put_byte(&line, '}');
    sow(s, "batch", &line);
    vk_buf_clear(&line);
    cJSON_free(text);
}

static void sow_case(const sower *s, const char *kind, const cJSON *one, bool sdk) {
    const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
    sow_request(s, kind, in, sdk);
    sow_json(s, "json", -1, in);
    if (strcmp(kind, "userop_hash") == 0) {
        const char *version = vectors_text(in, "entryPointVersion");
        sow_text(s, "userop_json", version[2] - '6', vectors_text(vectors_get(out, "rpc"), "json"));
    } else if (strcmp(kind, "webauthn_signature") == 0) {
        const cJSON *signature = cJSON_GetObjectItem(out, "signature");
        if (signature != NULL) {
            sow_hex(s, "webauthn", -1, signature->valuestring);
            sow_hex(s, "approval", VK_ROOT_PASSKEY, signature->valuestring);
        }
    } else if (strcmp(kind, "multichain") == 0) {
        const cJSON *first = cJSON_GetArrayItem(vectors_get(out, "signatures"), 0);
        sow_hex(s, "approval", VK_ROOT_MULTI_CHAIN, first->valuestring);
    } else if (strcmp(kind, "policy_data") == 0) {
        cJSON *list = cJSON_CreateArray();
        cJSON_AddItemToArray(list, cJSON_Duplicate(in, true));
        sow_json(s, "policy", -1, list);
        cJSON_Delete(list);
    }
}

static void sow_kind(const sower *s, const char *kind) {
    char path[64];
    bool sdk = false;
    snprintf(path, sizeof path, "%s.json", kind);
    cJSON *file = vectors_load(path);
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        sow_case(s, kind, one, sdk);
        sdk = !sdk;
    }
    walk(s, file);
    cJSON_Delete(file);
}

/* ---- Browsers ---- */

static cJSON *members_of(const cJSON *object, const char *const *names) {
    cJSON *copy = cJSON_CreateObject();
    for (; *names != NULL; names++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, *names);
        if (member != NULL) {
            cJSON_AddItemToObject(copy, *names, cJSON_Duplicate(member, true));
        }
    }
    return copy;
}

/* These files have their hex without "0x". */
static void sow_bare(const sower *s, uint8_t choice, const cJSON *object, const char *name) {
    vk_buf text = {0};
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (cJSON_IsString(member)) {
        vk_buf_printf(&text, "0x");
        vk_buf_put_text(&text, member->valuestring);
        char *hex = vk_buf_take_text(&text);
        sow_hex(s, "credential", choice, hex);
        vk_text_free(hex);
    }
}

static void sow_credential(const sower *s, const cJSON *object) {
    sow_bare(s, 2, object, "authenticatorData");
    sow_bare(s, 3, object, "clientDataJSON");
    sow_bare(s, 4, object, "attestationObject");
    sow_bare(s, 1, object, "cosePublicKey");
    sow_bare(s, 0, object, "publicKeySpki");
}

static void sow_browser(const sower *s, const char *name) {
    static const char *const registration[] = {"attestationObject", "clientDataJSON", "challenge",
                                               NULL};
    static const char *const assertion[] = {"clientDataJSON", "authenticatorData", "signatureDer",
                                            "userOpHash", NULL};
    cJSON *file = vectors_load(name), *in = cJSON_CreateObject();
    cJSON *made = members_of(vectors_get(file, "registration"), registration);
    cJSON *list = cJSON_AddArrayToObject(in, "assertions");
    const cJSON *one;
    sow_credential(s, vectors_get(file, "registration"));
    cJSON_AddStringToObject(made, "origin", vectors_text(file, "origin"));
    cJSON_AddStringToObject(made, "rpId", vectors_text(file, "rpId"));
    cJSON_AddItemToObject(in, "registration", made);
    cJSON_ArrayForEach(one, vectors_get(file, "assertions")) {
        cJSON_AddItemToArray(list, members_of(one, assertion));
        sow_credential(s, one);
    }
    sow_request(s, "webauthn", in, false);
    cJSON_Delete(in);
    cJSON_Delete(file);
}

/* ---- Sessions ---- */

/* Of the session's first operation, where the file has some. */
static void put_first_signature(const cJSON *file, vk_buf *out) {
    const cJSON *operation = cJSON_GetArrayItem(cJSON_GetObjectItem(file, "operations"), 0);
    if (operation != NULL && cJSON_GetObjectItem(operation, "signature") != NULL) {
        vk_buf signature = vectors_bytes(operation, "signature");
        vk_buf_put(out, signature.data, signature.len);
        vk_buf_clear(&signature);
    }
}

static void sow_grant(const sower *s, const cJSON *file, const char *policies) {
    vk_buf input = {0};
    vk_address address = {{0}};
    if (strcmp(vectors_text(vectors_get(file, "session"), "type"), "secp256k1") == 0 ||
        cJSON_GetObjectItem(vectors_get(file, "session"), "address") != NULL) {
        address = vectors_address(vectors_get(file, "session"), "address");
    }
    vk_buf_put(&input, address.b, sizeof address.b);
    vk_buf_put_text(&input, policies);
    vk_buf_put_byte(&input, 0);
    vk_buf_printf(&input, "{\"chainId\":%llu,\"kernelVersion\":\"%s\",\"entryPoint\":\"%s\",",
                  (unsigned long long)vectors_u64(file, "chainId"),
                  vectors_text(file, "kernelVersion"), vectors_text(file, "entryPoint"));
    vk_buf_put_text(&input, "\"serializedAccount\":\"");
    vk_buf_put_text(&input, vectors_text(file, "serializedAccount"));
    vk_buf_put_text(&input, "\"}");
    vk_buf_put_byte(&input, 0);
    put_first_signature(file, &input);
    sow(s, "grant", &input);
    vk_buf_clear(&input);
}

static void sow_grant_text(const sower *s, const vk_address *key, const char *policies,
                           const char *grant) {
    vk_buf input = {0};
    vk_buf_put(&input, key->b, sizeof key->b);
    vk_buf_put(&input, policies, strlen(policies) + 1);
    vk_buf_put_text(&input, grant);
    sow(s, "grant", &input);
    sow_text(s, "policy", -1, policies);
    vk_buf_clear(&input);
}

static void sow_receipts(const sower *s) {
    vk_receipt receipt = {.operation = {{1}},
                          .chain_id = 8453,
                          .account = {{2}},
                          .nonce = vk_u256_from_u64(3),
                          .transaction = {{4}},
                          .block = 436,
                          .actual_gas_cost = vk_u256_from_u64(UINT64_MAX),
                          .bundler = "bundler.example"};
    for (int success = 0; success <= 1; success++) {
        vk_buf json = {0};
        receipt.success = success == 1;
        snprintf(receipt.reason, sizeof receipt.reason, "%s", receipt.success ? "" : "0x08c379a0");
        FUZZ_REQUIRE(vk_receipt_write(&receipt, &json) == VK_OK);
        sow(s, "receipt", &json);
        vk_buf_clear(&json);
    }
}

/* One of each kind of owner. */
static void sow_smart_account(const sower *s, vk_smart_account account) {
    vk_buf json = {0};
    FUZZ_REQUIRE(vk_smart_account_settle(&account, NULL) == VK_OK);
    FUZZ_REQUIRE(vk_smart_account_write(&account, &json) == VK_OK);
    sow(s, "smart_account", &json);
    vk_buf_clear(&json);
    vk_smart_account_clear(&account);
}

static void sow_smart_accounts(const sower *s) {
    const vk_root owner = {.kind = VK_ROOT_ECDSA, .owner = {{1}}};
    for (int kind = VK_ROOT_ECDSA; kind <= VK_ROOT_MULTI_CHAIN; kind++) {
        sow_smart_account(s,
                          (vk_smart_account){.kernel = VK_KERNEL_0_3_1,
                                             .root = {.kind = (vk_root_kind)kind, .owner = {{1}}}});
    }
    sow_smart_account(s, (vk_smart_account){.kind = VK_SMART_ACCOUNT_THIRDWEB,
                                            .entry_point = VK_ENTRY_POINT_0_7,
                                            .factory = {{2}},
                                            .implementation = {{3}},
                                            .root = owner});
    sow_smart_account(s, (vk_smart_account){.kernel = VK_KERNEL_0_3_2,
                                            .entry_point = VK_ENTRY_POINT_0_9,
                                            .account = {{4}},
                                            .root = owner});
    sow_smart_account(
        s, (vk_smart_account){.kernel = VK_KERNEL_0_3_3, .eip7702 = true, .root = owner});
}

/* Grants for accounts without permissions. */
static void sow_other_grants(const sower *s) {
    static const char sudo[] = "[{\"type\":\"sudo\"}]";
    static const char *const grants[] = {
        "{\"kind\":\"owner\",\"chainId\":10,\"kernelVersion\":\"0.2.4\",\"account\":"
        "\"0x1111111111111111111111111111111111111111\"}",
        "{\"kind\":\"owner\",\"chainId\":10,\"kernelVersion\":\"v1\",\"account\":"
        "\"0x1111111111111111111111111111111111111111\"}",
        "{\"kind\":\"owner\",\"chainId\":10,\"kernelVersion\":\"0.3.3\",\"entryPoint\":"
        "\"0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108\",\"account\":"
        "\"0x1111111111111111111111111111111111111111\",\"key\":"
        "\"0x0909090909090909090909090909090909090909\"}",
        "{\"kind\":\"plugin\",\"chainId\":10,\"kernelVersion\":\"0.2.4\",\"account\":"
        "\"0x1111111111111111111111111111111111111111\",\"preInstalled\":true}",
        "{\"kind\":\"plugin\",\"chainId\":10,\"kernelVersion\":\"0.2.2\",\"account\":"
        "\"0x1111111111111111111111111111111111111111\",\"owner\":"
        "\"0x2222222222222222222222222222222222222222\",\"selector\":\"0x34fcd5be\","
        "\"validAfter\":1,\"validUntil\":2,\"enableSignature\":\"0x00\"}"};
    vk_address key;
    memset(key.b, 9, sizeof key.b);
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        sow_grant_text(s, &key, sudo, grants[i]);
    }
}

/* A thirdweb session as policy and grant. */
static void sow_thirdweb_grant(const sower *s, const cJSON *one, const cJSON *given) {
    const cJSON *request = vectors_get(given, "request");
    char *text = cJSON_PrintUnformatted(request);
    char *targets = cJSON_PrintUnformatted(vectors_get(request, "approvedTargets"));
    vk_address key = vectors_address(request, "signer");
    vk_buf policy = {0}, grant = {0};
    vk_buf_printf(&policy,
                  "[{\"type\":\"thirdweb\",\"approvedTargets\":%s,"
                  "\"nativeTokenLimitPerTransaction\":\"%s\",\"permissionStartTimestamp\":\"%s\","
                  "\"permissionEndTimestamp\":\"%s\"}]",
                  targets, vectors_text(request, "nativeTokenLimitPerTransaction"),
                  vectors_text(request, "permissionStartTimestamp"),
                  vectors_text(request, "permissionEndTimestamp"));
    vk_buf_printf(
        &grant,
        "{\"kind\":\"thirdweb\",\"chainId\":%llu,\"entryPoint\":\"%s\",\"account\":\"%s\","
        "\"admin\":\"%s\",\"request\":%s,\"signature\":\"%s\"}",
        (unsigned long long)vectors_u64(one, "chainId"), vectors_text(one, "entryPoint"),
        vectors_text(one, "account"), vectors_text(vectors_get(one, "admin"), "address"), text,
        vectors_text(given, "signature"));
    char *policies = vk_buf_take_text(&policy), *grants = vk_buf_take_text(&grant);
    FUZZ_REQUIRE(policies != NULL && grants != NULL);
    sow_grant_text(s, &key, policies, grants);
    vk_text_free(policies);
    vk_text_free(grants);
    cJSON_free(text);
    cJSON_free(targets);
}

static void sow_thirdweb_grants(const sower *s) {
    enum { SOME = 12 };
    cJSON *file = vectors_load("verdicts/thirdweb.json");
    for (int i = 0; i < SOME; i++) {
        const cJSON *one = cJSON_GetArrayItem(vectors_get(file, "cases"), i);
        const cJSON *given = cJSON_GetArrayItem(vectors_get(one, "requests"), 0);
        if (given != NULL) {
            sow_thirdweb_grant(s, one, given);
        }
    }
    cJSON_Delete(file);
}

static void sow_operation(const sower *s, const cJSON *file, const cJSON *op,
                          const char *policies) {
    char *text = cJSON_PrintUnformatted(op);
    vk_buf input = {0};
    vk_userop parsed;
    sow_text(s, "userop_json", 1, text);
    sow_text(s, "userop_request", -1, text);
    vk_buf_put(&input, policies, strlen(policies) + 1);
    vk_buf_put_text(&input, text);
    sow(s, "verdict", &input);
    input.len = 0;
    vk_bytes json = {(const uint8_t *)text, strlen(text)};
    FUZZ_REQUIRE(vk_userop_read_json(json, VK_ENTRY_POINT_0_7, &parsed, NULL) == VK_OK);
    vk_address entry_point = vectors_address(file, "entryPoint");
    FUZZ_REQUIRE(vk_userop_write_abi(&parsed, 1, &entry_point, &input) == VK_OK);
    sow(s, "userop_request", &input);
    sow_chosen(s, "userop_abi", 1, &input);
    vk_userop_clear(&parsed);
    vk_buf_clear(&input);
    cJSON_free(text);
}

static void sow_session(const sower *s, const char *name) {
    cJSON *file = vectors_load(name);
    char *policies = cJSON_PrintUnformatted(vectors_get(file, "policies"));
    const cJSON *one;
    walk(s, file);
    sow_text(s, "policy", -1, policies);
    sow_grant(s, file, policies);
    cJSON_ArrayForEach(one, vectors_get(file, "operations")) {
        sow_operation(s, file, vectors_get(one, "userOp"), policies);
    }
    cJSON_free(policies);
    cJSON_Delete(file);
}

/* ---- What an account answers ---- */

/* permissionConfig: flag2, signer20, offset of the list, length, policies22. */
static void sow_answers(const sower *s) {
    static const uint8_t zeros[32], offset[32] = {[31] = 96}, count[32] = {[31] = 2};
    const uint8_t *const words[] = {zeros, zeros, offset, count, zeros, zeros};
    vk_buf answer = {0};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        vk_buf_put(&answer, words[i], 32);
        for (uint8_t question = 0; question < 3; question++) {
            sow_chosen(s, "answer", question, &answer);
        }
    }
    vk_buf_clear(&answer);
}

/* A session of a signer with one target, whose address all is; the same as a list of admins. */
static void sow_thirdweb_answers(const sower *s) {
    static const vk_address address = {{0x11, 0x22, 0x33}};
    const vk_u256 limit = vk_u256_from_u64(5);
    vk_buf session = {0}, admins = {0}, request = {0};
    vk_abi_put_u64(&session, 32);
    vk_abi_put_address(&session, &address);
    vk_abi_put_u64(&session, 160);
    vk_abi_put_u256(&session, &limit);
    vk_abi_put_u64(&session, 1);
    vk_abi_put_u64(&session, 4070908800);
    vk_abi_put_u64(&admins, 32);
    vk_abi_put_u64(&request, 1);
    vk_abi_put_address(&request, &address);
    for (size_t i = 0; i < 2; i++) {
        vk_buf *list = i == 0 ? &session : &admins;
        vk_abi_put_u64(list, 1);
        vk_abi_put_address(list, &address);
        sow_chosen(s, "thirdweb_reply", (int)i, list);
    }
    sow_chosen(s, "thirdweb_reply", 2, &request);
    vk_buf_clear(&session);
    vk_buf_clear(&admins);
    vk_buf_clear(&request);
}

/* ---- Policies that lint finds something in ---- */

static void sow_lint(const sower *s) {
    cJSON *file = vectors_load("../unit/lint.json");
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "policies")) {
        sow_json(s, "policy", -1, vectors_get(vectors_get(one, "hit"), "policy"));
    }
    cJSON_ArrayForEach(one, vectors_get(file, "thirdweb")) {
        cJSON *in = cJSON_Duplicate(vectors_get(one, "hit"), true);
        cJSON_DeleteItemFromObject(in, "findings");
        sow_request(s, "lint", in, false);
        cJSON_Delete(in);
    }
    cJSON_Delete(file);
}

/* ---- What the chain did ---- */

/* A case as a program would be given it; the small ones only. */
static void sow_verdict_case(const sower *s, uint8_t kind, const cJSON *one) {
    static const char *const kinds[] = {"verdict", "thirdweb_verdict"};
    enum { SMALL = 3200 };
    char *text = cJSON_PrintUnformatted(one);
    FUZZ_REQUIRE(text != NULL);
    if (strlen(text) < SMALL) {
        sow_text(s, "verdict_case", kind, text);
        sow_request(s, kinds[kind], one, false);
    }
    cJSON_free(text);
}

static void sow_verdicts(const sower *s, const char *name, uint8_t kind) {
    char path[64];
    int cases = 0;
    snprintf(path, sizeof path, "verdicts/%s.json", name);
    cJSON *file = vectors_load(path);
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (cases++ % 4 == 0) {
            sow_verdict_case(s, kind, one);
        }
    }
    cJSON_Delete(file);
}

static void sow_session_part(const sower *s, const cJSON *one) {
    int policies = (int)vectors_u64(vectors_get(one, "in"), "policies");
    const cJSON *signature;
    cJSON_ArrayForEach(signature, vectors_get(vectors_get(one, "out"), "signatures")) {
        sow_hex(s, "session_part", policies, vectors_text(signature, "signature"));
    }
}

/* Kernel versions as the target numbers them; their signatures also as those of another one. */
static void sow_message_parts(const sower *s, const cJSON *one) {
    const char *version = vectors_text(vectors_get(one, "in"), "kernelVersion");
    const char *signature = vectors_text(vectors_get(one, "out"), "signature");
    sow_hex(s, "message_parts", version[4] - '0', signature);
    sow_hex(s, "message_parts", 3, signature);
}

static void sow_any_assertion(const sower *s, const cJSON *one) {
    const cJSON *in = vectors_get(one, "in");
    vk_buf input = {0}, encoded = vectors_bytes(in, "signature");
    vk_hash challenge = vectors_hash(in, "hash");
    vk_u256 x = vectors_u256(in, "pubX"), y = vectors_u256(in, "pubY");
    vk_buf_put(&input, challenge.b, sizeof challenge.b);
    vk_buf_put(&input, x.be, sizeof x.be);
    vk_buf_put(&input, y.be, sizeof y.be);
    vk_buf_put(&input, encoded.data, encoded.len);
    sow(s, "any_assertion", &input);
    vk_buf_clear(&input);
    vk_buf_clear(&encoded);
}

static void sow_chain(const sower *s, const char *name,
                      void (*sow_one)(const sower *s, const cJSON *one)) {
    cJSON *file = vectors_load(name);
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (sow_one != NULL) {
            sow_one(s, one);
        }
    }
    walk(s, file);
    cJSON_Delete(file);
}

static void sow_all_chain(const sower *s) {
    static const char *const verdicts[] = {
        "call",         "combo",           "gas",  "ratelimit", "ratelimit-reset", "signature",
        "signer-ecdsa", "signer-webauthn", "sudo", "timestamp"};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        sow_verdicts(s, verdicts[i], 0);
    }
    sow_verdicts(s, "thirdweb", 1);
    sow_chain(s, "onchain_permission_signature.json", sow_session_part);
    sow_chain(s, "message_signature.json", sow_message_parts);
    sow_chain(s, "onchain_webauthn.json", sow_any_assertion);
    sow_chain(s, "onchain_call_policy.json", NULL);
    sow_chain(s, "onchain_thirdweb.json", NULL);
}

#define WORD "0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"

static void sow_anchors(const sower *s) {
    sow_text(s, "anchor", -1, "valetkey-anchor 1 1a21e7da737b1b39 13 10 " WORD " " WORD "  \n");
    sow_text(s, "anchor", -1, "valetkey-anchor 1 1a21e7da737b1b39 -1 10 " WORD " " WORD);
    sow_text(s, "anchor", -1, "valetkey-anchor 1 1a21 1 2 0x00 0x00");
}

#define RESULT(text) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" text "}"
#define ZEROS "000000000000000000000000"
#define ADDRESS(first) "0x" first "00000000000000000000000000000000000000"

static void sow_rule_numbers(const sower *s) {
    vk_buf words = {0};
    for (uint8_t count = 1; count <= 3; count++) {
        const vk_u256 word = vk_u256_from_u64((UINT64_C(1) << 48) - count);
        vk_buf_put(&words, word.be, sizeof word.be);
        sow_chosen(s, "rule_numbers", count, &words);
    }
    vk_buf_clear(&words);
}

static void sow_answers_of_nodes(const sower *s) {
    static const char event[] =
        "0x49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f";
    vk_buf text = {0};
    sow_text(s, "reply", -1, RESULT("null"));
    sow_text(s, "reply", -1,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32005,\"message\":\"no\"}}");
    sow_text(s, "node_answer", 0, RESULT("\"0x7a69\""));
    sow_text(s, "node_answer", 1,
             RESULT("{\"number\":\"0x64\",\"timestamp\":\"0x65\",\"hash\":\"" WORD "\"}"));
    vk_buf_put_text(&text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[{\"address\":\"" ADDRESS(
                               "11") "\",\"blockNumber\":\"0x64\","
                                     "\"blockHash\":\"" WORD "\",\"removed\":false,\"data\":\"0x");
    for (int i = 0; i < 4; i++) {
        vk_buf_printf(&text, "%064d", i == 0 ? 5 : 1);
    }
    vk_buf_printf(&text,
                  "\",\"topics\":[\"%s\",\"" WORD "\",\"0x" ZEROS "22%038d\",\"0x%064d\"]}]}",
                  event, 0, 0);
    sow_chosen(s, "node_answer", 2, &text);
    vk_buf_clear(&text);
}

static void sow_passkey_case(const sower *s, const cJSON *item) {
    const cJSON *in = vectors_get(item, "in"),
                *first = vectors_get(vectors_get(item, "out"), "http")->child;
    int which = strcmp(vectors_text(in, "mode"), "register") == 0 ? 0 : 2;
    sow_json(s, "passkey_answer", which, vectors_get(first, "response"));
    sow_json(s, "passkey_answer", which + 1, vectors_get(first->next, "response"));
    sow_text(s, "passkey_body", which, vectors_text(first, "body"));
    sow_text(s, "passkey_body", which + 1, vectors_text(first->next, "body"));
}

static void sow_passkey_servers(const sower *s) {
    const cJSON *item;
    cJSON *file = vectors_load("passkey_server.json");
    cJSON_ArrayForEach(item, vectors_get(file, "cases")) {
        sow_passkey_case(s, item);
    }
    cJSON_Delete(file);
    sow_text(s, "header", -1, "X-Api-Key: 0123456789");
    sow_text(s, "header", -1, "content-type:text/plain");
    sow_text(
        s, "login_request", -1,
        "{\"challenge\":\"l85IhS-jw0td4WItsoM5dJ48QsScpoZQVH4XQV9cy5Q\",\"rpId\":\"a.example\","
        "\"origin\":\"https://a.example\"}");
}

/* Calls and their arguments, byte by byte (calls.c): what a fuzzer would take long to come upon. */
#define TEN "0123456789"
#define DIGEST TEN TEN TEN "01"
#define PAIR "\x0e\0\0" /* objects 4 and 5 */
/* Of P-256, a point for C_DeriveKey. */
#define GENERATOR                                                                                  \
    "\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d"             \
    "\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f"             \
    "\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40"             \
    "\x68\x37\xbf\x51\xf5"
#define CALLS(bytes)                                                                               \
    { (const uint8_t *)(bytes), sizeof(bytes) - 1 }

static void sow_calls(const sower *s) {
    static const vk_bytes seeds[] = {
        CALLS(PAIR "\x10\0\0\0\0\x05\x12\0\0\x20" DIGEST "\x06"),
        CALLS(PAIR "\x10\0\0\x02\0\x05\x13\0\0\x0a" TEN "\x14\0\0\x03\x14\0\0\x06"),
        CALLS(PAIR "\x10\x01\0\0\0\x04\x15\0\x20" DIGEST "\x40" DIGEST DIGEST "\0"),
        CALLS(PAIR "\x10\x02\0\x02\0\x05\x16\x01\0\0\x0a\x16\x02\0\x03"
                   "abc\x0a"
                   "\x16\x03\0\x03"
                   "abc\x06\x16\0\0\x03"
                   "abc\x06\x16\x04\0\0\x0a"),
        CALLS(PAIR "\x10\x03\0\x02\0\x04\x17\x01\0\0\0\x17\x02\0\x03"
                   "abc\x40" DIGEST DIGEST "\x17\x03\0\0\0"),
        CALLS("\x11\0\x04\0\x13\x02\0\x0a" TEN "\x14\x01\0\x03"),
        CALLS("\x11\0\x05\0\x12\x01\0\x0a" TEN "\x03"),
        CALLS("\x04\0\x03\0\0\0\x03\x01\0\x05\x03\x0a" TEN "\x08\0\x04\x02\0\x06\x03\x06\x05\x06"
              "\x09\0\x04\x01\x03\x03\x05hello\x05\0\x04\0\x06\0\x04"),
        CALLS("\x04\0\x04\0\0\0\x01\x04\x01\x03\x01\0\x05\x03\x0a" TEN
              "\x0a\0\x01\0\0\0\x0b\0\x04\x0c\0\x09\0\x04\x01\x05\x03\x05hello\x06\0\x04"),
        CALLS(
            "\x0d\0\x0a\0\x02\x0c\x02\0\x01\x04\x01\x01\x01\x04\x01\x08\0\x04\x02\x0d\x08\x1e\x06"),
        CALLS(
            "\x10\0\0\x06\0\0\x12\0\0\x28{\"chainId\":1,\"entryPoint\":\"0x\",\"userOp\":{}}\x08"),
        CALLS("\0\x01\0\x01\x03\x01\x02\x01\x01\x01\x03\x01\x02\x01\0\x02\x02\x01\0\0\x1a\x01\x01"
              "\x01"),
        CALLS("\x0f\0\x03\0\x41" GENERATOR "\0\x18\0\xff\xff\x19\0\x20\x07\0\0"),
        /* A key of the token's, object 3; and what a logout or the end of all sessions leaves. */
        CALLS("\x10\0\0\0\0\x03\x12\0\0\x20" DIGEST "\x06"),
        CALLS("\x10\0\0\0\0\x03\x03\0\x12\0\0\x20" DIGEST "\x06"),
        CALLS("\x10\0\0\0\0\x03\x1b\0\0\0\x01\x12\0\0\x20" DIGEST "\x06"),
    };
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        s->use("calls", seeds[i], s->context);
    }
}

#define STEP_UP_POINT                                                                              \
    "0x046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4"  \
    "a7c0f9e162bce33576b315ececbb6406837bf51f5"

/* A rule, and an operation of the SDK's. */
static void sow_step_ups(const sower *s) {
    static const char *const rules[] = {
        "\"above\":\"100000000000000000\"",
        "\"unless\":{\"name\":\"small\",\"policies\":[{\"type\":\"call\",\"policyVersion\":"
        "\"0.0.4\",\"permissions\":[{\"target\":\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\","
        "\"valueLimit\":\"10\"}]}]}"};
    cJSON *file = vectors_load("session/ecdsa.json");
    const cJSON *first = cJSON_GetArrayItem(vectors_get(file, "operations"), 0);
    char *op = cJSON_PrintUnformatted(vectors_get(first, "userOp"));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        vk_buf input = {0};
        vk_buf_put_text(&input, "{\"device\":{\"name\":\"k\",\"rpId\":\"r\",\"credentialId\":"
                                "\"0x01\",\"publicKey\":\"" STEP_UP_POINT "\"},");
        vk_buf_put_text(&input, rules[i]);
        vk_buf_put_text(&input, "}");
        vk_buf_put_byte(&input, 0);
        vk_buf_put_text(&input, op);
        sow(s, "step_up", &input);
        vk_buf_clear(&input);
    }
    free(op);
    cJSON_Delete(file);
}

void seeds_each(seed_fn use, void *context) {
    static const char *const kinds[] = {
        "account_address", "enable",      "enable_v2",          "execute_calldata",
        "factory_data",    "manage",      "message_signature",  "multichain",
        "nonce_key",       "permission",  "policy_data",        "serialized_account",
        "thirdweb",        "userop_hash", "webauthn_signature", "validators",
    };
    static const char *const texts[] = {"0x00ff", "AP8=", "AP8",
                                        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
                                        "18446744073709551616"};
    sower s = {use, context};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        sow_kind(&s, kinds[i]);
    }
    for (int i = 0; i < 5; i++) {
        sow_text(&s, "text", i, texts[i]);
    }
    for (char name[] = "webauthn/s01.json"; name[11] <= '8'; name[11]++) {
        sow_browser(&s, name);
    }
    seeds_of_browsers(&(seed_use){use, context});
    seeds_of_services(&(seed_use){use, context});
    sow_answers(&s);
    sow_thirdweb_answers(&s);
    sow_lint(&s);
    sow_all_chain(&s);
    sow_anchors(&s);
    sow_answers_of_nodes(&s);
    sow_rule_numbers(&s);
    sow_passkey_servers(&s);
    sow_calls(&s);
    sow_other_grants(&s);
    sow_receipts(&s);
    sow_smart_accounts(&s);
    sow_thirdweb_grants(&s);
    sow_step_ups(&s);
    sow_session(&s, "session/ecdsa.json");
    sow_session(&s, "session/passkey.json");
    seeds_of_authenticators(use, context);
}
