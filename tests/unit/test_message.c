/* ERC-1271 signatures and their ERC-6492 form. The bytes against the SDK's are tested by the batch
 * kind message_signature. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/valetkey.h>

static const uint8_t key_bytes[65] = {0x5a, 0x5b};
static const vk_bytes key_signature = {key_bytes, sizeof key_bytes};

static vk_message example(vk_kernel_version kernel) {
    return (vk_message){
        .kernel = kernel, .chain_id = 137, .account = {{0x0a}}, .hash = {{0x0b, 0x0c}}};
}

static vk_hash digest_of(const vk_message *message) {
    vk_hash out;
    ck_assert_int_eq(vk_message_digest(message, &out, NULL), VK_OK);
    return out;
}

static vk_hash ecdsa_digest_of(const vk_message *message) {
    vk_hash out;
    ck_assert_int_eq(vk_message_ecdsa_digest(message, &out, NULL), VK_OK);
    return out;
}

static bool same(vk_hash a, vk_hash b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

/* ---- What is signed ---- */

START_TEST(test_unwrapped) {
    vk_message message = example(VK_KERNEL_0_2_2);
    ck_assert(same(digest_of(&message), message.hash));
    ck_assert(same(ecdsa_digest_of(&message), vk_eip191_hash(&message.hash)));
    message.kernel = VK_KERNEL_0_0_2;
    ck_assert(same(ecdsa_digest_of(&message), message.hash));
    message.typed_data = true;
    ck_assert(same(digest_of(&message), message.hash));
    ck_assert(same(ecdsa_digest_of(&message), vk_eip191_hash(&message.hash)));
}
END_TEST

START_TEST(test_wrapped) {
    for (vk_kernel_version kernel = VK_KERNEL_0_2_3; kernel <= VK_KERNEL_0_3_3; kernel++) {
        vk_message message = example(kernel), other = message;
        vk_hash digest = digest_of(&message);
        bool old = kernel < VK_KERNEL_0_3_0;
        ck_assert(!same(digest, message.hash));
        ck_assert(same(ecdsa_digest_of(&message), old ? vk_eip191_hash(&digest) : digest));
        other.typed_data = true;
        ck_assert(same(digest_of(&other), digest));
        other.chain_id = 1;
        ck_assert(!same(digest_of(&other), digest));
        other = message;
        other.account.b[19] ^= 1;
        ck_assert(!same(digest_of(&other), digest));
        other = message;
        other.hash.b[31] ^= 1;
        ck_assert(!same(digest_of(&other), digest));
    }
}
END_TEST

/* From 0.3.2 on, and where no chain is bound. */
static bool may_be_replayed(vk_kernel_version kernel) {
    return kernel >= VK_KERNEL_0_3_2 || kernel <= VK_KERNEL_0_2_2;
}

START_TEST(test_replayable) {
    for (vk_kernel_version kernel = VK_KERNEL_0_0_2; kernel <= VK_KERNEL_0_3_3; kernel++) {
        vk_message message = example(kernel);
        vk_hash out = {{0}}, bound = digest_of(&message);
        vk_error err = {.status = VK_OK};
        message.replayable = true;
        vk_status status = vk_message_digest(&message, &out, &err);
        ck_assert_int_eq(status, may_be_replayed(kernel) ? VK_OK : VK_ERR_UNSUPPORTED);
        ck_assert_str_eq(err.path, status == VK_OK ? "" : "replayable");
        ck_assert_int_eq(vk_message_ecdsa_digest(&message, &out, NULL), status);
        message.sdk = true;
        vk_hash free_of_chain = digest_of(&message);
        message.chain_id = 1;
        ck_assert(same(digest_of(&message), free_of_chain));
        ck_assert_int_eq(same(bound, free_of_chain), kernel <= VK_KERNEL_0_2_2);
    }
}
END_TEST

START_TEST(test_unknown_version) {
    static const vk_kernel_version versions[] = {VK_KERNEL_UNKNOWN, VK_KERNEL_V1,
                                                 (vk_kernel_version)99};
    vk_message_signer signer = {.plugin = VK_MESSAGE_VALIDATOR};
    for (size_t i = 0; i < 3; i++) {
        vk_message message = example(versions[i]);
        vk_hash hash;
        vk_buf out = {0};
        ck_assert_int_eq(vk_message_digest(&message, &hash, NULL), VK_ERR_UNSUPPORTED);
        ck_assert_int_eq(vk_message_ecdsa_digest(&message, &hash, NULL), VK_ERR_UNSUPPORTED);
        ck_assert_int_eq(vk_message_signature(&message, &signer, key_signature, &out, NULL),
                         VK_ERR_UNSUPPORTED);
        ck_assert_uint_eq(out.len, 0);
    }
}
END_TEST

/* ---- The signature ---- */

static void check_prefix(const vk_message *message, const vk_message_signer *signer,
                         const char *prefix, size_t len) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_message_signature(message, signer, key_signature, &out, NULL), VK_OK);
    ck_assert_uint_eq(out.len, len + 65);
    ck_assert_mem_eq(out.data, prefix, len);
    ck_assert_mem_eq(out.data + len, key_bytes, 65);
    vk_buf_clear(&out);
}

#define MAGIC                                                                                      \
    "\x05\x55\xad\x27\x29\xe8\xda\x17\x77\xa4\xe5\x02\x08\x06\xf8\xbf"                             \
    "\x76\x01\xc3\xdb\x6b\xfe\x40\x2f\x41\x0a\x34\x95\x83\x63\xa9\x5a"
#define TWENTY "VVVVVVVVVVVVVVVVVVVV"

START_TEST(test_prefixes) {
    vk_message_signer validator = {.plugin = VK_MESSAGE_VALIDATOR},
                      permission = {.plugin = VK_MESSAGE_PERMISSION, .permission_id = "PPPP"},
                      root = {.plugin = VK_MESSAGE_ROOT};
    memset(&validator.validator, 'V', sizeof validator.validator);
    vk_message old = example(VK_KERNEL_0_2_4), now = example(VK_KERNEL_0_3_1);
    check_prefix(&old, &validator, "", 0);
    check_prefix(&now, &validator, "\1" TWENTY, 21);
    check_prefix(&now, &permission, "\2PPPP\xff", 6);
    check_prefix(&now, &root, "", 1);
    now.kernel = VK_KERNEL_0_3_2;
    now.replayable = true;
    check_prefix(&now, &validator, "\1" TWENTY MAGIC, 53);
    check_prefix(&now, &permission, "\2PPPP" MAGIC "\xff", 38);
    check_prefix(&now, &root, "\0" MAGIC, 33);
    now.kernel = VK_KERNEL_0_3_1;
    now.sdk = true;
    check_prefix(&now, &validator, "\1" TWENTY, 21);
}
END_TEST

START_TEST(test_plugins_refused) {
    vk_message old = example(VK_KERNEL_0_2_4), now = example(VK_KERNEL_0_3_1);
    vk_message_signer signer = {.plugin = VK_MESSAGE_PERMISSION};
    vk_buf out = {0};
    ck_assert_int_eq(vk_message_signature(&old, &signer, key_signature, &out, NULL),
                     VK_ERR_UNSUPPORTED);
    signer.plugin = VK_MESSAGE_ROOT;
    ck_assert_int_eq(vk_message_signature(&old, &signer, key_signature, &out, NULL),
                     VK_ERR_UNSUPPORTED);
    signer.plugin = (vk_message_plugin)0;
    ck_assert_int_eq(vk_message_signature(&now, &signer, key_signature, &out, NULL),
                     VK_ERR_ARGUMENT);
    now.replayable = true;
    signer.plugin = VK_MESSAGE_VALIDATOR;
    ck_assert_int_eq(vk_message_signature(&now, &signer, key_signature, &out, NULL),
                     VK_ERR_UNSUPPORTED);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* ---- ERC-6492 ---- */

static vk_buf wrapped_of(size_t data_len, size_t signature_len) {
    static const uint8_t bytes[130] = {1, 2, 3};
    vk_erc6492 parts = {{{0xfa}}, {bytes, data_len}, {bytes, signature_len}};
    vk_buf out = {0};
    ck_assert_int_eq(vk_erc6492_wrap(&parts, &out), VK_OK);
    return out;
}

START_TEST(test_wrap_round_trip) {
    for (size_t data_len = 0; data_len <= 66; data_len += 11) {
        for (size_t len = 0; len <= 130; len += 13) {
            vk_buf wrapped = wrapped_of(data_len, len);
            vk_erc6492 parts;
            ck_assert(vk_erc6492_is_wrapped(vk_buf_view(&wrapped)));
            ck_assert_int_eq(vk_erc6492_unwrap(vk_buf_view(&wrapped), &parts, NULL), VK_OK);
            ck_assert_uint_eq(parts.factory.b[0], 0xfa);
            ck_assert_uint_eq(parts.factory_data.len, data_len);
            ck_assert_uint_eq(parts.signature.len, len);
            vk_buf again = {0};
            ck_assert_int_eq(vk_erc6492_wrap(&parts, &again), VK_OK);
            ck_assert(vk_bytes_equal(vk_buf_view(&again), vk_buf_view(&wrapped)));
            vk_buf_clear(&again);
            vk_buf_clear(&wrapped);
        }
    }
}
END_TEST

static void unwrap_refused(vk_bytes bytes) {
    vk_erc6492 parts = {.factory = {{0x77}}};
    vk_error err = {.status = VK_OK};
    ck_assert_int_eq(vk_erc6492_unwrap(bytes, &parts, &err), VK_ERR_FORMAT);
    ck_assert_str_ne(err.message, "");
    ck_assert_uint_eq(parts.factory.b[0], 0x77);
}

/* At every length: cut at the end, and cut before the magic bytes. */
START_TEST(test_unwrap_truncated) {
    vk_buf wrapped = wrapped_of(40, 65);
    for (size_t len = 0; len < wrapped.len; len++) {
        unwrap_refused((vk_bytes){wrapped.data, len});
    }
    for (size_t len = 0; len < wrapped.len - 32; len++) {
        vk_buf cut = {0};
        vk_buf_put(&cut, wrapped.data, len);
        vk_buf_put(&cut, wrapped.data + wrapped.len - 32, 32);
        ck_assert(vk_erc6492_is_wrapped(vk_buf_view(&cut)));
        unwrap_refused(vk_buf_view(&cut));
        vk_buf_clear(&cut);
    }
    vk_buf_clear(&wrapped);
}
END_TEST

/* Heads, lengths, padding and magic: no other bytes stand for the same members. */
START_TEST(test_unwrap_canonical) {
    vk_buf wrapped = wrapped_of(40, 65);
    static const size_t offsets[] = {0, 11, 32, 63, 64, 95, 96, 127, 168, 191};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        wrapped.data[offsets[i]] ^= 0x20;
        unwrap_refused(vk_buf_view(&wrapped));
        wrapped.data[offsets[i]] ^= 0x20;
    }
    for (size_t i = wrapped.len - 32; i < wrapped.len; i++) {
        wrapped.data[i] ^= 1;
        ck_assert(!vk_erc6492_is_wrapped(vk_buf_view(&wrapped)));
        unwrap_refused(vk_buf_view(&wrapped));
        wrapped.data[i] ^= 1;
    }
    vk_buf_clear(&wrapped);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("message");
    TCase *tests = tcase_create("message");
    tcase_add_test(tests, test_unwrapped);
    tcase_add_test(tests, test_wrapped);
    tcase_add_test(tests, test_replayable);
    tcase_add_test(tests, test_unknown_version);
    tcase_add_test(tests, test_prefixes);
    tcase_add_test(tests, test_plugins_refused);
    tcase_add_test(tests, test_wrap_round_trip);
    tcase_add_test(tests, test_unwrap_truncated);
    tcase_add_test(tests, test_unwrap_canonical);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
