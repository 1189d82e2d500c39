/* Signers, enable data and ids: their shape, what they depend on, and their limits. */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const vk_address alice = {{0x70, 0x99, 0x79, 0x70, 0xc5, 0x18, 0x12, 0xdc, 0x3a, 0x01,
                                  0x0c, 0x7d, 0x01, 0xb5, 0x0e, 0x0d, 0x17, 0xdc, 0x79, 0xc8}};

static vk_signer passkey(void) {
    uint8_t point65[65];
    vk_hash hash;
    point65[0] = 0x04;
    memset(point65 + 1, 0x11, 32);
    memset(point65 + 33, 0x22, 32);
    memset(hash.b, 0x33, sizeof hash.b);
    return vk_signer_webauthn(point65, &hash);
}

/* ---- Signers ---- */

static const struct {
    const char *version, *contract;
} contracts[] = {{"0.0.1", "0x8AA55d4BfAE101609078681A69B5bc3181516612"},
                 {"0.0.2", "0x58625164e306242c7613223bDeb68fbe11300606"},
                 {"0.0.3", "0x615d8641B6Ce9406DE7c3C01f57c552Ab3A96f83"},
                 {"0.0.4", "0x65DEeC8fEe717dc044D0CFD63cCf55F02cCaC2b3"}};

START_TEST(test_webauthn_versions) {
    uint8_t point65[65] = {0x04};
    vk_hash hash = {{7}};
    vk_signer signer, patched = vk_signer_webauthn(point65, &hash);
    char text[43];
    ck_assert_int_eq(vk_signer_webauthn_of(contracts[_i].version, point65, &hash, &signer), VK_OK);
    vk_address_text(&signer.contract, text);
    ck_assert_str_eq(text, contracts[_i].contract);
    ck_assert_int_eq(signer.kind, VK_SIGNER_WEBAUTHN);
    bool is_patched = strcmp(contracts[_i].version, VK_WEBAUTHN_SIGNER_PATCHED) == 0;
    ck_assert(vk_address_equal(&signer.contract, &patched.contract) == is_patched);
}
END_TEST

START_TEST(test_unknown_signers) {
    uint8_t point65[65] = {0x04};
    vk_hash hash = {{0}};
    vk_signer untouched = {.kind = VK_SIGNER_ECDSA}, signer = untouched;
    ck_assert_int_eq(vk_signer_webauthn_of("0.0.5", point65, &hash, &signer), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_signer_webauthn_of("", point65, &hash, &signer), VK_ERR_UNSUPPORTED);
    ck_assert_mem_eq(&signer, &untouched, sizeof signer);

    vk_buf out = {0};
    uint8_t id[4];
    vk_policy_entries none = {0};
    signer = (vk_signer){0};
    ck_assert_int_eq(vk_signer_data(&signer, &out), VK_ERR_ARGUMENT);
    ck_assert_int_eq(vk_permission_signer_id(&signer, &out), VK_ERR_ARGUMENT);
    ck_assert_int_eq(vk_permission_enable_data(&none, &signer, 0, &out), VK_ERR_ARGUMENT);
    ck_assert_int_eq(vk_permission_id(&none, &signer, 0, id), VK_ERR_ARGUMENT);
    ck_assert_int_eq(vk_permission_stub((vk_signer_kind)0, &out), VK_ERR_ARGUMENT);
    vk_buf_clear(&out);
}
END_TEST

START_TEST(test_signer_data) {
    vk_signer ecdsa = vk_signer_ecdsa(&alice), webauthn = passkey();
    vk_buf out = {0};
    ck_assert_int_eq(vk_signer_data(&ecdsa, &out), VK_OK);
    ck_assert_uint_eq(out.len, 20);
    ck_assert_mem_eq(out.data, alice.b, 20);
    vk_buf_clear(&out);
    ck_assert_int_eq(vk_signer_data(&webauthn, &out), VK_OK);
    ck_assert_uint_eq(out.len, 96);
    for (size_t i = 0; i < 96; i++) {
        ck_assert_uint_eq(out.data[i], 0x11 * (i / 32 + 1));
    }
    vk_buf_clear(&out);
}
END_TEST

/* signerId = abi(bytes): the offset, the length, contract || data, zeros. */
START_TEST(test_signer_id) {
    vk_signer signer = vk_signer_ecdsa(&alice);
    vk_buf out = {0};
    ck_assert_int_eq(vk_permission_signer_id(&signer, &out), VK_OK);
    ck_assert_uint_eq(out.len, 4 * 32);
    ck_assert_uint_eq(out.data[31], 32);
    ck_assert_uint_eq(out.data[63], 40);
    ck_assert_mem_eq(out.data + 64, signer.contract.b, 20);
    ck_assert_mem_eq(out.data + 84, alice.b, 20);
    vk_buf_clear(&out);
}
END_TEST

START_TEST(test_stubs) {
    vk_buf ecdsa = {0}, webauthn = {0}, encoded = {0};
    uint8_t signature65[65];
    ck_assert_int_eq(vk_permission_stub(VK_SIGNER_ECDSA, &ecdsa), VK_OK);
    vk_ecdsa_stub(signature65);
    ck_assert_uint_eq(ecdsa.len, 66);
    ck_assert_uint_eq(ecdsa.data[0], 0xff);
    ck_assert_mem_eq(ecdsa.data + 1, signature65, 65);
    ck_assert_int_eq(vk_permission_stub(VK_SIGNER_WEBAUTHN, &webauthn), VK_OK);
    ck_assert_int_eq(vk_webauthn_stub(&encoded), VK_OK);
    ck_assert_uint_eq(webauthn.len, 1 + encoded.len);
    ck_assert_uint_eq(webauthn.data[0], 0xff);
    ck_assert_mem_eq(webauthn.data + 1, encoded.data, encoded.len);
    vk_buf_clear(&ecdsa);
    vk_buf_clear(&webauthn);
    vk_buf_clear(&encoded);
}
END_TEST

/* ---- Ids and enable data ---- */

static void id_of(const vk_bytes *entries, size_t count, const vk_signer *signer, uint16_t flag,
                  uint8_t id4[4]) {
    vk_policy_entries policies = {count, entries};
    ck_assert_int_eq(vk_permission_id(&policies, signer, flag, id4), VK_OK);
}

/* The id is that of its three parts, put together here by hand. */
START_TEST(test_id_by_hand) {
    vk_signer signer = vk_signer_ecdsa(&alice);
    uint8_t entry[22] = {0x00, 0x02, 0xaa}, id[4];
    vk_bytes entries[] = {{entry, sizeof entry}};
    vk_policy_entries policies = {1, entries};
    vk_buf policy_id = {0}, signer_id = {0}, whole = {0};
    ck_assert_int_eq(vk_permission_policy_id(&policies, &policy_id), VK_OK);
    ck_assert_int_eq(vk_permission_signer_id(&signer, &signer_id), VK_OK);
    ck_assert_uint_eq(policy_id.len, 5 * 32);
    ck_assert_uint_eq(signer_id.len, 4 * 32);

    static const uint8_t heads[5] = {0x20, 3, 0x60, 0x20, 0x60};
    uint8_t words[7][32] = {{0}};
    words[0][31] = heads[0];
    words[1][31] = heads[1];
    words[2][31] = heads[2];                  /* policyId behind the three offsets */
    words[3][30] = 0x01, words[3][31] = 0x20; /* the flag behind its length and 5 words */
    words[4][30] = 0x01, words[4][31] = 0x60; /* signerId behind the flag's length and word */
    words[5][31] = 5 * 32;
    vk_buf_put(&whole, words, 6 * 32);
    vk_buf_put(&whole, policy_id.data, policy_id.len);
    memset(words, 0, sizeof words);
    words[0][31] = 2;
    words[1][0] = 0x12, words[1][1] = 0x34;
    words[2][31] = 4 * 32;
    vk_buf_put(&whole, words, 3 * 32);
    vk_buf_put(&whole, signer_id.data, signer_id.len);
    vk_hash hash = vk_keccak256(vk_buf_view(&whole));
    id_of(entries, 1, &signer, 0x1234, id);
    ck_assert_mem_eq(id, hash.b, 4);
    vk_buf_clear(&policy_id);
    vk_buf_clear(&signer_id);
    vk_buf_clear(&whole);
}
END_TEST

/* Policies, their order, the signer and the flag: each is in the id. */
START_TEST(test_id_depends) {
    vk_signer ecdsa = vk_signer_ecdsa(&alice), webauthn = passkey();
    uint8_t a[22] = {1}, b[22] = {2}, ids[6][4];
    vk_bytes ab[] = {{a, 22}, {b, 22}}, ba[] = {{b, 22}, {a, 22}};
    id_of(ab, 2, &ecdsa, 0, ids[0]);
    id_of(ba, 2, &ecdsa, 0, ids[1]);
    id_of(ab, 1, &ecdsa, 0, ids[2]);
    id_of(ab, 2, &ecdsa, 1, ids[3]);
    id_of(ab, 2, &webauthn, 0, ids[4]);
    id_of(NULL, 0, &ecdsa, 0, ids[5]);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert(memcmp(ids[i], ids[j], 4) != 0);
        }
    }
}
END_TEST

START_TEST(test_most_policies) {
    vk_signer signer = vk_signer_ecdsa(&alice);
    static const uint8_t entry[22] = {0};
    vk_bytes entries[VK_POLICIES_MAX + 1];
    for (size_t i = 0; i <= VK_POLICIES_MAX; i++) {
        entries[i] = (vk_bytes){entry, sizeof entry};
    }
    vk_buf out = {0};
    uint8_t id[4];
    vk_policy_entries policies = {VK_POLICIES_MAX, entries};
    ck_assert_int_eq(vk_permission_enable_data(&policies, &signer, 0, &out), VK_OK);
    ck_assert_uint_eq(out.data[63], VK_POLICIES_MAX + 1);
    vk_buf_clear(&out);
    policies.count++;
    ck_assert_int_eq(vk_permission_enable_data(&policies, &signer, 0, &out), VK_ERR_SIZE);
    ck_assert_int_eq(vk_permission_policy_id(&policies, &out), VK_ERR_SIZE);
    ck_assert_int_eq(vk_permission_id(&policies, &signer, 0, id), VK_ERR_SIZE);
    ck_assert_uint_eq(out.len, 0);
    vk_buf_clear(&out);
}
END_TEST

/* No policies at all: one entry, the signer's. */
START_TEST(test_no_policies) {
    vk_signer signer = vk_signer_ecdsa(&alice);
    vk_policy policy = {.permission_flag = 0x0102};
    vk_buf out = {0}, id = {0};
    ck_assert_int_eq(vk_policy_enable_data(&policy, &signer, &out), VK_OK);
    ck_assert_uint_eq(out.len, 6 * 32);
    ck_assert_uint_eq(out.data[63], 1);
    ck_assert_uint_eq(out.data[127], 2 + 20 + 20);
    ck_assert_uint_eq(out.data[128], 0x01);
    ck_assert_uint_eq(out.data[129], 0x02);
    ck_assert_mem_eq(out.data + 130, signer.contract.b, 20);
    ck_assert_mem_eq(out.data + 150, alice.b, 20);
    ck_assert_int_eq(vk_policy_id(&policy, &id), VK_OK);
    ck_assert_uint_eq(id.len, 64);
    vk_buf_clear(&out);
    vk_buf_clear(&id);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("permission");
    TCase *tests = tcase_create("permission");
    tcase_add_loop_test(tests, test_webauthn_versions, 0, sizeof contracts / sizeof contracts[0]);
    tcase_add_test(tests, test_unknown_signers);
    tcase_add_test(tests, test_signer_data);
    tcase_add_test(tests, test_signer_id);
    tcase_add_test(tests, test_stubs);
    tcase_add_test(tests, test_id_by_hand);
    tcase_add_test(tests, test_id_depends);
    tcase_add_test(tests, test_most_policies);
    tcase_add_test(tests, test_no_policies);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
