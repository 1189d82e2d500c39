/*
 * Signatures as the contracts take them apart: what the chain accepted
 * (onchain_permission_signature.json), and hostile ones at every edge.
 */
#include "kernel_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t secret[32] = {[31] = 7};

static vk_bytes bytes_of(const uint8_t *data, size_t len) {
    return (vk_bytes){data, len};
}

/* ---- What the chain accepted ---- */

typedef struct tally {
    size_t usual, unusual, refused;
    size_t bare, compact, policy_part; /* of the unusual ones */
} tally;

static vk_status accepts(const vk_signer *signer, const vk_hash *hash, vk_bytes signature,
                         size_t policies, unsigned *unusual) {
    vk_bytes part;
    vk_error err = {0};
    vk_status status = vk_permission_signature_read(signature, policies, &part, unusual, &err);
    if (status == VK_OK) {
        status = vk_signer_accepts(signer, hash, part, unusual, &err);
    }
    ck_assert(status == VK_OK || status == VK_ERR_SIGNATURE);
    ck_assert(status == VK_OK || (err.status == status && err.message[0] != '\0'));
    return status;
}

static void check_signature(const cJSON *json, const vk_signer *signer, const vk_hash *hash,
                            size_t policies, tally *t) {
    unsigned unusual = 0;
    vk_buf signature = vectors_bytes(json, "signature");
    bool accepted = accepts(signer, hash, vk_buf_view(&signature), policies, &unusual) == VK_OK;
    ck_assert_msg(accepted == cJSON_IsTrue(vectors_get(json, "accepted")), "%s",
                  vectors_text(json, "what"));
    t->refused += !accepted;
    t->usual += accepted && unusual == 0;
    t->unusual += accepted && unusual != 0;
    t->bare += accepted && unusual == VK_UNUSUAL_BARE;
    t->compact += accepted && unusual == VK_UNUSUAL_COMPACT;
    t->policy_part += accepted && unusual == VK_UNUSUAL_POLICY_PART;
    vk_buf_clear(&signature);
}

START_TEST(test_chain) {
    cJSON *file = vectors_load("onchain_permission_signature.json");
    const cJSON *one, *signature;
    tally t = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        vk_address session = vectors_address(in, "sessionAddress");
        vk_signer signer = vk_signer_ecdsa(&session);
        vk_hash hash = vectors_hash(in, "userOpHash");
        cJSON_ArrayForEach(signature, vectors_get(vectors_get(one, "out"), "signatures")) {
            check_signature(signature, &signer, &hash, vectors_u64(in, "policies"), &t);
        }
    }
    ck_assert_uint_eq(t.usual, 2);
    ck_assert_uint_eq(t.unusual, 12);
    ck_assert_uint_eq(t.bare, 2);
    ck_assert_uint_eq(t.compact, 2);
    ck_assert_uint_eq(t.policy_part, 8);
    ck_assert_uint_eq(t.refused, 22);
    cJSON_Delete(file);
}
END_TEST

/* ---- ECDSA ---- */

static vk_address own_address(void) {
    vk_address address;
    ck_assert_int_eq(vk_ecdsa_address(secret, &address), VK_OK);
    return address;
}

static void sign(bool bare, const vk_hash *hash, uint8_t signature65[65]) {
    vk_hash digest = bare ? *hash : vk_eip191_hash(hash);
    ck_assert_int_eq(vk_ecdsa_sign(secret, &digest, signature65), VK_OK);
}

/* The twin of a signature: n - s, and the other v. */
static void raise_s(uint8_t signature65[65]) {
    static const vk_u256 order = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                   0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41}};
    vk_u256 s = vk_u256_from_be(signature65 + 32, 32), high;
    ck_assert(vk_u256_sub(&order, &s, &high));
    memcpy(signature65 + 32, high.be, 32);
    signature65[64] = (uint8_t)(27 + 28 - signature65[64]);
}

static void compress(const uint8_t signature65[65], uint8_t compact64[64]) {
    memcpy(compact64, signature65, 64);
    compact64[32] |= signature65[64] == 28 ? 0x80 : 0;
}

static unsigned form_of(const vk_hash *hash, vk_bytes signature) {
    vk_address address = own_address();
    unsigned unusual = 0;
    ck_assert_int_eq(vk_ecdsa_accepts(&address, hash, signature, &unusual, NULL), VK_OK);
    return unusual;
}

/* Of many hashes, so that both values of v occur. */
START_TEST(test_ecdsa_forms) {
    bool seen[2] = {false};
    for (uint8_t i = 0; i < 16; i++) {
        vk_hash hash = {{i}};
        uint8_t signature[65], compact[64];
        for (int bare = 0; bare < 2; bare++) {
            unsigned base = bare ? VK_UNUSUAL_BARE : 0;
            sign(bare == 1, &hash, signature);
            compress(signature, compact);
            seen[signature[64] - 27] = true;
            ck_assert_uint_eq(form_of(&hash, bytes_of(signature, 65)), base);
            ck_assert_uint_eq(form_of(&hash, bytes_of(compact, 64)), base | VK_UNUSUAL_COMPACT);
            raise_s(signature);
            ck_assert_uint_eq(form_of(&hash, bytes_of(signature, 65)), base | VK_UNUSUAL_HIGH_S);
        }
    }
    ck_assert(seen[0] && seen[1]);
}
END_TEST

static void refused(const vk_hash *hash, vk_bytes signature, const char *message) {
    vk_address address = own_address();
    unsigned unusual = 0;
    vk_error err = {0};
    ck_assert_int_eq(vk_ecdsa_accepts(&address, hash, signature, &unusual, &err), VK_ERR_SIGNATURE);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
}

START_TEST(test_ecdsa_refused) {
    static const char nobody[] = "nobody can have made this signature";
    vk_hash hash = {{1}}, other = {{2}};
    uint8_t signature[66] = {0}, good[65];
    sign(false, &hash, good);
    for (size_t len = 0; len <= sizeof signature; len++) {
        if (len != 64 && len != 65) {
            refused(&hash, bytes_of(signature, len), "has 65 bytes, not ");
        }
    }
    for (unsigned v = 0; v < 256; v++) {
        memcpy(signature, good, sizeof good);
        signature[64] = (uint8_t)v;
        if (v != good[64]) {
            refused(&hash, bytes_of(signature, 65), v == 27 || v == 28 ? " signed this" : nobody);
        }
    }
    for (size_t at = 0; at < 64; at += 32) { /* r or s: 0, and beyond the order */
        memcpy(signature, good, sizeof good);
        memset(signature + at, 0, 32);
        refused(&hash, bytes_of(signature, 65), nobody);
        memset(signature + at, 0xff, 32);
        refused(&hash, bytes_of(signature, 65), nobody);
    }
    refused(&other, bytes_of(good, 65), " signed this, not 0x");
}
END_TEST

START_TEST(test_describe) {
    vk_buf out = {0};
    vk_unusual_describe(0, &out);
    ck_assert_uint_eq(out.len, 0);
    vk_unusual_describe(VK_UNUSUAL_HIGH_S, &out);
    vk_buf_put_text(&out, "; ");
    vk_unusual_describe(VK_UNUSUAL_COMPACT | VK_UNUSUAL_BARE | VK_UNUSUAL_POLICY_PART, &out);
    char *text = vk_buf_take_text(&out);
    ck_assert_str_eq(text, "an s above half the order; the compact form of 64 bytes, over the bare "
                           "hash, bytes for a policy, which none reads");
    vk_text_free(text);
}
END_TEST

/* ---- Parts for policies ---- */

#define PART(index, length) index "00000000000000" length

static const struct {
    const char *part;
    size_t policies;
    const char *signer_part; /* NULL: refused */
    unsigned unusual;
} parts[] = {
    {"0xffaabb", 0, "0xaabb", 0},
    {"0xffaabb", 2, "0xaabb", 0},
    {"0xffaabb", 253, "0xaabb", 0},
    {"0xff", 2, "0x", 0},
    {"0xffff00", 2, "0xff00", 0},
    {"0x" PART("00", "02") "1122ffaabb", 1, "0xaabb", VK_UNUSUAL_POLICY_PART},
    {"0x" PART("00", "00") "ffaabb", 2, "0xaabb", VK_UNUSUAL_POLICY_PART},
    {"0x" PART("01", "01") "ffffaabb", 2, "0xaabb", VK_UNUSUAL_POLICY_PART},
    {"0x" PART("00", "00") PART("02", "01") "07ffaa", 3, "0xaa", VK_UNUSUAL_POLICY_PART},
    {"0x" PART("fc", "00") "ff", 253, "0x", VK_UNUSUAL_POLICY_PART},
    /* Without policies nothing is a part. */
    {"0x" PART("00", "00") "ffaabb", 0, NULL, 0},
    {"0x", 0, NULL, 0},
    {"0x", 2, NULL, 0},
    {"0xaabb", 2, NULL, 0},
    /* Order, repetition, a policy that there is not. */
    {"0x" PART("01", "00") PART("00", "00") "ffaa", 2, NULL, 0},
    {"0x" PART("00", "00") PART("00", "00") "ffaa", 2, NULL, 0},
    {"0x" PART("02", "00") "ffaa", 2, NULL, 0},
    {"0x" PART("fe", "00") "ffaa", 253, NULL, 0},
    /* Lengths: one too many, and all bits set. */
    {"0x" PART("00", "04") "11ffaa", 2, NULL, 0},
    {"0x00ffffffffffffffff11ffaa", 2, NULL, 0},
    {"0x00fffffffffffffff711ffaa", 2, NULL, 0},
    {"0x0080000000000000000011ffaa", 2, NULL, 0},
    /* Nothing behind the part. */
    {"0x" PART("00", "02") "11ff", 1, NULL, 0},
    {"0x" PART("00", "02") "11ff", 2, NULL, 0},
};

START_TEST(test_parts) {
    vk_buf part = vectors_hex(parts[_i].part);
    static const uint8_t mark[1];
    vk_bytes signer_part = {mark, 1};
    unsigned unusual = 0;
    vk_error err = {0};
    vk_status status = vk_permission_signature_read(vk_buf_view(&part), parts[_i].policies,
                                                    &signer_part, &unusual, &err);
    if (parts[_i].signer_part == NULL) {
        ck_assert_int_eq(status, VK_ERR_SIGNATURE);
        ck_assert_int_eq(err.status, VK_ERR_SIGNATURE);
        ck_assert_str_ne(err.message, "");
        ck_assert_ptr_eq(signer_part.data, mark);
    } else {
        ck_assert_int_eq(status, VK_OK);
        kernel_check_hex(signer_part, parts[_i].signer_part);
        ck_assert_ptr_eq(signer_part.data + signer_part.len, part.data + part.len);
        ck_assert_uint_eq(unusual, parts[_i].unusual);
    }
    vk_buf_clear(&part);
}
END_TEST

/* At every length, in memory of just that length. */
START_TEST(test_parts_cut) {
    vk_buf whole = vectors_hex("0x" PART("00", "03") "112233" PART("01", "01") "44ff");
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        vk_bytes signer_part;
        unsigned unusual = 0;
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, whole.data, len);
        ck_assert_int_eq(
            vk_permission_signature_read((vk_bytes){copy, len}, 2, &signer_part, &unusual, NULL),
            VK_ERR_SIGNATURE);
        free(copy);
    }
    vk_buf_clear(&whole);
}
END_TEST

/* ---- Messages ---- */

#define TWENTY "00112233445566778899aabbccddeeff00112233"
#define MAGIC "0555ad2729e8da1777a4e5020806f8bf7601c3db6bfe402f410a34958363a95a"

static const struct {
    const char *signature;
    vk_kernel_version kernel;
    vk_message_plugin plugin; /* 0: refused */
    bool replayable;
    const char *part;
} messages[] = {
    {"0x00aabb", VK_KERNEL_0_3_1, VK_MESSAGE_ROOT, false, "0xaabb"},
    {"0x00", VK_KERNEL_0_3_1, VK_MESSAGE_ROOT, false, "0x"},
    {"0x01" TWENTY "aabb", VK_KERNEL_0_3_1, VK_MESSAGE_VALIDATOR, false, "0xaabb"},
    {"0x01" TWENTY, VK_KERNEL_0_3_3, VK_MESSAGE_VALIDATOR, false, "0x"},
    {"0x0200112233ffaa", VK_KERNEL_0_3_0, VK_MESSAGE_PERMISSION, false, "0xffaa"},
    {"0x0200112233", VK_KERNEL_0_3_3, VK_MESSAGE_PERMISSION, false, "0x"},
    /* For every chain: from 0.3.2 on. Before, the magic is part of the signature. */
    {"0x00" MAGIC "aa", VK_KERNEL_0_3_3, VK_MESSAGE_ROOT, true, "0xaa"},
    {"0x01" TWENTY MAGIC "aa", VK_KERNEL_0_3_2, VK_MESSAGE_VALIDATOR, true, "0xaa"},
    {"0x0200112233" MAGIC "ffaa", VK_KERNEL_0_3_2, VK_MESSAGE_PERMISSION, true, "0xffaa"},
    {"0x0200112233" MAGIC, VK_KERNEL_0_3_3, VK_MESSAGE_PERMISSION, true, "0x"},
    {"0x0200112233" MAGIC "ffaa", VK_KERNEL_0_3_1, VK_MESSAGE_PERMISSION, false, "0x" MAGIC "ffaa"},
    {"0x00" MAGIC, VK_KERNEL_0_3_0, VK_MESSAGE_ROOT, false, "0x" MAGIC},
    /* Twice is once, and once as part of the signature. */
    {"0x00" MAGIC MAGIC, VK_KERNEL_0_3_3, VK_MESSAGE_ROOT, true, "0x" MAGIC},
    /* All but its last byte is none; neither is one at the front. */
    {"0x000555ad2729e8da1777a4e5020806f8bf7601c3db6bfe402f410a34958363a9", VK_KERNEL_0_3_3,
     VK_MESSAGE_ROOT, false, "0x0555ad2729e8da1777a4e5020806f8bf7601c3db6bfe402f410a34958363a9"},
    {"0x" MAGIC "00aa", VK_KERNEL_0_3_3, 0, false, NULL},
    /* Too short, and ids that there are not. */
    {"0x", VK_KERNEL_0_3_1, 0, false, NULL},
    {"0x01", VK_KERNEL_0_3_1, 0, false, NULL},
    {"0x0100112233445566778899aabbccddeeff001122", VK_KERNEL_0_3_1, 0, false, NULL},
    {"0x02001122", VK_KERNEL_0_3_1, 0, false, NULL},
    {"0x03" TWENTY "aabb", VK_KERNEL_0_3_3, 0, false, NULL},
    {"0xff" TWENTY "aabb", VK_KERNEL_0_3_3, 0, false, NULL},
};

static void check_message_parts(const vk_message_parts *got, int i) {
    vk_message_parts expected = {.signer = {.plugin = messages[i].plugin}};
    vk_buf id = vectors_hex("0x" TWENTY);
    if (messages[i].plugin == VK_MESSAGE_VALIDATOR) {
        memcpy(expected.signer.validator.b, id.data, 20);
    } else if (messages[i].plugin == VK_MESSAGE_PERMISSION) {
        memcpy(expected.signer.permission_id, id.data, 4);
    }
    vk_buf_clear(&id);
    ck_assert_int_eq(got->signer.plugin, expected.signer.plugin);
    ck_assert(vk_address_equal(&got->signer.validator, &expected.signer.validator));
    ck_assert_mem_eq(got->signer.permission_id, expected.signer.permission_id, 4);
    ck_assert(got->replayable == messages[i].replayable);
    kernel_check_hex(got->part, messages[i].part);
}

START_TEST(test_messages) {
    vk_buf signature = vectors_hex(messages[_i].signature);
    vk_message_parts got = {.replayable = true, .part = {NULL, 77}};
    vk_error err = {0};
    vk_status status =
        vk_message_signature_read(messages[_i].kernel, vk_buf_view(&signature), &got, &err);
    if (messages[_i].plugin == 0) {
        ck_assert_int_eq(status, VK_ERR_SIGNATURE);
        ck_assert_str_ne(err.message, "");
        ck_assert_uint_eq(got.part.len, 77);
    } else {
        ck_assert_int_eq(status, VK_OK);
        check_message_parts(&got, _i);
    }
    vk_buf_clear(&signature);
}
END_TEST

/* What vk_message_signature writes is read again. */
START_TEST(test_message_round_trip) {
    static const uint8_t key_signature[65] = {9};
    static const vk_message_plugin plugins[] = {VK_MESSAGE_ROOT, VK_MESSAGE_VALIDATOR,
                                                VK_MESSAGE_PERMISSION};
    for (size_t i = 0; i < 6; i++) {
        vk_message message = {.kernel = VK_KERNEL_0_3_3, .chain_id = 1, .replayable = i >= 3};
        vk_message_signer signer = {.plugin = plugins[i % 3], .permission_id = {1, 2, 3, 4}};
        vk_message_parts parts_read;
        vk_buf out = {0};
        ck_assert_int_eq(
            vk_message_signature(&message, &signer, bytes_of(key_signature, 65), &out, NULL),
            VK_OK);
        ck_assert_int_eq(
            vk_message_signature_read(message.kernel, vk_buf_view(&out), &parts_read, NULL), VK_OK);
        ck_assert_int_eq(parts_read.signer.plugin, signer.plugin);
        ck_assert(parts_read.replayable == message.replayable);
        size_t prefix = signer.plugin == VK_MESSAGE_PERMISSION ? 1 : 0;
        ck_assert_uint_eq(parts_read.part.len, 65 + prefix);
        ck_assert_mem_eq(parts_read.part.data + prefix, key_signature, 65);
        vk_buf_clear(&out);
    }
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void) {
    Suite *suite = suite_create("verify");
    TCase *tests = tcase_create("verify");
    tcase_add_test(tests, test_chain);
    tcase_add_test(tests, test_ecdsa_forms);
    tcase_add_test(tests, test_ecdsa_refused);
    tcase_add_test(tests, test_describe);
    tcase_add_loop_test(tests, test_parts, 0, COUNT(parts));
    tcase_add_test(tests, test_parts_cut);
    tcase_add_loop_test(tests, test_messages, 0, COUNT(messages));
    tcase_add_test(tests, test_message_round_trip);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
