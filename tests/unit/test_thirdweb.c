/* thirdweb accounts: requests, calls, addresses, messages; what the chain accepted. */
#include "support/vectors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const vk_address zero_address;

static vk_address address_of(uint8_t byte) {
    vk_address out;
    memset(out.b, byte, sizeof out.b);
    return out;
}

static vk_u256 number(uint64_t value) {
    return vk_u256_from_u64(value);
}

static bool equal(const vk_u256 *a, const vk_u256 *b) {
    return vk_u256_cmp(a, b) == 0;
}

/* ---- What the chain did ---- */

#define TARGETS_ROOM 8

/* targets: memory for those of the request. */
static vk_thirdweb_request read_request(const cJSON *json, vk_address targets[TARGETS_ROOM]) {
    const cJSON *item;
    vk_thirdweb_request request = {
        .signer = vectors_address(json, "signer"),
        .is_admin = (uint8_t)vectors_u64(json, "isAdmin"),
        .targets = targets,
        .native_limit = vectors_u256(json, "nativeTokenLimitPerTransaction"),
        .start = vectors_u256(json, "permissionStartTimestamp"),
        .end = vectors_u256(json, "permissionEndTimestamp"),
        .request_start = vectors_u256(json, "reqValidityStartTimestamp"),
        .request_end = vectors_u256(json, "reqValidityEndTimestamp"),
        .uid = vectors_hash(json, "uid"),
    };
    cJSON_ArrayForEach(item, vectors_get(json, "approvedTargets")) {
        ck_assert_uint_lt(request.target_count, TARGETS_ROOM);
        ck_assert_int_eq(vk_address_read(item->valuestring, strlen(item->valuestring),
                                         &targets[request.target_count++]),
                         VK_OK);
    }
    return request;
}

/* Who signed the request of json ("request", "signature"), if the library hashes it. */
static vk_status request_signer(const cJSON *json, uint64_t chain_id, const vk_address *account,
                                vk_address *out) {
    vk_address targets[TARGETS_ROOM];
    uint8_t signature[65];
    vk_thirdweb_hashes hashes;
    vk_thirdweb_request request = read_request(vectors_get(json, "request"), targets);
    vectors_fixed(json, "signature", signature, sizeof signature);
    vk_status status = vk_thirdweb_hash(&request, VK_THIRDWEB_ABI_IS_ADMIN, chain_id, account,
                                        VK_THIRDWEB_ANY_TARGET, &hashes, NULL);
    return status == VK_OK ? vk_ecdsa_recover(&hashes.digest, signature, out) : status;
}

static vk_address admin_of(const cJSON *in) {
    uint8_t secret[32];
    vk_address admin;
    vectors_fixed(in, "adminPrivateKey", secret, sizeof secret);
    ck_assert_int_eq(vk_ecdsa_address(secret, &admin), VK_OK);
    return admin;
}

static void check_address(const cJSON *in, const cJSON *out) {
    vk_address factory = vectors_address(in, "factory"), admin = vectors_address(in, "admin");
    vk_address implementation = vectors_address(in, "implementation"), account;
    vk_address want = vectors_address(out, "address");
    vk_buf data = vectors_bytes(in, "data");
    ck_assert_int_eq(vk_thirdweb_account_address(&factory, &implementation, &admin,
                                                 vk_buf_view(&data), &account),
                     VK_OK);
    ck_assert(vk_address_equal(&account, &want));
    vk_buf_clear(&data);
}

static bool may_call(const vk_thirdweb_request *request, const vk_call *call) {
    bool approved = request->target_count == 1 && vk_address_is_zero(&request->targets[0]);
    for (size_t i = 0; i < request->target_count; i++) {
        approved |= vk_address_equal(&request->targets[i], &call->target);
    }
    return approved && vk_u256_cmp(&call->value, &request->native_limit) <= 0;
}

/* isValidSigner of an active session key, as far as the calls decide. */
static bool valid_calls(const vk_thirdweb_request *request, vk_bytes call_data) {
    vk_thirdweb_calls calls;
    if (vk_thirdweb_calls_decode(call_data, &calls, NULL) != VK_OK) {
        return false;
    }
    bool valid = true;
    for (size_t i = 0; i < calls.count; i++) {
        valid = valid && may_call(request, &calls.calls[i]);
    }
    vk_thirdweb_calls_clear(&calls);
    return valid;
}

static int check_signer(const cJSON *in, const cJSON *out) {
    vk_address account = vectors_address(in, "account"), admin = admin_of(in), signer;
    uint64_t chain_id = vectors_u64(in, "chainId");
    ck_assert_int_eq(request_signer(in, chain_id, &account, &signer), VK_OK);
    ck_assert(vk_address_equal(&signer, &admin));
    vk_hash hash = vectors_hash(in, "hash"), want = vectors_hash(out, "messageHash");
    vk_hash got = vk_thirdweb_message_digest(chain_id, &account, &hash);
    ck_assert_mem_eq(got.b, want.b, 32);
    vk_address targets[TARGETS_ROOM];
    vk_thirdweb_request request = read_request(vectors_get(in, "request"), targets);
    const cJSON *check;
    int calls = 0;
    cJSON_ArrayForEach(check, vectors_get(out, "checks")) {
        if (cJSON_HasObjectItem(check, "callData")) {
            vk_buf call_data = vectors_bytes(check, "callData");
            bool valid = cJSON_IsTrue(vectors_get(check, "valid"));
            ck_assert_msg(valid_calls(&request, vk_buf_view(&call_data)) == valid, "%s",
                          vectors_text(check, "what"));
            vk_buf_clear(&call_data);
            calls++;
        }
    }
    return calls;
}

static int check_steps(const cJSON *in, const cJSON *out) {
    vk_address account = vectors_address(in, "account"), admin = admin_of(in), signer;
    const cJSON *step;
    int steps = 0;
    cJSON_ArrayForEach(step, vectors_get(out, "steps")) {
        const char *what = vectors_text(step, "what");
        vk_status status = request_signer(step, vectors_u64(in, "chainId"), &account, &signer);
        /* The chain takes any isAdmin above 1 for 2; we do not write such a request. */
        bool odd = strcmp(what, "remove admin with 255") == 0;
        ck_assert_int_eq(status, odd ? VK_ERR_RANGE : VK_OK);
        bool by_admin = strcmp(what, "signed by somebody else") != 0;
        ck_assert_msg(odd || vk_address_equal(&signer, &admin) == by_admin, "%s", what);
        steps++;
    }
    return steps;
}

START_TEST(test_chain) {
    cJSON *file = vectors_load("onchain_thirdweb.json");
    const cJSON *one;
    int addresses = 0, calls = 0, steps = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        if (cJSON_HasObjectItem(out, "address")) {
            check_address(in, out);
            addresses++;
        } else if (cJSON_HasObjectItem(out, "checks")) {
            calls += check_signer(in, out);
        } else {
            steps += check_steps(in, out);
        }
    }
    cJSON_Delete(file);
    ck_assert_int_eq(addresses, 4);
    ck_assert_int_eq(calls, 76);
    ck_assert_int_eq(steps, 20);
}
END_TEST

/* ---- Requests ---- */

static vk_thirdweb_request sample_request(const vk_address *targets, size_t count) {
    return (vk_thirdweb_request){.signer = address_of(0x11),
                                 .target_count = count,
                                 .targets = targets,
                                 .native_limit = number(5),
                                 .start = number(1),
                                 .end = number(2),
                                 .request_end = number(3)};
}

static void assert_check(const vk_thirdweb_request *request, vk_thirdweb_abi abi, unsigned allowed,
                         vk_status status, const char *path) {
    static const uint8_t signature[65];
    vk_thirdweb_hashes hashes;
    vk_error err = {0};
    vk_buf call = {0};
    vk_address account = address_of(0x22);
    ck_assert_int_eq(vk_thirdweb_check(request, abi, allowed, &err), status);
    ck_assert_str_eq(err.path, path);
    ck_assert_int_eq(vk_thirdweb_hash(request, abi, 1, &account, allowed, &hashes, NULL), status);
    ck_assert_int_eq(vk_thirdweb_set_permissions(request, abi, allowed, signature, &call, NULL),
                     status);
    ck_assert((call.len > 0) == (status == VK_OK));
    vk_buf_clear(&call);
}

START_TEST(test_any_target) {
    const vk_address targets[] = {zero_address, zero_address, address_of(1)};
    for (size_t count = 0; count <= 3; count++) {
        vk_thirdweb_request request = sample_request(targets, count);
        bool wildcard = count == 1 || count == 2; /* with another target it is an ordinary one */
        for (vk_thirdweb_abi abi = VK_THIRDWEB_ABI_IS_ADMIN; abi <= VK_THIRDWEB_ABI_V1; abi++) {
            assert_check(&request, abi, VK_THIRDWEB_ANY_AMOUNT, wildcard ? VK_ERR_POLICY : VK_OK,
                         wildcard ? "approvedTargets" : "");
            assert_check(&request, abi, VK_THIRDWEB_ANY_TARGET, VK_OK, "");
        }
        request.is_admin = VK_THIRDWEB_REMOVE_ADMIN; /* the contract does not look */
        assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_OK, "");
    }
}
END_TEST

START_TEST(test_any_amount) {
    vk_address target = address_of(1);
    vk_thirdweb_request request = sample_request(&target, 1);
    memset(request.native_limit.be, 0xff, 32);
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, VK_THIRDWEB_ANY_TARGET, VK_ERR_POLICY,
                 "nativeTokenLimitPerTransaction");
    assert_check(&request, VK_THIRDWEB_ABI_V1, 0, VK_ERR_POLICY, "nativeTokenLimitPerTransaction");
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, VK_THIRDWEB_ANY_AMOUNT, VK_OK, "");
    request.native_limit.be[31] = 0xfe;
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_OK, "");
}
END_TEST

START_TEST(test_ranges) {
    vk_address *targets = calloc(VK_THIRDWEB_TARGETS_MAX + 1, sizeof *targets);
    ck_assert_ptr_nonnull(targets);
    targets[0] = address_of(1);
    vk_thirdweb_request request = sample_request(targets, VK_THIRDWEB_TARGETS_MAX);
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_OK, "");
    request.target_count++;
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_ERR_SIZE, "approvedTargets");
    request.target_count = 1;
    request.is_admin = 3;
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_ERR_RANGE, "isAdmin");
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, VK_THIRDWEB_ANY_IS_ADMIN, VK_OK, "");
    assert_check(&request, VK_THIRDWEB_ABI_V1, VK_THIRDWEB_ANY_IS_ADMIN, VK_ERR_RANGE, "isAdmin");
    request.is_admin = VK_THIRDWEB_ADD_ADMIN;
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_OK, "");
    assert_check(&request, VK_THIRDWEB_ABI_V1, 0, VK_ERR_RANGE, "isAdmin");
    const struct {
        vk_u256 *value;
        const char *name;
    } times[] = {{&request.start, "permissionStartTimestamp"},
                 {&request.end, "permissionEndTimestamp"},
                 {&request.request_start, "reqValidityStartTimestamp"},
                 {&request.request_end, "reqValidityEndTimestamp"}};
    for (size_t i = 0; i < 4; i++) {
        memset(times[i].value->be + 16, 0xff, 16);
        assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_OK, "");
        times[i].value->be[15] = 1;
        assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_ERR_RANGE, times[i].name);
        times[i].value->be[15] = 0;
    }
    free(targets);
}
END_TEST

/* ---- Requests as the package makes them ---- */

#define NOW 1795201643u

START_TEST(test_add_session) {
    vk_address signer = address_of(0x11), target = address_of(0x33);
    vk_hash uid = {{9}};
    vk_thirdweb_request request;
    vk_thirdweb_permissions permissions = {.target_count = 1, .targets = &target};
    ck_assert_int_eq(vk_thirdweb_add_session(&signer, &permissions, NOW, &uid, &request, NULL),
                     VK_OK);
    vk_u256 end = number(2110561643);
    ck_assert(vk_u256_is_zero(&request.start) && vk_u256_is_zero(&request.native_limit));
    ck_assert(equal(&request.end, &end) && equal(&request.request_end, &end));
    ck_assert(vk_u256_is_zero(&request.request_start));
    ck_assert(vk_address_equal(&request.signer, &signer));
    ck_assert_uint_eq(request.is_admin, VK_THIRDWEB_SET_PERMISSIONS);
    ck_assert_uint_eq(request.target_count, 1);
    ck_assert_mem_eq(request.uid.b, uid.b, 32);
    permissions = (vk_thirdweb_permissions){.any_target = true,
                                            .limit_ether = "0.1",
                                            .start_ms = 1650000000999,
                                            .has_end = true,
                                            .end_ms = 1999};
    ck_assert_int_eq(vk_thirdweb_add_session(&signer, &permissions, NOW, &uid, &request, NULL),
                     VK_OK);
    vk_u256 start = number(1650000000), one = number(1), tenth = number(100000000000000000);
    ck_assert(equal(&request.start, &start) && equal(&request.end, &one));
    ck_assert(equal(&request.native_limit, &tenth));
    assert_check(&request, VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_ERR_POLICY, "approvedTargets");
}
END_TEST

START_TEST(test_bad_ether) {
    static const struct {
        const char *text;
        vk_status status;
    } cases[] = {{"", VK_ERR_FORMAT},
                 {"-1", VK_ERR_FORMAT},
                 {"1e3", VK_ERR_FORMAT},
                 {"1.", VK_ERR_FORMAT},
                 {".5", VK_ERR_FORMAT},
                 {"0x1", VK_ERR_FORMAT},
                 {"0.0000000000000000001", VK_ERR_RANGE},
                 {"115792089237316195423570985008687907853269984665640564039458", VK_ERR_RANGE}};
    vk_address signer = address_of(1);
    vk_hash uid = {{0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vk_thirdweb_permissions permissions = {.limit_ether = cases[i].text};
        vk_thirdweb_request request = {.is_admin = 77};
        vk_error err = {0};
        ck_assert_int_eq(vk_thirdweb_add_session(&signer, &permissions, NOW, &uid, &request, &err),
                         cases[i].status);
        ck_assert_str_eq(err.path, "nativeTokenLimitPerTransaction");
        ck_assert_uint_eq(request.is_admin, 77);
    }
}
END_TEST

/* Removing takes both requests, the admin first: permissions of an admin cannot be set. */
START_TEST(test_remove_all) {
    vk_address signer = address_of(1);
    vk_hash uids[2] = {{{1}}, {{2}}};
    vk_thirdweb_request both[2];
    vk_thirdweb_remove_all(&signer, NOW, uids, both);
    ck_assert_uint_eq(both[0].is_admin, VK_THIRDWEB_REMOVE_ADMIN);
    ck_assert_uint_eq(both[1].is_admin, VK_THIRDWEB_SET_PERMISSIONS);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_mem_eq(both[i].uid.b, uids[i].b, 32);
        ck_assert_uint_eq(both[i].target_count, 0);
        ck_assert(vk_u256_is_zero(&both[i].end) && vk_u256_is_zero(&both[i].native_limit));
        assert_check(&both[i], VK_THIRDWEB_ABI_IS_ADMIN, 0, VK_OK, "");
    }
    vk_thirdweb_request added = vk_thirdweb_add_admin(&signer, NOW, uids);
    ck_assert_uint_eq(added.is_admin, VK_THIRDWEB_ADD_ADMIN);
}
END_TEST

/* ---- Calls ---- */

static const uint8_t some_data[70] = {1, 2, 3};

static vk_thirdweb_calls sample_calls(vk_call *calls, size_t count, bool batch) {
    for (size_t i = 0; i < count; i++) {
        calls[i] = (vk_call){address_of((uint8_t)(i + 1)), number(i), {some_data, 33 * i}};
    }
    return (vk_thirdweb_calls){.batch = batch, .count = count, .calls = calls};
}

static void assert_same_calls(const vk_thirdweb_calls *a, const vk_thirdweb_calls *b) {
    ck_assert(a->batch == b->batch);
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        ck_assert(vk_address_equal(&a->calls[i].target, &b->calls[i].target));
        ck_assert(equal(&a->calls[i].value, &b->calls[i].value));
        ck_assert(vk_bytes_equal(a->calls[i].data, b->calls[i].data));
    }
}

/* Cut anywhere it is refused, or read as what the contract reads, never as canonical. */
static void check_truncated(vk_bytes whole, bool batch) {
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *copy = malloc(len + 1);
        vk_thirdweb_calls calls;
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, whole.data, len);
        vk_status status = vk_thirdweb_calls_decode((vk_bytes){copy, len}, &calls, NULL);
        bool readable = batch ? len >= whole.len - 31 : len >= 68;
        ck_assert_msg(status == (readable ? VK_OK : VK_ERR_FORMAT), "cut to %zu", len);
        if (status == VK_OK) {
            ck_assert(!calls.canonical);
            vk_thirdweb_calls_clear(&calls);
        }
        free(copy);
    }
}

START_TEST(test_calls_round_trip) {
    vk_call calls[3];
    for (size_t count = 0; count <= 3; count++) {
        for (int batch = count != 1; batch <= 1; batch++) {
            vk_thirdweb_calls in = sample_calls(calls, count, batch), out;
            vk_buf call_data = {0};
            ck_assert_int_eq(vk_thirdweb_calls_encode(&in, &call_data), VK_OK);
            ck_assert_int_eq(vk_thirdweb_calls_decode(vk_buf_view(&call_data), &out, NULL), VK_OK);
            ck_assert(out.canonical);
            assert_same_calls(&in, &out);
            vk_thirdweb_calls_clear(&out);
            vk_buf_put_byte(&call_data, 0);
            ck_assert_int_eq(vk_thirdweb_calls_decode(vk_buf_view(&call_data), &out, NULL), VK_OK);
            ck_assert(!out.canonical);
            vk_thirdweb_calls_clear(&out);
            vk_buf_clear(&call_data);
        }
    }
}
END_TEST

START_TEST(test_calls_truncated) {
    vk_call calls[2];
    for (int batch = 0; batch <= 1; batch++) {
        vk_thirdweb_calls in = sample_calls(calls, batch ? 2 : 1, batch);
        calls[in.count - 1].data = (vk_bytes){some_data, 33}; /* 31 bytes of padding */
        vk_buf call_data = {0};
        ck_assert_int_eq(vk_thirdweb_calls_encode(&in, &call_data), VK_OK);
        check_truncated(vk_buf_view(&call_data), batch);
        vk_buf_clear(&call_data);
    }
}
END_TEST

START_TEST(test_calls_arguments) {
    vk_call calls[2];
    vk_buf out = {0};
    vk_thirdweb_calls two = sample_calls(calls, 2, false);
    ck_assert_int_eq(vk_thirdweb_calls_encode(&two, &out), VK_ERR_ARGUMENT);
    vk_thirdweb_calls many = {.batch = true, .count = VK_CALLS_MAX + 1};
    many.calls = calloc(many.count, sizeof *many.calls);
    ck_assert_ptr_nonnull(many.calls);
    ck_assert_int_eq(vk_thirdweb_calls_encode(&many, &out), VK_ERR_SIZE);
    ck_assert_uint_eq(out.len, 0);
    many.count--;
    ck_assert_int_eq(vk_thirdweb_calls_encode(&many, &out), VK_OK);
    vk_buf_clear(&out);
    vk_thirdweb_calls_clear(&many);
}
END_TEST

static bool is_value(size_t word) {
    return word == 7 || word == 8;
}

/* One word of batch calldata replaced: what the decoder of the contract says to it. */
static vk_status decode_with(size_t word, uint8_t first, uint8_t last) {
    vk_call calls[2];
    vk_thirdweb_calls in = sample_calls(calls, 2, true), out;
    vk_buf call_data = {0};
    ck_assert_int_eq(vk_thirdweb_calls_encode(&in, &call_data), VK_OK);
    uint8_t *at = call_data.data + 4 + 32 * word;
    at[0] = first;
    at[31] = last;
    vk_status status = vk_thirdweb_calls_decode(vk_buf_view(&call_data), &out, NULL);
    if (status == VK_OK) {
        ck_assert(out.canonical == is_value(word));
        vk_thirdweb_calls_clear(&out);
    }
    vk_buf_clear(&call_data);
    return status;
}

START_TEST(test_calls_hostile) {
    for (size_t word = 0; word < 14; word++) { /* all but the values may not have upper bits */
        vk_status want = is_value(word) ? VK_OK : VK_ERR_FORMAT;
        ck_assert_msg(decode_with(word, 0xff, 0) == want, "word %zu", word);
    }
    ck_assert_int_eq(decode_with(3, 0, 3), VK_ERR_FORMAT); /* more targets than values */
    ck_assert_int_eq(decode_with(3, 0, 1), VK_OK);         /* fewer: the rest is ignored */
    ck_assert_int_eq(decode_with(9, 0, 1), VK_OK);         /* fewer data: that call has none */
    ck_assert_int_eq(decode_with(11, 0, 0x40), VK_OK);     /* both calls share one data */
    ck_assert_int_eq(decode_with(9, 0, 0xff), VK_ERR_FORMAT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("thirdweb");
    TCase *tests = tcase_create("thirdweb");
    tcase_add_test(tests, test_chain);
    tcase_add_test(tests, test_any_target);
    tcase_add_test(tests, test_any_amount);
    tcase_add_test(tests, test_ranges);
    tcase_add_test(tests, test_add_session);
    tcase_add_test(tests, test_bad_ether);
    tcase_add_test(tests, test_remove_all);
    tcase_add_test(tests, test_calls_round_trip);
    tcase_add_test(tests, test_calls_truncated);
    tcase_add_test(tests, test_calls_arguments);
    tcase_add_test(tests, test_calls_hostile);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
