/*
 * Approvals and serialized accounts through the batch protocol, beyond the vectors: what is refused
 * and where, what is left out, and the other direction of every serialized account.
 */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Asking ---- */

/* The answer to in, which is consumed. */
static cJSON *ask_as(const char *kind, bool sdk, cJSON *in) {
    char *text = vk_json_print(in);
    cJSON *answer = batch_ask(kind, text, sdk);
    vk_text_free(text);
    cJSON_Delete(in);
    return answer;
}

static cJSON *ask(const char *kind, cJSON *in) {
    return ask_as(kind, false, in);
}

static cJSON *good(const char *kind, cJSON *in) {
    cJSON *answer = ask(kind, in);
    cJSON *out = cJSON_DetachItemFromObject(answer, "out");
    if (out == NULL) {
        char *text = cJSON_PrintUnformatted(answer);
        ck_abort_msg("%s", text);
    }
    cJSON_Delete(answer);
    return out;
}

static void refused(const char *kind, cJSON *in, const char *code, const char *path) {
    cJSON *answer = ask(kind, in);
    const cJSON *error = vectors_get(answer, "error");
    ck_assert_msg(strcmp(vectors_text(error, "code"), code) == 0, "%s: %s",
                  vectors_text(error, "code"), vectors_text(error, "message"));
    ck_assert_str_eq(vectors_text(error, "path"), path);
    cJSON_Delete(answer);
}

static cJSON *file;

static void load(const char *name) {
    file = vectors_load(name);
}

static void unload(void) {
    cJSON_Delete(file);
}

/* A copy of the "in" of the case with this id. */
static cJSON *in_of(const char *id) {
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (strcmp(vectors_text(one, "id"), id) == 0) {
            return cJSON_Duplicate(vectors_get(one, "in"), true);
        }
    }
    ck_abort_msg("no case %s", id);
}

static cJSON *member(cJSON *object, const char *name) {
    cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_ptr_nonnull(found);
    return found;
}

/* Replaces or adds. */
static void set(cJSON *object, const char *name, const char *text) {
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddStringToObject(object, name, text);
}

static void drop(cJSON *object, const char *name) {
    ck_assert(cJSON_HasObjectItem(object, name));
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
}

static bool has(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
}

/* ---- Kind enable ---- */

static const char ecdsa_case[] = "a-enable-0.3.0-ecdsa-ecdsa-1";
static const char passkey_case[] = "a-enable-0.3.0-passkey-webauthn-0.0.4-2";
static const char other_key[] =
    "0x1b8937b3ba73a8a9d0da16047a7628662bc0efa84a3196d703f49616dc15c870";

static void setup_enable(void) {
    load("enable.json");
}

/* Without keys the digests are answered, so that they can be signed elsewhere. */
START_TEST(test_digest_first) {
    cJSON *in = in_of(passkey_case);
    drop(in, "ownerAssertion");
    drop(in, "sessionAssertion");
    cJSON *out = good("enable", in);
    ck_assert(has(vectors_get(out, "enable"), "digest") && has(out, "userOpHash"));
    ck_assert(!has(out, "enableSignature") && !has(out, "stubSignature"));
    ck_assert(!has(out, "userOpSignature") && !has(out, "signature"));
    cJSON_Delete(out);
}
END_TEST

/* What a passkey answered is verified; the SDK takes it as it is. */
START_TEST(test_wrong_assertions) {
    static const char *const assertions[] = {"ownerAssertion", "sessionAssertion"};
    for (int i = 0; i < 2; i++) {
        cJSON *in = in_of(passkey_case);
        const cJSON *other = member(member(in, assertions[1 - i]), "signatureDer");
        set(member(in, assertions[i]), "signatureDer", other->valuestring);
        cJSON *answer = ask_as("enable", true, cJSON_Duplicate(in, true));
        ck_assert(has(vectors_get(answer, "out"), "signature"));
        cJSON_Delete(answer);
        refused("enable", in, "SIGNATURE", i == 0 ? "in" : "in.sessionAssertion");
    }
}
END_TEST

/* The approval that a first request made is taken by the second, which has no owner's key. */
START_TEST(test_given_approval) {
    cJSON *first = good("enable", in_of(ecdsa_case));
    cJSON *in = in_of(ecdsa_case);
    set(in, "enableSignature", vectors_text(first, "enableSignature"));
    cJSON *again = good("enable", in);
    ck_assert_str_eq(vectors_text(first, "signature"), vectors_text(again, "signature"));
    in = in_of(ecdsa_case);
    set(in, "enableSignature", vectors_text(first, "enableSignature"));
    set(in, "ownerPrivateKey", other_key);
    refused("enable", in, "SIGNATURE", "in.enableSignature");
    in = in_of(ecdsa_case);
    set(in, "enableSignature", vectors_text(first, "enableSignature"));
    set(in, "accountCurrentNonce", "2");
    refused("enable", in, "SIGNATURE", "in.enableSignature");
    cJSON_Delete(first);
    cJSON_Delete(again);
}
END_TEST

START_TEST(test_enable_refusals) {
    cJSON *in = in_of(passkey_case);
    set(in, "accountCurrentNonce", "7");
    refused("enable", in, "MISMATCH", "in.ownerAssertion.challenge");
    in = in_of(ecdsa_case);
    set(member(in, "userOp"), "sender", "0x0000000000000000000000000000000000000001");
    refused("enable", in, "MISMATCH", "in.userOp.sender");
    in = in_of(ecdsa_case);
    set(member(in, "userOp"), "nonce", "1");
    refused("enable", in, "MISMATCH", "in.userOp.nonce");
    in = in_of(ecdsa_case);
    cJSON_AddTrueToObject(in, "installed"); /* with a nonce of enable mode */
    refused("enable", in, "MISMATCH", "in.userOp.nonce");
    in = in_of(ecdsa_case);
    set(in, "kernelVersion", "0.2.4");
    refused("enable", in, "UNSUPPORTED", "in.kernelVersion");
    in = in_of(ecdsa_case);
    set(in, "accountCurrentNonce", "4294967296");
    refused("enable", in, "RANGE", "in.accountCurrentNonce");
    in = in_of(ecdsa_case);
    set(in, "replayable", "yes");
    refused("enable", in, "FORMAT", "in.replayable");
}
END_TEST

/* Another assertion of the right challenge, by another key. */
START_TEST(test_wrong_passkey) {
    cJSON *in = in_of(passkey_case);
    cJSON *passkey = cJSON_Duplicate(member(member(in, "signer"), "passkey"), true);
    cJSON_ReplaceItemInObject(in, "ownerPasskey", passkey);
    refused("enable", in, "SIGNATURE", "in");
}
END_TEST

/* The hook is in what is approved and in the signature; that of the action never. */
START_TEST(test_hooks) {
    static const char hook[] = "0xb230f0a1c7c95fa11001647383c8c7a8f316b900";
    cJSON *in = in_of("c-enable-0.3.2-ecdsa-ecdsa-43");
    cJSON *plain = good("enable", cJSON_Duplicate(in, true));
    cJSON *with_action_hook = cJSON_Duplicate(in, true);
    set(member(with_action_hook, "action"), "hook", hook);
    cJSON *same = good("enable", with_action_hook);
    ck_assert_str_eq(vectors_text(plain, "signature"), vectors_text(same, "signature"));
    cJSON *object = cJSON_AddObjectToObject(in, "hook");
    set(object, "address", hook);
    set(object, "data", "0x0102");
    cJSON *out = good("enable", in);
    const cJSON *message = vectors_get(vectors_get(out, "enable"), "message");
    ck_assert_str_eq(vectors_text(message, "hook"), hook);
    ck_assert_str_eq(vectors_text(message, "hookData"), "0x0102");
    ck_assert_int_eq(strncmp(vectors_text(out, "signature"), hook, strlen(hook)), 0);
    cJSON_Delete(plain);
    cJSON_Delete(same);
    cJSON_Delete(out);
}
END_TEST

/* ---- Kind manage ---- */

static void setup_manage(void) {
    load("manage.json");
}

START_TEST(test_invalidate_rule) {
    cJSON *in = in_of("a-manage-0.3.1-ecdsa-1"); /* sets 4 */
    cJSON_AddNumberToObject(in, "accountCurrentNonce", 1);
    cJSON_AddNumberToObject(in, "validNonceFrom", 1);
    cJSON *late = cJSON_Duplicate(in, true);
    cJSON_Delete(good("manage", in));
    cJSON_ReplaceItemInObject(late, "validNonceFrom", cJSON_CreateNumber(4));
    refused("manage", late, "RANGE", "in.nonceToSet");
}
END_TEST

/* What an account with the case's two policies would answer, and one with three. */
static void add_config(cJSON *in, int policies) {
    char text[2 + 64 * 9] = "0x";
    static const char head[] = "0000000000000000000000000000000000000000000000000000000000000020"
                               "0000000000000000000000000000000000000000000000000000000000000000"
                               "0000000000000000000000006a6f069e2a08c2468e7724ab3250cdbfba14d4ff"
                               "0000000000000000000000000000000000000000000000000000000000000060";
    strcat(text, head);
    snprintf(text + strlen(text), 65, "%064x", policies);
    for (int i = 0; i < policies; i++) {
        strcat(text, "000067b436cad8a6d025df6c82c5bb43fbf11fc5b9b700000000000000000000");
    }
    set(in, "permissionConfigAnswer", text);
}

START_TEST(test_answers) {
    cJSON *in = in_of("a-manage-0.3.1-ecdsa-1");
    add_config(in, 2);
    set(in, "isInitializedAnswer",
        "0x0000000000000000000000000000000000000000000000000000000000000001");
    cJSON *out = good("manage", in);
    const cJSON *config = vectors_get(out, "permissionConfig");
    ck_assert(cJSON_IsTrue(vectors_get(config, "installed")));
    ck_assert_int_eq(cJSON_GetArraySize(vectors_get(config, "policies")), 2);
    ck_assert(cJSON_IsTrue(vectors_get(out, "isInitialized")));
    cJSON_Delete(out);
    in = in_of("a-manage-0.3.1-ecdsa-1");
    add_config(in, 3);
    refused("manage", in, "MISMATCH", "in.permissionConfigAnswer");
    in = in_of("a-manage-0.3.1-ecdsa-1");
    set(in, "permissionConfigAnswer", "0x");
    refused("manage", in, "FORMAT", "in.permissionConfigAnswer");
    in = in_of("a-manage-0.3.1-ecdsa-1");
    set(in, "isModuleInstalledAnswer", "0x01");
    refused("manage", in, "FORMAT", "in.isModuleInstalledAnswer");
}
END_TEST

/* ---- Kind serialized_account ---- */

static void setup_serialized(void) {
    load("serialized_account.json");
}

/* A request for the parts of text, with the signer and the chain of the case. */
static cJSON *reading_of(const cJSON *in, const char *text, const char *chain_id) {
    cJSON *out = cJSON_CreateObject();
    set(out, "serializedAccount", text);
    set(out, "chainId", chain_id);
    cJSON_AddItemToObject(out, "signer", cJSON_Duplicate(vectors_get(in, "signer"), true));
    return out;
}

static void check_reading(const cJSON *in, const cJSON *text, const char *chain_id,
                          const char *permission_id) {
    cJSON *out = good("serialized_account",
                      reading_of(in, vectors_text(text, "serializedAccount"), chain_id));
    ck_assert_str_eq(vectors_text(out, "permissionId"), permission_id);
    ck_assert_str_eq(vectors_text(out, "account"), vectors_text(in, "account"));
    ck_assert_str_eq(vectors_text(out, "index"), vectors_text(in, "index"));
    ck_assert_str_eq(vectors_text(out, "kernelVersion"), vectors_text(in, "kernelVersion"));
    ck_assert_int_eq(cJSON_GetArraySize(vectors_get(out, "policies")),
                     cJSON_GetArraySize(vectors_get(in, "policies")));
    cJSON_Delete(out);
}

/* Every text of the vectors is read back, its id recomputed and its approval verified. */
START_TEST(test_read_back) {
    const cJSON *one, *chain;
    int count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        const char *id = vectors_text(out, "permissionId");
        if (has(in, "chainId")) {
            check_reading(in, out, vectors_text(in, "chainId"), id);
            count++;
            continue;
        }
        cJSON_ArrayForEach(chain, vectors_get(out, "chains")) {
            check_reading(in, chain, vectors_text(chain, "chainId"), id);
            count++;
        }
    }
    ck_assert_int_eq(count, 15 + 24);
}
END_TEST

static const char key_case[] = "a-serialized-0.3.3-ecdsa-ecdsa-4"; /* includePrivateKey */

/* The text of a case, as answered. vk_text_free it. */
static char *text_of(cJSON *in) {
    cJSON *out = good("serialized_account", in);
    vk_buf copy = {0};
    vk_buf_put_text(&copy, vectors_text(out, "serializedAccount"));
    cJSON_Delete(out);
    return vk_buf_take_text(&copy);
}

/* Without "signer" the key in the text is the session key; it comes out only when asked for. */
START_TEST(test_private_key) {
    cJSON *in = in_of(key_case);
    char *text = text_of(cJSON_Duplicate(in, true));
    cJSON *asked = reading_of(in, text, vectors_text(in, "chainId"));
    drop(asked, "signer");
    cJSON *again = cJSON_Duplicate(asked, true);
    cJSON *out = good("serialized_account", asked);
    ck_assert(!has(out, "privateKey"));
    cJSON_Delete(out);
    cJSON_AddTrueToObject(again, "includePrivateKey");
    out = good("serialized_account", again);
    ck_assert_str_eq(vectors_text(out, "privateKey"),
                     vectors_text(vectors_get(in, "signer"), "sessionPrivateKey"));
    cJSON_Delete(out);
    asked = reading_of(in, text, vectors_text(in, "chainId"));
    cJSON_AddTrueToObject(asked, "includePrivateKey");
    set(member(asked, "signer"), "sessionPrivateKey", other_key);
    drop(member(asked, "signer"), "sessionAddress");
    refused("serialized_account", asked, "MISMATCH", "in.serializedAccount");
    vk_text_free(text);
    drop(in, "includePrivateKey");
    text = text_of(cJSON_Duplicate(in, true));
    asked = reading_of(in, text, vectors_text(in, "chainId"));
    drop(asked, "signer");
    refused("serialized_account", asked, "FORMAT", "in.signer");
    vk_text_free(text);
    cJSON_Delete(in);
}
END_TEST

START_TEST(test_reading_refusals) {
    cJSON *in = in_of(key_case);
    char *text = text_of(cJSON_Duplicate(in, true));
    const char *chain_id = vectors_text(in, "chainId");
    cJSON *asked = reading_of(in, text, chain_id);
    cJSON *signer = cJSON_CreateObject();
    set(signer, "type", "ecdsa");
    set(signer, "sessionPrivateKey", other_key);
    cJSON_ReplaceItemInObject(asked, "signer", signer);
    refused("serialized_account", asked, "MISMATCH",
            "in.serializedAccount.permissionParams.permissionId");
    asked = reading_of(in, text, chain_id);
    set(asked, "flag", "0x0001");
    refused("serialized_account", asked, "MISMATCH",
            "in.serializedAccount.permissionParams.permissionId");
    asked = reading_of(in, text, "4242");
    refused("serialized_account", asked, "SIGNATURE", "in.serializedAccount.enableSignature");
    asked = reading_of(in, text, chain_id);
    set(asked, "ownerPrivateKey", other_key);
    refused("serialized_account", asked, "MISMATCH", "in");
    asked = reading_of(in, text, chain_id);
    set(asked, "kernelVersion", "0.3.1");
    refused("serialized_account", asked, "MISMATCH", "in.serializedAccount.kernelVersion");
    asked = reading_of(in, "AAAA", chain_id);
    refused("serialized_account", asked, "FORMAT", "in.serializedAccount");
    vk_text_free(text);
    cJSON_Delete(in);
}
END_TEST

START_TEST(test_pre_installed) {
    cJSON *in = in_of(key_case);
    drop(in, "includePrivateKey");
    drop(in, "account"); /* then the one that the factory data deploy */
    cJSON_AddTrueToObject(in, "isPreInstalled");
    cJSON *out = good("serialized_account", in);
    const cJSON *back = vectors_get(out, "readBack");
    cJSON *json = cJSON_Parse(vectors_text(out, "json"));
    ck_assert(cJSON_IsTrue(vectors_get(json, "isPreInstalled")));
    ck_assert(!has(json, "enableSignature") && !has(back, "enableSignature"));
    vk_u256 key = vectors_u256(back, "nonceKey");
    ck_assert_uint_eq(key.be[8], VK_NONCE_DEFAULT);
    ck_assert_uint_eq(key.be[9], VK_NONCE_PERMISSION);
    cJSON *same = in_of(key_case), *again = cJSON_CreateObject();
    set(again, "serializedAccount", vectors_text(out, "serializedAccount"));
    cJSON_AddItemToObject(again, "signer", cJSON_DetachItemFromObject(same, "signer"));
    cJSON *read = good("serialized_account", again);
    ck_assert_str_eq(vectors_text(read, "account"), vectors_text(read, "counterfactualAddress"));
    cJSON_Delete(read);
    cJSON_Delete(same);
    cJSON_Delete(json);
    cJSON_Delete(out);
}
END_TEST

/* Under EIP-7702 the account is the owner's EOA, without factory data. */
START_TEST(test_eip7702) {
    cJSON *in = in_of(key_case);
    cJSON *auth = cJSON_AddObjectToObject(in, "eip7702Auth");
    set(auth, "address", "0xd6cedde84be40893d153be9d467cd6ad37875b28");
    cJSON_AddNumberToObject(auth, "chainId", 100);
    cJSON *wrong = cJSON_Duplicate(in, true);
    refused("serialized_account", wrong, "MISMATCH", "in.account");
    drop(in, "account");
    cJSON *copy = cJSON_Duplicate(in, true);
    cJSON *out = good("serialized_account", in);
    cJSON *json = cJSON_Parse(vectors_text(out, "json"));
    ck_assert_str_eq(vectors_text(vectors_get(json, "accountParams"), "initCode"), "0x");
    ck_assert(has(json, "eip7702Auth") && !has(vectors_get(out, "readBack"), "index"));
    cJSON *asked =
        reading_of(copy, vectors_text(out, "serializedAccount"), vectors_text(copy, "chainId"));
    cJSON *unsaid = cJSON_Duplicate(asked, true);
    set(asked, "kernelVersion", "0.3.3");
    cJSON *read = good("serialized_account", asked);
    ck_assert(has(read, "eip7702Auth") && !has(read, "index"));
    refused("serialized_account", unsaid, "FORMAT", "in.kernelVersion");
    cJSON_Delete(read);
    cJSON_Delete(copy);
    cJSON_Delete(json);
    cJSON_Delete(out);
}
END_TEST

START_TEST(test_many_chains_refusals) {
    static const char multi[] = "a-serialized-multi-0.3.2-2-ecdsa-5";
    cJSON *in = in_of(multi);
    cJSON_ReplaceItemInObject(in, "chainIds", cJSON_CreateArray());
    refused("serialized_account", in, "SIZE", "in.chainIds");
    in = in_of(multi);
    cJSON_ReplaceItemInArray(member(in, "chainIds"), 1, cJSON_CreateString("0x1"));
    refused("serialized_account", in, "FORMAT", "in.chainIds[1]");
    in = in_of(multi);
    cJSON_ReplaceItemInArray(member(in, "chainIds"), 0, cJSON_CreateString("18446744073709551616"));
    refused("serialized_account", in, "RANGE", "in.chainIds[0]");
    in = in_of(multi);
    cJSON_AddTrueToObject(in, "isPreInstalled");
    refused("serialized_account", in, "UNSUPPORTED", "in.isPreInstalled");
    in = in_of(multi);
    set(in, "sudoValidator", "0x845adb2c711129d4f3966735ed98a9f09fc4ce57");
    refused("serialized_account", in, "UNSUPPORTED", "in.sudoValidator");
}
END_TEST

/* The text holds the hook that is approved: on 0.3.0 the OnlyEntryPoint hook, else none. */
START_TEST(test_action_hook) {
    static const char *const cases[] = {"c-serialized-0.3.0-ecdsa-ecdsa-empty-4", key_case};
    for (int i = 0; i < 2; i++) {
        cJSON *in = in_of(cases[i]);
        cJSON *action = cJSON_AddObjectToObject(in, "action");
        set(action, "selector", "0x4fc5344a");
        set(action, "hook", "0x77d0c26b6eacc61647a47388c227c3c746cb121c");
        cJSON *out = good("serialized_account", in);
        cJSON *json = cJSON_Parse(vectors_text(out, "json"));
        const cJSON *stored = vectors_get(json, "action");
        ck_assert_int_eq(has(stored, "hook"), i == 0);
        if (i == 0) {
            const char *hook = vectors_text(vectors_get(stored, "hook"), "address");
            ck_assert_int_eq(strcasecmp(hook, "0xb230f0a1c7c95fa11001647383c8c7a8f316b900"), 0);
        }
        cJSON_Delete(json);
        cJSON_Delete(out);
    }
}
END_TEST

static void add_callers(cJSON *in, int count) {
    cJSON *policy = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(in, "policies");
    cJSON_AddItemToArray(list, policy);
    set(policy, "type", "signature-caller");
    set(policy, "policyFlag", "0x0000");
    cJSON *callers = cJSON_AddArrayToObject(policy, "allowedCallers");
    for (int i = 0; i < count; i++) {
        char text[43];
        snprintf(text, sizeof text, "0x%040x", i);
        cJSON_AddItemToArray(callers, cJSON_CreateString(text));
    }
}

/* An answer over the limit is refused without being made to its end: that would take minutes. */
START_TEST(test_answer_too_long) {
    cJSON *in = in_of("a-serialized-multi-0.3.2-2-ecdsa-5");
    cJSON *ids = member(in, "chainIds");
    for (int i = cJSON_GetArraySize(ids); i < 4096; i++) {
        cJSON_AddItemToArray(ids, cJSON_CreateString("100"));
    }
    drop(in, "policies");
    add_callers(in, 5000);
    cJSON *answer = ask("serialized_account", in);
    const cJSON *error = vectors_get(answer, "error");
    ck_assert_str_eq(vectors_text(error, "code"), "SIZE");
    ck_assert_str_eq(vectors_text(error, "message"), "the answer is too long");
    cJSON_Delete(answer);
}
END_TEST

static void add_case(Suite *suite, const char *name, void (*setup)(void),
                     const TTest *const *tests) {
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, unload);
    for (; *tests != NULL; tests++) {
        tcase_add_test(tcase, *tests);
    }
    suite_add_tcase(suite, tcase);
}

int main(void) {
    const TTest *const enable[] = {test_digest_first,
                                   test_wrong_assertions,
                                   test_given_approval,
                                   test_enable_refusals,
                                   test_wrong_passkey,
                                   test_hooks,
                                   NULL};
    const TTest *const manage[] = {test_invalidate_rule, test_answers, NULL};
    const TTest *const serialized[] = {
        test_read_back,     test_private_key,     test_reading_refusals,
        test_pre_installed, test_eip7702,         test_many_chains_refusals,
        test_action_hook,   test_answer_too_long, NULL};
    Suite *suite = suite_create("batch approvals");
    add_case(suite, "enable", setup_enable, enable);
    add_case(suite, "manage", setup_manage, manage);
    add_case(suite, "serialized", setup_serialized, serialized);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
