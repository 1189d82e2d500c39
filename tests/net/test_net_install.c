/* Whether a nonce that was not used can be used at all, by what the account has of the permission.
 */
#include "question.h"

#include <valetkey/manage.h>

typedef struct install {
    uint32_t nonce, valid_from;
    bool has_hook, other_signer, other_policy;
} install;

static void put_permission(const install *with, vk_buf *out) {
    put_word(out, 32);
    put_word(out, 0);
    vk_buf_put_zeros(out, 12);
    vk_buf_put(out, signer.contract.b, 19);
    vk_buf_put_byte(out, (uint8_t)(signer.contract.b[19] + with->other_signer));
    put_word(out, 96);
    put_word(out, 1);
    vk_buf_put_zeros(out, 2);
    vk_buf_put(out, policy.rules[0].address.b, 19);
    vk_buf_put_byte(out, (uint8_t)(policy.rules[0].address.b[19] + with->other_policy));
    vk_buf_put_zeros(out, 10);
}

static void install_is(install with) {
    static const uint8_t id21[21] = {2, 0x11, 0x22, 0x33, 0x44};
    vk_buf call = {0}, answer = {0};
    vk_manage_ask_validation_config(id21, &call);
    put_word(&answer, with.nonce);
    put_word(&answer, with.has_hook);
    will_answer(ACCOUNT, &call, &answer);
    vk_manage_ask_valid_nonce_from(&call);
    put_word(&answer, with.valid_from);
    will_answer(ACCOUNT, &call, &answer);
    vk_manage_ask_permission_config(grant.permission_id, &call);
    if (with.has_hook) {
        put_permission(&with, &answer);
    } else {
        put_word(&answer, 32);
        put_word(&answer, 0);
        put_word(&answer, 0);
        put_word(&answer, 96);
        put_word(&answer, 0);
    }
    will_answer(ACCOUNT, &call, &answer);
}

START_TEST(test_not_installed) {
    next_is(5);
    assert_open("no operation with this nonce yet (");
    set_nonce(ENABLE_NONCE);
    next_is(5);
    assert_open("no operation with this nonce yet (");
    install_is((install){0});
    assert_open("no operation with this nonce yet (");
    install_is((install){.valid_from = 9}); /* another approval would do */
    assert_open("no operation with this nonce yet (");
}
END_TEST

START_TEST(test_installed) {
    next_is(5);
    install_is((install){.nonce = 1, .has_hook = true});
    assert_open("no operation with this nonce yet (");
    set_nonce(ENABLE_NONCE);
    next_is(5);
    assert_gone("the permission was installed already at block 1000");
    install_is((install){.nonce = 1, .has_hook = true, .other_signer = true});
    assert_open("the account has another permission of the same id");
    install_is((install){.nonce = 1, .has_hook = true, .other_policy = true});
    assert_open("can be revoked and installed again");
}
END_TEST

START_TEST(test_revoked) {
    static const char *const nonces[] = {DEFAULT_NONCE, ENABLE_NONCE};
    for (size_t i = 0; i < 2; i++) {
        set_nonce(nonces[i]);
        next_is(5);
        install_is((install){.nonce = 1});
        assert_gone("the permission was revoked at block 1000");
        install_is((install){.nonce = 1, .valid_from = 2, .has_hook = true});
        assert_gone("the permission was revoked at block 1000");
    }
    set_nonce(DEFAULT_NONCE);
    install_is((install){.nonce = 2, .valid_from = 2, .has_hook = true});
    assert_open("no operation with this nonce yet (");
}
END_TEST

/* What the policies let be installed again is never sure. */
START_TEST(test_installed_again) {
    static const char *const policies[] = {
        "[{\"type\":\"sudo\"}]",
        "[{\"type\":\"rate-limit\",\"interval\":60,\"count\":1,\"startAt\":0,"
        "\"policyAddress\":\"0x6a06358e6b283921deceabe7e8a3741d506cca9b\"}]"};
    for (size_t i = 0; i < 2; i++) {
        set_policy(policies[i]);
        set_nonce(ENABLE_NONCE);
        next_is(5);
        install_is((install){.nonce = 1, .has_hook = true});
        assert_open("installed already, but can be revoked and installed again");
        install_is((install){.nonce = 1});
        assert_open("revoked, but can be installed again");
    }
}
END_TEST

/* Other accounts, and nonces of other permissions, are judged by the nonce alone. */
START_TEST(test_other_accounts) {
    install_is((install){.nonce = 1});
    next_is(5);
    question.kernel = VK_KERNEL_UNKNOWN;
    assert_open("no operation with this nonce yet (");
    question.kernel = VK_KERNEL_0_3_1;
    set_nonce("0x0002112233450000000000000000000000000000000000000000000000000005");
    next_is(5);
    assert_open("no operation with this nonce yet (");
    set_nonce("0x0001112233440000000000000000000000000000000000000000000000000005");
    next_is(5);
    assert_open("no operation with this nonce yet (");
}
END_TEST

START_TEST(test_no_kernel) {
    static const uint8_t id21[21] = {2, 0x11, 0x22, 0x33, 0x44};
    vk_buf call = {0}, answer = {0};
    next_is(5);
    vk_manage_ask_validation_config(id21, &call);
    put_word(&answer, 1);
    will_answer(ACCOUNT, &call, &answer);
    assert_fails("says what no Kernel says");
}
END_TEST

/* Whether an approval can be used again after its nonce went to another operation. */
START_TEST(test_approval) {
    static const struct {
        const char *nonce;
        install with;
        bool installed;
    } cases[] = {
        {ENABLE_NONCE, {0}, false},
        {ENABLE_NONCE, {.nonce = 1, .has_hook = true}, true},
        {ENABLE_NONCE, {.nonce = 1}, true},
        {DEFAULT_NONCE, {.nonce = 1, .has_hook = true}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_nonce(cases[i].nonce);
        next_is(6);
        cJSON_DeleteItemFromObject(state.state, "logs");
        add_log(OTHER, 700, 5);
        install_is(cases[i].with);
        vk_settle_answer answer = ask();
        ck_assert(!answer.is_open && answer.outcome == VK_OUTCOME_GONE);
        ck_assert_msg(answer.is_installed == cases[i].installed, "%zu", i);
    }
    set_nonce(ENABLE_NONCE);
    next_is(5);
    install_is((install){.nonce = 1, .has_hook = true});
    ck_assert(ask().is_installed);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        test_not_installed,  test_installed, test_revoked,  test_installed_again,
        test_other_accounts, test_no_kernel, test_approval,
    };
    return RUN_TESTS("net_install", tests);
}
