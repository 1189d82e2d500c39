/*
 * Plays tests/vectors/verdicts through C_Sign: every case becomes a key on one token, every step an
 * operation, under the case's clock. Prints a line of counts a file; any difference fails.
 */
#include "play_message.h"
#include "support/clock.h"
#include "support/so.h"

#include <valetkey/grant.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct counts {
    int cases, steps, signed_same, denied, stricter, other_signer;
    message_counts messages; /* as the token is made */
    message_counts relaxed;  /* the same with no hardening rule that the SO can turn off */
    int not_created;         /* cases whose policy valetkey refuses to give to a key */
    int wrong;
} counts;

/* ---- Key and grant of a case ---- */

static char *serialized_account(const cJSON *one, const char *policies) {
    vk_serialized_account account = {.policies = (char *)(uintptr_t)policies,
                                     .account = vectors_address(one, "account")};
    vectors_fixed(one, "permissionId", account.permission_id, 4);
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    const cJSON *enable = cJSON_GetObjectItemCaseSensitive(one, "enable");
    account.pre_installed = enable == NULL;
    if (enable != NULL) {
        account.enable_signature = vectors_bytes(enable, "signature");
    }
    vk_buf text = {0};
    if (vk_serialized_write(&account, &text) != VK_OK) {
        fprintf(stderr, "%s: cannot serialize the account\n", vectors_text(one, "id"));
        exit(2);
    }
    vk_buf_clear(&account.enable_signature);
    return vk_buf_take_text(&text);
}

static char *grant_json(const cJSON *one, const char *policies) {
    const cJSON *enable = cJSON_GetObjectItemCaseSensitive(one, "enable");
    char *serialized = serialized_account(one, policies);
    vk_buf out = {0};
    vk_buf_printf(&out,
                  "{\"chainId\":%llu,\"kernelVersion\":\"%s\",\"entryPoint\":\"%s\","
                  "\"serializedAccount\":\"%s\"",
                  (unsigned long long)vectors_u64(one, "chainId"),
                  vectors_text(one, "kernelVersion"), vectors_text(one, "entryPoint"), serialized);
    if (enable != NULL) {
        vk_buf_printf(&out, ",\"owner\":\"%s\",\"hook\":\"%s\"",
                      vectors_text(vectors_get(enable, "owner"), "address"),
                      vectors_text(enable, "hook"));
    } else if (cJSON_GetObjectItemCaseSensitive(one, "installTimestamp") != NULL) {
        vk_buf_printf(&out, ",\"installedAt\":%llu",
                      (unsigned long long)vectors_u64(one, "installTimestamp"));
    }
    vk_buf_put_byte(&out, '}');
    vk_text_free(serialized);
    return vk_buf_take_text(&out);
}

static char *policy_text(const cJSON *one, const char *policies) {
    vk_buf out = {0};
    vk_buf_printf(&out, "{\"policies\":%s,\"permissionFlag\":\"%s\"}", policies,
                  vectors_text(one, "flag"));
    return vk_buf_take_text(&out);
}

/* ---- Steps ---- */

static vk_buf operation(const cJSON *one, const cJSON *step) {
    vk_address account = vectors_address(one, "account");
    vk_address entry_point = vectors_address(one, "entryPoint");
    vk_userop op = policy_step_op(step, &account);
    op.entry_point = vk_entry_point_of_address(&entry_point); /* of the same form */
    vk_buf abi = {0};
    if (vk_userop_write_abi(&op, vectors_u64(one, "chainId"), &entry_point, &abi) != VK_OK) {
        exit(2);
    }
    vk_userop_clear(&op);
    return abi;
}

static void report(const cJSON *one, int step, const char *what, CK_RV rv) {
    printf("  %s step %d: %s (0x%lx)\n", vectors_text(one, "id"), step, what, rv);
}

static void judge_signed(const cJSON *one, const cJSON *step, int index, vk_bytes signature,
                         counts *n) {
    const cJSON *verdict = vectors_get(step, "verdict");
    vk_buf expected = vectors_bytes(vectors_get(step, "userOp"), "signature");
    if (!cJSON_IsTrue(vectors_get(verdict, "accept"))) {
        report(one, index, "signed what the chain rejects", 0);
        n->wrong++;
    } else if (!vk_bytes_equal(vk_buf_view(&expected), signature)) {
        report(one, index, "signed other bytes", 0);
        n->wrong++;
    } else {
        n->signed_same++;
    }
    vk_buf_clear(&expected);
}

/* Does the policy demand a paymaster that is the zero address? No operation is then signed. */
static bool demands_nobody(const cJSON *one) {
    const cJSON *policy;
    cJSON_ArrayForEach(policy, vectors_get(one, "policies")) {
        const cJSON *enforce = cJSON_GetObjectItemCaseSensitive(policy, "enforcePaymaster");
        if (cJSON_IsTrue(enforce)) {
            vk_address allowed = vectors_address(policy, "allowedPaymaster");
            return vk_address_is_zero(&allowed);
        }
    }
    return false;
}

/* Is the window one of block numbers, which a token does not know? */
static bool counts_blocks(const cJSON *one) {
    const cJSON *policy;
    cJSON_ArrayForEach(policy, vectors_get(one, "policies")) {
        const cJSON *after = cJSON_GetObjectItemCaseSensitive(policy, "validAfter");
        if (cJSON_IsNumber(after) && after->valuedouble > 140737488355328.0) {
            return strcmp(vectors_text(one, "entryPointVersion"), "0.9") == 0;
        }
    }
    return false;
}

/* What the chain accepts and hardening refuses is counted in all: tests/batch/test_verdicts says by
 * which rule. */
static void judge_refused(const cJSON *one, const cJSON *step, int index, CK_RV rv, counts *n) {
    const cJSON *canonical = cJSON_GetObjectItemCaseSensitive(step, "canonical");
    bool accepted = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
    if (!accepted) {
        n->denied++;
    } else if (cJSON_IsFalse(canonical) || demands_nobody(one) || counts_blocks(one)) {
        n->stricter++;
    } else {
        report(one, index, "refused what the chain accepts", rv);
        n->wrong++;
    }
}

static void play_step(client *c, CK_OBJECT_HANDLE key, const cJSON *one, const cJSON *step,
                      int index, counts *n) {
    n->steps++;
    clock_set(vectors_u64(step, "timestamp"));
    vk_buf payload = operation(one, step);
    static CK_BYTE signature[1 << 16];
    CK_ULONG len = sizeof signature;
    CK_RV rv = CKR_DATA_INVALID;
    if (key != CK_INVALID_HANDLE) {
        rv = client_sign(c, key, CKM_VALETKEY_USEROP, vk_buf_view(&payload), signature, &len);
    }
    if (rv == CKR_OK) {
        judge_signed(one, step, index, (vk_bytes){signature, len}, n);
    } else if (rv == CKR_FUNCTION_REJECTED || key == CK_INVALID_HANDLE) {
        judge_refused(one, step, index, rv, n);
    } else {
        report(one, index, "failed", rv);
        n->wrong++;
    }
    vk_buf_clear(&payload);
}

static bool is_played(const cJSON *one) {
    return strcmp(vectors_text(vectors_get(one, "signer"), "type"), "ecdsa") == 0;
}

static void play_case(client *c, const cJSON *one, counts *n) {
    if (!is_played(one)) {
        n->other_signer += cJSON_GetArraySize(vectors_get(one, "steps"));
        return;
    }
    n->cases++;
    char *policies = policy_params_text(one);
    char *policy = policy_text(one, policies);
    char *grant = grant_json(one, policies);
    uint8_t secret[32];
    vectors_fixed(vectors_get(one, "signer"), "privateKey", secret, sizeof secret);
    const char *label = vectors_text(one, "id");
    CK_OBJECT_HANDLE key = client_import(c, label, secret, policy);
    if (key == CK_INVALID_HANDLE) {
        n->not_created++;
    } else {
        /* An approval that the owner did not give is refused here; the key then signs nothing. */
        (void)client_grant(c, label, grant);
    }
    const cJSON *step;
    int index = 0;
    cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
        if (cJSON_HasObjectItem(step, "kind")) {
            play_message(c, key, one, step, &n->messages);
        } else {
            play_step(c, key, one, step, index, n);
        }
        index++;
    }
    vk_text_free(policies);
    vk_text_free(policy);
    vk_text_free(grant);
}

/* The messages once more, with a key that is on the token by now. */
static void play_messages_again(client *c, const cJSON *one, message_counts *n) {
    const cJSON *step;
    CK_OBJECT_HANDLE key = client_private_key(c, vectors_text(one, "id"));
    cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
        if (cJSON_HasObjectItem(step, "kind")) {
            play_message(c, key, one, step, n);
        }
    }
}

/* What is played of each file: a step that is skipped by mistake fails the test. */
typedef struct expectation {
    const char *name;
    int cases, steps;
    /* ERC-1271 steps; those denied by a hardening rule; by one that nobody can turn off. */
    int messages, messages_hardened, messages_never;
} expectation;

static const expectation expected[] = {
    {"call", 230, 341, 0, 0, 0},
    {"gas", 205, 416, 0, 0, 0},
    {"timestamp", 205, 555, 0, 0, 0},
    {"ratelimit", 205, 485, 0, 0, 0},
    {"combo", 205, 432, 81, 54, 0},
    {"sudo", 205, 336, 80, 73, 0},
    {"enable", 17, 53, 0, 0, 0},
    {"signature", 205, 121, 447, 132, 21}, /* 21: the account itself asks */
};

static bool messages_complete(const counts *n, const expectation *wanted) {
    const message_counts *a = &n->messages, *b = &n->relaxed;
    printf("%-10s %3d messages: %d signed as the chain accepts them, %d denied, %d denied by a "
           "hardening rule; relaxed: %d signed, %d denied; %d wrong; not played: %d with the "
           "signature of another\n",
           wanted->name, wanted->messages, a->signed_good, a->denied, a->hardened, b->signed_good,
           b->denied, a->wrong + b->wrong, a->other_signatures);
    return a->wrong == 0 && b->wrong == 0 && b->hardened == wanted->messages_never &&
           a->denied == b->denied && a->hardened == wanted->messages_hardened &&
           a->signed_good + a->denied + a->hardened == wanted->messages &&
           b->signed_good + b->denied + b->hardened == wanted->messages;
}

static bool play_file(client *c, const expectation *file_expected) {
    char path[64];
    const char *name = file_expected->name;
    snprintf(path, sizeof path, "verdicts/%s.json", name);
    cJSON *file = vectors_load(path);
    counts n = {0};
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        play_case(c, one, &n);
    }
    so_relax(name, CLIENT_SO_PIN, vk_hardening_switchable());
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        if (is_played(one)) {
            play_messages_again(c, one, &n.relaxed);
        }
    }
    cJSON_Delete(file);
    printf("%-10s %3d cases %3d steps: %3d signed as the chain accepted them, %3d denied, "
           "%d accepted ones denied by hardening, %d wrong; %d cases without a key; not played: "
           "%d steps of other signers\n",
           name, n.cases, n.steps, n.signed_same, n.denied, n.stricter, n.wrong, n.not_created,
           n.other_signer);
    bool complete = n.cases == file_expected->cases && n.steps == file_expected->steps &&
                    n.steps == n.signed_same + n.denied + n.stricter &&
                    messages_complete(&n, file_expected);
    fflush(stdout);
    return n.wrong == 0 && complete;
}

START_TEST(test_file) {
    client c;
    client_start(&c, expected[_i].name);
    ck_assert(play_file(&c, &expected[_i]));
    client_stop(&c);
}
END_TEST

int main(void) {
    char home[] = "/tmp/vk-play-XXXXXX", command[64];
    if (mkdtemp(home) == NULL || setenv("VALETKEY_HOME", home, 1) != 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("verdicts");
    TCase *tests = tcase_create("verdicts");
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, test_file, 0, sizeof expected / sizeof expected[0]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return failed == 0 && system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
