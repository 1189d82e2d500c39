/* Nonces and calls. */
#include "kernel_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- Nonces ---- */

static uint8_t nonce_type(const cJSON *in) {
    if (strcmp(vectors_text(in, "mode"), "sudo") == 0) {
        return VK_NONCE_ROOT;
    }
    bool permission = strcmp(vectors_text(in, "plugin"), "permission") == 0;
    return permission ? VK_NONCE_PERMISSION : VK_NONCE_VALIDATOR;
}

static void check_nonce(const cJSON *in, const cJSON *out) {
    vk_kernel_nonce nonce = {.type = nonce_type(in),
                             .custom = (uint16_t)vectors_u64(in, "customKey"),
                             .sequence = 0x0102030405060708};
    nonce.mode = strcmp(vectors_text(in, "mode"), "enable") == 0;
    vk_buf identifier = vectors_bytes(in, "identifier");
    ck_assert_uint_le(identifier.len, sizeof nonce.identifier);
    memcpy(nonce.identifier, identifier.data, identifier.len);
    memcpy(nonce.permission_id, nonce.identifier, 4);
    vk_buf_clear(&identifier);

    vk_u256 value = vk_kernel_nonce_encode(&nonce);
    kernel_check_hex((vk_bytes){value.be, 24}, vectors_text(out, "nonceKeyHex"));
    vk_kernel_nonce back = vk_kernel_nonce_decode(&value);
    ck_assert_uint_eq(back.mode, nonce.mode);
    ck_assert_uint_eq(back.type, nonce.type);
    ck_assert_mem_eq(back.identifier, nonce.identifier, sizeof nonce.identifier);
    ck_assert_mem_eq(back.permission_id, nonce.permission_id, 4);
    ck_assert_uint_eq(back.custom, nonce.custom);
    ck_assert_uint_eq(back.sequence, nonce.sequence);
}

START_TEST(test_nonces) {
    cJSON *file = vectors_load("nonce_key.json");
    const cJSON *one;
    size_t count = 0, skipped = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in");
        if (cJSON_GetObjectItem(in, "kernelVersion") == NULL || !kernel_is_supported(in)) {
            skipped++;
            continue;
        }
        check_nonce(in, vectors_get(one, "out"));
        count++;
    }
    ck_assert_uint_eq(count, 68);
    ck_assert_uint_eq(skipped, 29); /* other versions, and keys made of a text */
    cJSON_Delete(file);
}
END_TEST

/* ---- Calls of the SDK ---- */

static vk_buf encode(const vk_execution *execution) {
    vk_buf out = {0};
    ck_assert_int_eq(vk_execution_encode(execution, &out), VK_OK);
    return out;
}

/* Decoding and encoding again gives the same bytes. */
static void check_round_trip(vk_bytes call_data) {
    vk_execution execution;
    ck_assert_int_eq(vk_execution_decode(call_data, &execution, NULL), VK_OK);
    vk_buf again = encode(&execution);
    ck_assert(vk_bytes_equal(call_data, vk_buf_view(&again)));
    vk_buf_clear(&again);
    vk_execution_clear(&execution);
}

static uint8_t call_type_of(const cJSON *in) {
    if (strcmp(vectors_text(in, "callType"), "delegatecall") == 0) {
        return VK_CALL_DELEGATE;
    }
    return cJSON_GetArraySize(vectors_get(in, "calls")) == 1 ? VK_CALL_SINGLE : VK_CALL_BATCH;
}

static void check_execution(const cJSON *in, const char *call_data) {
    vk_call calls[16];
    vk_buf data[16];
    vk_execution execution = {.call_type = call_type_of(in),
                              .hooked = cJSON_IsTrue(vectors_get(in, "hooked")),
                              .calls = calls};
    vectors_fixed(in, "execType", &execution.exec_type, 1);
    const cJSON *call;
    cJSON_ArrayForEach(call, vectors_get(in, "calls")) {
        size_t i = execution.call_count++;
        ck_assert_uint_lt(i, 16);
        data[i] = vectors_bytes(call, "data");
        calls[i] = (vk_call){.target = vectors_address(call, "to"),
                             .value = vectors_u256(call, "value"),
                             .data = vk_buf_view(&data[i])};
        if (execution.call_type == VK_CALL_DELEGATE) {
            calls[i].value = vk_u256_from_u64(0); /* the SDK drops it */
        }
    }
    vk_buf encoded = encode(&execution);
    kernel_check_hex(vk_buf_view(&encoded), call_data);

    vk_execution decoded;
    ck_assert_int_eq(vk_execution_decode(vk_buf_view(&encoded), &decoded, NULL), VK_OK);
    ck_assert_uint_eq(decoded.call_type, execution.call_type);
    ck_assert_uint_eq(decoded.exec_type, execution.exec_type);
    ck_assert(decoded.hooked == execution.hooked);
    ck_assert_uint_eq(decoded.call_count, execution.call_count);
    for (size_t i = 0; i < execution.call_count; i++) {
        ck_assert(vk_address_equal(&decoded.calls[i].target, &calls[i].target));
        ck_assert_int_eq(vk_u256_cmp(&decoded.calls[i].value, &calls[i].value), 0);
        ck_assert(vk_bytes_equal(decoded.calls[i].data, calls[i].data));
        vk_buf_clear(&data[i]);
    }
    vk_execution_clear(&decoded);
    vk_buf_clear(&encoded);
}

/* One plain call to the account itself is sent without execute. */
static bool is_self_call(const cJSON *in) {
    const cJSON *calls = vectors_get(in, "calls");
    return cJSON_GetArraySize(calls) == 1 && call_type_of(in) == VK_CALL_SINGLE &&
           strcmp(vectors_text(calls->child, "to"), vectors_text(in, "account")) == 0;
}

START_TEST(test_executions) {
    cJSON *file = vectors_load("execute_calldata.json");
    const cJSON *one;
    size_t count = 0, self = 0, skipped = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        if (!kernel_is_supported(in)) {
            skipped++;
        } else if (is_self_call(in)) {
            vk_execution execution;
            vk_buf call_data = vectors_bytes(out, "callData");
            ck_assert_int_eq(vk_execution_decode(vk_buf_view(&call_data), &execution, NULL),
                             VK_ERR_FORMAT);
            vk_buf_clear(&call_data);
            self++;
        } else {
            check_execution(in, vectors_text(out, "callData"));
            count++;
        }
    }
    ck_assert_uint_eq(count, 26);
    ck_assert_uint_eq(self, 5);
    ck_assert_uint_eq(skipped, 33);
    cJSON_Delete(file);
}
END_TEST

/* ---- Calls that the chain judged ---- */

typedef struct tally_counts {
    size_t decoded;  /* of the canonical ones */
    size_t stricter; /* accepted on the chain, not canonical, not decoded */
    size_t refused;  /* rejected on the chain, not decoded */
} tally_counts;

static void check_step(const cJSON *step, tally_counts *tally) {
    const cJSON *op = cJSON_GetObjectItemCaseSensitive(step, "userOp");
    if (op == NULL) {
        return;
    }
    bool accepted = cJSON_IsTrue(vectors_get(vectors_get(step, "verdict"), "accept"));
    bool canonical = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(step, "canonical"));
    vk_buf call_data = vectors_bytes(op, "callData");
    vk_execution execution;
    vk_error err = {0};
    vk_status status = vk_execution_decode(vk_buf_view(&call_data), &execution, &err);
    if (status == VK_OK) {
        vk_execution_clear(&execution);
        check_round_trip(vk_buf_view(&call_data));
        tally->decoded++;
    } else {
        ck_assert_msg(!accepted || !canonical, "%s", err.message);
        *(accepted ? &tally->stricter : &tally->refused) += 1;
    }
    vk_buf_clear(&call_data);
}

static tally_counts check_verdicts(const char *name) {
    cJSON *file = vectors_load(name);
    const cJSON *one, *step;
    tally_counts tally = {0};
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        cJSON_ArrayForEach(step, vectors_get(one, "steps")) {
            check_step(step, &tally);
        }
    }
    cJSON_Delete(file);
    return tally;
}

START_TEST(test_verdicts) {
    static const struct {
        const char *name;
        tally_counts expected;
    } files[] = {{"verdicts/call.json", {330, 0, 11}},
                 {"verdicts/combo.json", {432, 0, 0}},
                 {"verdicts/sudo.json", {257, 12, 67}}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        tally_counts found = check_verdicts(files[i].name);
        ck_assert_uint_eq(found.decoded, files[i].expected.decoded);
        ck_assert_uint_eq(found.stricter, files[i].expected.stricter);
        ck_assert_uint_eq(found.refused, files[i].expected.refused);
    }
}
END_TEST

/* ---- Malformed calls ---- */

static void check_refused(vk_bytes call_data, const char *sentence) {
    vk_execution execution;
    vk_error err = {0};
    vk_status status = vk_execution_decode(call_data, &execution, &err);
    ck_assert_int_eq(status, VK_ERR_FORMAT);
    ck_assert_int_eq(err.status, VK_ERR_FORMAT);
    ck_assert_str_eq(err.path, "callData");
    ck_assert_msg(strstr(err.message, sentence) != NULL, "%s", err.message);
}

/* A copy of exactly len bytes, so that the sanitizer sees a read beyond them. */
static void check_copy_refused(vk_bytes call_data, size_t len) {
    uint8_t *copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    copy = realloc(copy, len > 0 ? len : 1);
    memcpy(copy, call_data.data, len);
    vk_execution execution;
    ck_assert_int_ne(vk_execution_decode((vk_bytes){copy, len}, &execution, NULL), VK_OK);
    free(copy);
}

static vk_buf example(uint8_t call_type, size_t count) {
    static const uint8_t data[] = {0xa9, 0x05, 0x9c, 0xbb, 0x01, 0x02, 0x03};
    vk_call calls[3] = {0};
    for (size_t i = 0; i < count; i++) {
        calls[i].target.b[19] = (uint8_t)(i + 1);
        calls[i].data = (vk_bytes){data, sizeof data - i};
    }
    vk_execution execution = {.call_type = call_type, .call_count = count, .calls = calls};
    return encode(&execution);
}

START_TEST(test_truncated) {
    static const struct {
        uint8_t call_type;
        size_t count;
    } examples[] = {
        {VK_CALL_SINGLE, 1}, {VK_CALL_DELEGATE, 1}, {VK_CALL_BATCH, 3}, {VK_CALL_BATCH, 0}};
    for (size_t e = 0; e < sizeof examples / sizeof examples[0]; e++) {
        vk_buf good = example(examples[e].call_type, examples[e].count);
        check_round_trip(vk_buf_view(&good));
        for (size_t len = 0; len < good.len; len++) {
            check_copy_refused(vk_buf_view(&good), len);
        }
        vk_buf_put_zeros(&good, 32);
        check_copy_refused(vk_buf_view(&good), good.len);
        vk_buf_clear(&good);
    }
}
END_TEST

/* Whatever is decoded after one byte was changed is still canonical. */
START_TEST(test_changed_bytes) {
    static const uint8_t changes[] = {0x01, 0x20, 0x40, 0x80, 0xff};
    size_t decoded = 0;
    vk_buf good = example(VK_CALL_BATCH, 3);
    for (size_t i = 0; i < good.len; i++) {
        for (size_t c = 0; c < sizeof changes; c++) {
            vk_execution execution;
            good.data[i] ^= changes[c];
            if (vk_execution_decode(vk_buf_view(&good), &execution, NULL) == VK_OK) {
                vk_execution_clear(&execution);
                check_round_trip(vk_buf_view(&good));
                decoded++;
            }
            good.data[i] ^= changes[c];
        }
    }
    ck_assert_uint_gt(decoded, 100);
    vk_buf_clear(&good);
}
END_TEST

#define MODE 4
#define OFFSET (MODE + 32)
#define LENGTH (OFFSET + 32)
#define DATA (LENGTH + 32)

static void check_change(uint8_t call_type, size_t at, uint8_t value, const char *sentence) {
    vk_buf call_data = example(call_type, 1);
    ck_assert_uint_lt(at, call_data.len);
    ck_assert_uint_ne(call_data.data[at], value);
    call_data.data[at] = value;
    check_refused(vk_buf_view(&call_data), sentence);
    vk_buf_clear(&call_data);
}

START_TEST(test_sentences) {
    check_change(VK_CALL_SINGLE, 0, 0x00, "0xe9ae5c53");
    check_change(VK_CALL_SINGLE, MODE, 0xfe, "call type 0xfe");
    check_change(VK_CALL_SINGLE, MODE, 0x02, "call type 0x02");
    check_change(VK_CALL_SINGLE, MODE + 1, 0x02, "exec type 0x02");
    for (size_t i = 2; i < 32; i++) {
        check_change(VK_CALL_SINGLE, MODE + i, 0x01, "beyond the first two");
    }
    check_change(VK_CALL_SINGLE, OFFSET + 31, 0x60, "canonical");
    check_change(VK_CALL_SINGLE, OFFSET, 0x01, "canonical");
    check_change(VK_CALL_SINGLE, LENGTH, 0xff, "canonical");
    check_change(VK_CALL_SINGLE, LENGTH + 31, 52 + 6, "canonical");
    check_change(VK_CALL_SINGLE, DATA + 52 + 7, 0x01, "canonical");
    check_change(VK_CALL_BATCH, DATA + 31, 0x40, "canonical");
    check_change(VK_CALL_BATCH, DATA + 63, 0x02, "canonical");
    check_change(VK_CALL_BATCH, DATA + 64 + 31, 0x40, "call 1 of the batch");
    check_change(VK_CALL_BATCH, DATA + 96, 0x01, "call 1 of the batch");
}
END_TEST

START_TEST(test_short_inner) {
    static const uint8_t target[20] = {0x01};
    vk_call call = {.data = {target, 0}};
    vk_execution delegate = {.call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = &call};
    vk_buf call_data = encode(&delegate);
    check_round_trip(vk_buf_view(&call_data));
    call_data.data[MODE] = VK_CALL_SINGLE; /* 20 bytes are too few for target || value */
    check_refused(vk_buf_view(&call_data), "shorter");
    vk_buf_clear(&call_data);
}
END_TEST

START_TEST(test_encode_arguments) {
    vk_call calls[2] = {0};
    vk_buf out = {0};
    vk_execution two = {.call_type = VK_CALL_SINGLE, .call_count = 2, .calls = calls};
    ck_assert_int_eq(vk_execution_encode(&two, &out), VK_ERR_ARGUMENT);
    vk_execution other = {.call_type = 0xfe, .call_count = 1, .calls = calls};
    ck_assert_int_eq(vk_execution_encode(&other, &out), VK_ERR_ARGUMENT);
    vk_execution exec = {.exec_type = 2, .call_count = 1, .calls = calls};
    ck_assert_int_eq(vk_execution_encode(&exec, &out), VK_ERR_ARGUMENT);
    vk_execution many = {.call_type = VK_CALL_BATCH, .call_count = VK_CALLS_MAX + 1};
    ck_assert_int_eq(vk_execution_encode(&many, &out), VK_ERR_SIZE);
    calls[0].value = vk_u256_from_u64(1);
    vk_execution lost = {.call_type = VK_CALL_DELEGATE, .call_count = 1, .calls = calls};
    ck_assert_int_eq(vk_execution_encode(&lost, &out), VK_ERR_ARGUMENT);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(test_batch_limit) {
    vk_call *calls = calloc(VK_CALLS_MAX, sizeof *calls);
    ck_assert_ptr_nonnull(calls);
    vk_execution execution = {
        .call_type = VK_CALL_BATCH, .call_count = VK_CALLS_MAX, .calls = calls};
    vk_buf call_data = encode(&execution);
    check_round_trip(vk_buf_view(&call_data));
    call_data.data[DATA + 62]++;
    call_data.data[DATA + 63]++; /* 4096 + 257 calls */
    ck_assert_int_eq(vk_execution_decode(vk_buf_view(&call_data), &execution, NULL), VK_ERR_SIZE);
    vk_buf_clear(&call_data);
    free(calls);
}
END_TEST

START_TEST(test_versions) {
    ck_assert_int_eq(vk_kernel_read("0.3.2"), VK_KERNEL_0_3_2);
    ck_assert_int_eq(vk_kernel_read("0.3.4"), VK_KERNEL_UNKNOWN);
    ck_assert_int_eq(vk_kernel_read(""), VK_KERNEL_UNKNOWN);
    ck_assert_str_eq(vk_kernel_text(VK_KERNEL_0_3_3), "0.3.3");
    ck_assert_str_eq(vk_kernel_text(VK_KERNEL_UNKNOWN), "unknown");
    ck_assert_str_eq(vk_kernel_text((vk_kernel_version)99), "unknown");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kernel");
    TCase *tcase = tcase_create("nonces and calls");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_nonces);
    tcase_add_test(tcase, test_executions);
    tcase_add_test(tcase, test_verdicts);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_changed_bytes);
    tcase_add_test(tcase, test_sentences);
    tcase_add_test(tcase, test_short_inner);
    tcase_add_test(tcase, test_encode_arguments);
    tcase_add_test(tcase, test_batch_limit);
    tcase_add_test(tcase, test_versions);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
