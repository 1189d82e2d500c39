/* Merkle trees of approvals, and the signatures over their roots. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

static const uint8_t secret32[32] = {[0] = 0x11, [31] = 0x07};

static vk_hash leaf_of(uint32_t number) {
    return vk_keccak256((vk_bytes){(const uint8_t *)&number, sizeof number});
}

static vk_hash *leaves_of(size_t count) {
    vk_hash *leaves = calloc(count, sizeof *leaves);
    ck_assert_ptr_nonnull(leaves);
    for (size_t i = 0; i < count; i++) {
        leaves[i] = leaf_of((uint32_t)i);
    }
    return leaves;
}

static vk_merkle tree_of(size_t count) {
    vk_merkle tree;
    vk_hash *leaves = leaves_of(count);
    ck_assert_int_eq(vk_merkle_build(leaves, count, &tree), VK_OK);
    free(leaves);
    return tree;
}

static bool same(const vk_hash *a, const vk_hash *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

static vk_address owner(void) {
    vk_address address;
    ck_assert_int_eq(vk_ecdsa_address(secret32, &address), VK_OK);
    return address;
}

/* ---- Trees ---- */

static void check_all_leaves(size_t count) {
    vk_merkle tree = tree_of(count);
    vk_hash stranger = leaf_of(1u << 20);
    for (size_t i = 0; i < count; i++) {
        vk_merkle_proof proof;
        ck_assert_int_eq(vk_merkle_prove(&tree, i, &proof), VK_OK);
        vk_hash leaf = leaf_of((uint32_t)i), root = vk_merkle_walk(&leaf, &proof);
        ck_assert_msg(same(&root, &tree.root), "leaf %zu of %zu", i, count);
        root = vk_merkle_walk(&stranger, &proof);
        ck_assert_msg(!same(&root, &tree.root), "a wrong leaf at %zu of %zu", i, count);
        ck_assert_uint_le(proof.count, 12);
    }
    vk_merkle_clear(&tree);
}

START_TEST(test_every_leaf) {
    for (size_t count = 1; count <= 70; count++) {
        check_all_leaves(count);
    }
    check_all_leaves(1023);
    check_all_leaves(VK_MERKLE_LEAVES_MAX - 1);
    check_all_leaves(VK_MERKLE_LEAVES_MAX);
}
END_TEST

static vk_hash pair(vk_hash a, vk_hash b) {
    uint8_t both[64];
    bool ordered = memcmp(&a, &b, sizeof a) <= 0;
    memcpy(both, ordered ? &a : &b, 32);
    memcpy(both + 32, ordered ? &b : &a, 32);
    return vk_keccak256((vk_bytes){both, sizeof both});
}

/* Pairs are sorted; what has no neighbour moves up. */
START_TEST(test_shape) {
    vk_hash a = leaf_of(0), b = leaf_of(1), c = leaf_of(2), d = leaf_of(3), e = leaf_of(4);
    vk_hash four = pair(pair(a, b), pair(c, d));
    vk_hash expected[] = {a, pair(a, b), pair(pair(a, b), c), four, pair(four, e)};
    for (size_t count = 1; count <= 5; count++) {
        vk_merkle tree = tree_of(count);
        ck_assert_msg(same(&tree.root, &expected[count - 1]), "%zu leaves", count);
        vk_merkle_clear(&tree);
    }
}
END_TEST

/* Leaves 0 and 2 are equal: both get the proof of the second one. */
START_TEST(test_equal_leaves) {
    vk_hash leaves[3] = {leaf_of(0), leaf_of(1), leaf_of(0)};
    vk_merkle tree;
    vk_merkle_proof first, last, other;
    ck_assert_int_eq(vk_merkle_build(leaves, 3, &tree), VK_OK);
    ck_assert_int_eq(vk_merkle_prove(&tree, 0, &first), VK_OK);
    ck_assert_int_eq(vk_merkle_prove(&tree, 2, &last), VK_OK);
    ck_assert_int_eq(vk_merkle_prove(&tree, 1, &other), VK_OK);
    vk_hash sibling = pair(leaves[0], leaves[1]);
    ck_assert_uint_eq(last.count, 1);
    ck_assert(same(&last.siblings[0], &sibling));
    ck_assert_mem_eq(&first, &last, sizeof first);
    ck_assert_uint_eq(other.count, 2);
    vk_merkle_clear(&tree);
}
END_TEST

START_TEST(test_bounds) {
    vk_merkle tree = {0};
    vk_merkle_proof proof;
    vk_hash *leaves = leaves_of(VK_MERKLE_LEAVES_MAX + 1);
    ck_assert_int_eq(vk_merkle_build(leaves, 0, &tree), VK_ERR_SIZE);
    ck_assert_int_eq(vk_merkle_build(leaves, VK_MERKLE_LEAVES_MAX + 1, &tree), VK_ERR_SIZE);
    ck_assert_ptr_null(tree.nodes);
    free(leaves);
    tree = tree_of(3);
    ck_assert_int_eq(vk_merkle_prove(&tree, 3, &proof), VK_ERR_ARGUMENT);
    vk_merkle_clear(&tree);
    ck_assert_uint_eq(tree.leaf_count, 0);
    vk_merkle_clear(&tree);
}
END_TEST

/* ---- Signatures ---- */

static vk_buf signature_of(const vk_merkle *tree, size_t leaf) {
    uint8_t signature65[65];
    vk_buf out = {0};
    ck_assert_int_eq(vk_merkle_sign(secret32, tree, signature65), VK_OK);
    ck_assert_int_eq(vk_multichain_signature(signature65, tree, leaf, &out), VK_OK);
    return out;
}

static vk_status verify(const vk_address *by, const vk_hash *digest, vk_bytes signature) {
    vk_error err = {.status = VK_OK};
    vk_status status = vk_multichain_verify(by, digest, signature, &err);
    ck_assert_int_eq(status == VK_OK, err.message[0] == '\0');
    return status;
}

START_TEST(test_verify) {
    vk_address by = owner(), stranger = {{1}};
    for (size_t count = 1; count <= 9; count++) {
        vk_merkle tree = tree_of(count);
        for (size_t i = 0; i < count; i++) {
            vk_hash leaf = leaf_of((uint32_t)i), other = leaf_of((uint32_t)(i + 1));
            vk_buf signature = signature_of(&tree, i);
            ck_assert_int_eq(verify(&by, &leaf, vk_buf_view(&signature)), VK_OK);
            ck_assert_int_eq(verify(&by, &other, vk_buf_view(&signature)), VK_ERR_SIGNATURE);
            ck_assert_int_eq(verify(&stranger, &leaf, vk_buf_view(&signature)), VK_ERR_SIGNATURE);
            vk_buf_clear(&signature);
        }
        vk_merkle_clear(&tree);
    }
}
END_TEST

START_TEST(test_one_leaf_has_161_bytes) {
    vk_merkle tree = tree_of(1);
    vk_buf signature = signature_of(&tree, 0);
    ck_assert_uint_eq(signature.len, 161);
    vk_buf_clear(&signature);
    vk_merkle_clear(&tree);
}
END_TEST

START_TEST(test_truncated_and_changed) {
    vk_address by = owner();
    vk_merkle tree = tree_of(3);
    vk_hash leaf = leaf_of(0);
    vk_buf signature = signature_of(&tree, 0);
    for (size_t len = 0; len < signature.len; len++) {
        vk_bytes cut = {signature.data, len};
        ck_assert_msg(verify(&by, &leaf, cut) == VK_ERR_SIGNATURE, "%zu bytes", len);
    }
    for (size_t i = 0; i < signature.len; i++) {
        signature.data[i] ^= 1;
        ck_assert_msg(verify(&by, &leaf, vk_buf_view(&signature)) == VK_ERR_SIGNATURE, "byte %zu",
                      i);
        signature.data[i] ^= 1;
    }
    vk_buf_put_zeros(&signature, 32);
    ck_assert_int_eq(verify(&by, &leaf, vk_buf_view(&signature)), VK_ERR_SIGNATURE);
    vk_buf_clear(&signature);
    vk_merkle_clear(&tree);
}
END_TEST

/* 65 bytes: over the digest, or over its EIP-191 hash. */
START_TEST(test_plain) {
    vk_address by = owner();
    vk_hash digest = leaf_of(0), personal = vk_eip191_hash(&digest);
    vk_hash twice = vk_eip191_hash(&personal);
    uint8_t signature65[65];
    vk_bytes signature = {signature65, sizeof signature65};
    ck_assert_int_eq(vk_ecdsa_sign(secret32, &digest, signature65), VK_OK);
    ck_assert_int_eq(verify(&by, &digest, signature), VK_OK);
    ck_assert_int_eq(vk_ecdsa_sign(secret32, &personal, signature65), VK_OK);
    ck_assert_int_eq(verify(&by, &digest, signature), VK_OK);
    ck_assert_int_eq(vk_ecdsa_sign(secret32, &twice, signature65), VK_OK);
    ck_assert_int_eq(verify(&by, &digest, signature), VK_ERR_SIGNATURE);
}
END_TEST

/* As vk_enable_verify: a plain ECDSA owner takes no merkle form. */
START_TEST(test_approval) {
    vk_root root = {.kind = VK_ROOT_MULTI_CHAIN, .owner = owner()};
    vk_merkle tree = tree_of(2);
    vk_hash leaf = leaf_of(1);
    vk_buf signature = signature_of(&tree, 1);
    vk_error err = {.status = VK_OK};
    ck_assert_int_eq(vk_enable_verify(&root, &leaf, vk_buf_view(&signature), &err), VK_OK);
    root.kind = VK_ROOT_ECDSA;
    ck_assert_int_eq(vk_enable_verify(&root, &leaf, vk_buf_view(&signature), &err),
                     VK_ERR_SIGNATURE);
    ck_assert_str_eq(err.path, "enableSignature");
    root.kind = VK_ROOT_UNKNOWN;
    ck_assert_int_eq(vk_enable_verify(&root, &leaf, vk_buf_view(&signature), &err),
                     VK_ERR_UNSUPPORTED);
    vk_buf_clear(&signature);
    vk_merkle_clear(&tree);
}
END_TEST

START_TEST(test_bad_secret) {
    static const uint8_t zero[32];
    uint8_t signature65[65];
    vk_merkle tree = tree_of(1);
    ck_assert_int_eq(vk_merkle_sign(zero, &tree, signature65), VK_ERR_RANGE);
    vk_merkle_clear(&tree);
}
END_TEST

/* stub65 || root || hash || 0x40 || count || proof */
START_TEST(test_stub) {
    static const size_t siblings[] = {0, 1, 2, 2, 3};
    vk_hash hash = leaf_of(0), filler;
    memset(&filler, 0xaa, sizeof filler);
    uint8_t stub65[65];
    vk_ecdsa_stub(stub65);
    for (size_t count = 1; count <= 5; count++) {
        vk_buf stub = {0};
        ck_assert_int_eq(vk_multichain_stub(&hash, count, &stub), VK_OK);
        ck_assert_uint_eq(stub.len, 65 + 4 * 32 + 32 * siblings[count - 1]);
        ck_assert_mem_eq(stub.data, stub65, 65);
        ck_assert_mem_eq(stub.data + 97, &hash, 32);
        ck_assert_uint_eq(stub.data[97 + 63], 0x40);
        ck_assert_uint_eq(stub.data[97 + 95], siblings[count - 1]);
        if (count > 1) {
            ck_assert_mem_eq(stub.data + 97 + 96, &filler, 32);
        }
        vk_buf_clear(&stub);
    }
    vk_buf none = {0};
    ck_assert_int_eq(vk_multichain_stub(&hash, 0, &none), VK_ERR_SIZE);
    ck_assert_int_eq(vk_multichain_stub(&hash, VK_MERKLE_LEAVES_MAX + 1, &none), VK_ERR_SIZE);
    ck_assert_uint_eq(none.len, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("multichain");
    TCase *tests = tcase_create("multichain");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_every_leaf);
    tcase_add_test(tests, test_shape);
    tcase_add_test(tests, test_equal_leaves);
    tcase_add_test(tests, test_bounds);
    tcase_add_test(tests, test_verify);
    tcase_add_test(tests, test_one_leaf_has_161_bytes);
    tcase_add_test(tests, test_truncated_and_changed);
    tcase_add_test(tests, test_plain);
    tcase_add_test(tests, test_approval);
    tcase_add_test(tests, test_bad_secret);
    tcase_add_test(tests, test_stub);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
