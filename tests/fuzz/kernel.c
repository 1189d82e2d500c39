/* Kernel accounts: calls, factory data, owners, approvals, serialized accounts, grants. */
#include "fuzz.h"

#include "policy/operation_text.h"

/* What people read of it: one line a call, whatever is in it. */
static void check_words(const vk_scene *scene, const vk_call *call) {
    vk_buf words = {0};
    vk_put_call(&words, scene, call);
    for (size_t i = 0; i < vk_call_words(call); i++) {
        vk_put_call_word(&words, call, i);
    }
    FUZZ_REQUIRE(words.len <= 4000);
    for (size_t i = 0; i < words.len; i++) {
        FUZZ_REQUIRE(words.data[i] >= 0x20 && words.data[i] < 0x7f);
    }
    vk_buf_clear(&words);
}

static void describe(vk_bytes input) {
    vk_userop op = {.entry_point = VK_ENTRY_POINT_0_7, .call_data = input};
    vk_operation_calls calls;
    vk_scene scene = {.chain_id = 1};
    vk_call whole = {.data = input};
    check_words(&scene, &whole);
    FUZZ_REQUIRE(vk_operation_calls_read(&op, VK_KERNEL_0_3_1, &calls) == VK_OK);
    scene.is_delegate = calls.execution.call_type == VK_CALL_DELEGATE;
    for (size_t i = 0; i < calls.execution.call_count; i++) {
        check_words(&scene, &calls.execution.calls[i]);
    }
    vk_operation_calls_clear(&calls);
}

void fuzz_execution(vk_bytes input) {
    describe(input);
    vk_execution execution;
    vk_error err = {0};
    FUZZ_MARK(execution);
    vk_status status = vk_execution_decode(input, &execution, &err);
    if (!fuzz_read_result(status, &err, &execution, sizeof execution)) {
        return;
    }
    vk_buf out = {0};
    FUZZ_REQUIRE(vk_execution_encode(&execution, &out) == VK_OK);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&out), input));
    vk_buf_clear(&out);
    vk_execution_clear(&execution);
}

void fuzz_factory_data(vk_bytes input) {
    vk_kernel_version hint = (vk_kernel_version)fuzz_choose(&input, VK_KERNEL_0_3_3 + 1);
    vk_account_init init;
    vk_error err = {0};
    FUZZ_MARK(init);
    vk_status status = vk_account_init_read(input, hint, &init, &err);
    if (!fuzz_read_result(status, &err, &init, sizeof init)) {
        return;
    }
    FUZZ_REQUIRE(init.kernel <= VK_KERNEL_0_3_3 && init.root.kind <= VK_ROOT_PASSKEY);
    FUZZ_REQUIRE(init.root.kind != VK_ROOT_PASSKEY ||
                 vk_p256_check_point(init.root.point65) == VK_OK);
}

/* ---- Owners ---- */

/* One point of P-256, its generator. */
static const uint8_t point65[65] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static vk_root choose_root(vk_bytes *input) {
    vk_root root = {.kind = (vk_root_kind)fuzz_choose(input, VK_ROOT_PASSKEY + 1)};
    memcpy(root.point65, point65, sizeof point65);
    return root;
}

void fuzz_enable_data(vk_bytes input) {
    vk_root root = choose_root(&input), before = root;
    vk_error err = {0};
    vk_status status = vk_root_read_enable_data(input, &root, &err);
    if (!fuzz_read_result(status, &err, NULL, 0)) {
        FUZZ_REQUIRE(memcmp(&root, &before, sizeof root) == 0);
    } else if (root.kind != VK_ROOT_UNKNOWN) {
        vk_buf out = {0};
        FUZZ_REQUIRE(vk_root_enable_data(&root, &out) == VK_OK);
        FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&out), input));
        vk_buf_clear(&out);
    }
}

/* Nobody signed for these owners. */
void fuzz_approval(vk_bytes input) {
    vk_root root = choose_root(&input);
    vk_hash digest = {{1}};
    vk_error err = {0};
    vk_status status = vk_enable_verify(&root, &digest, input, &err);
    FUZZ_REQUIRE(!fuzz_read_result(status, &err, NULL, 0));
}

/* ---- What an account answers ---- */

static void read_permission_config(vk_bytes input) {
    vk_permission_config config;
    vk_error err = {0};
    FUZZ_MARK(config);
    vk_status status = vk_manage_read_permission_config(input, &config, &err);
    if (fuzz_read_result(status, &err, &config, sizeof config)) {
        FUZZ_REQUIRE(config.policy_count <= VK_POLICIES_MAX);
        FUZZ_REQUIRE(input.len == 32 * (5 + config.policy_count));
    }
}

static void read_validation_config(vk_bytes input) {
    vk_validation_config config;
    vk_error err = {0};
    FUZZ_MARK(config);
    vk_status status = vk_manage_read_validation_config(input, &config, &err);
    fuzz_read_result(status, &err, &config, sizeof config);
    FUZZ_REQUIRE(status != VK_OK || input.len == 64);
}

static void read_word(vk_bytes input) {
    uint32_t number;
    bool truth;
    vk_error err = {0};
    FUZZ_MARK(number);
    vk_status status = vk_manage_read_u32(input, &number, &err);
    fuzz_read_result(status, &err, &number, sizeof number);
    FUZZ_REQUIRE(status != VK_OK || input.len == 32);
    FUZZ_REQUIRE(vk_manage_read_bool(input, &truth, NULL) != VK_OK ||
                 (status == VK_OK && number == truth));
}

/* Enable data is what is sent to revoke a permission. */
static void check_revoke(vk_bytes input) {
    vk_permission_config config = {.policy_count = fuzz_choose(&input, 4)};
    vk_error err = {0};
    fuzz_read_result(vk_manage_check_revoke(&config, input, &err), &err, NULL, 0);
}

void fuzz_answer(vk_bytes input) {
    static void (*const readers[])(vk_bytes) = {read_permission_config, read_validation_config,
                                                read_word, check_revoke};
    readers[fuzz_choose(&input, 4)](input);
}

/* ---- Sessions ---- */

static vk_buf written(const vk_serialized_account *account) {
    vk_buf out = {0};
    FUZZ_REQUIRE(vk_serialized_write(account, &out) == VK_OK);
    return out;
}

void fuzz_serialized(vk_bytes input) {
    vk_buf text = {0};
    vk_base64_put(&text, input);
    vk_serialized_account account, again;
    vk_error err = {0};
    FUZZ_MARK(account);
    vk_status status = vk_serialized_read((const char *)text.data, text.len, &account, &err);
    if (fuzz_read_result(status, &err, &account, sizeof account)) {
        vk_buf first = written(&account);
        FUZZ_REQUIRE(vk_serialized_read((const char *)first.data, first.len, &again, NULL) ==
                     VK_OK);
        vk_buf second = written(&again);
        FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&first), vk_buf_view(&second)));
        vk_buf_clear(&first);
        vk_buf_clear(&second);
        vk_serialized_clear(&account);
        vk_serialized_clear(&again);
    }
    vk_buf_clear(&text);
}

static void write_grant(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer) {
    vk_buf first = {0}, second = {0};
    vk_grant again;
    FUZZ_REQUIRE(vk_grant_write(grant, &first) == VK_OK);
    FUZZ_REQUIRE(vk_grant_read((const char *)first.data, first.len, policy, signer, &again, NULL) ==
                 VK_OK);
    FUZZ_REQUIRE(vk_grant_write(&again, &second) == VK_OK);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&first), vk_buf_view(&second)));
    vk_grant_clear(&again);
    vk_buf_clear(&first);
    vk_buf_clear(&second);
}

/* The signature has the length that was said before it was made, and the key's part in it. */
static void use_grant(const vk_grant *grant, vk_entry_point version, uint8_t mode) {
    static const uint8_t part[65] = {0}, stub[4] = {0, 0, 0, 1};
    vk_buf session = {0}, whole = {0};
    vk_bytes inner;
    vk_userop op = {.entry_point = version, .signature = {stub, mode % 2 == 0 ? 0 : sizeof stub}};
    op.nonce.be[0] = mode / 2;
    vk_grant_session_part(grant, (vk_bytes){part, sizeof part}, &session);
    FUZZ_REQUIRE(vk_grant_signer_part(grant, vk_buf_view(&session), &inner));
    FUZZ_REQUIRE(inner.len == sizeof part);
    vk_status status = vk_grant_attach(grant, &op, vk_buf_view(&session), &whole);
    if (status == VK_OK) {
        FUZZ_REQUIRE(whole.len == vk_grant_attached_len(grant, &op, session.len));
        FUZZ_REQUIRE(whole.len >= session.len);
        op.signature = vk_buf_view(&whole);
        FUZZ_REQUIRE(vk_grant_detach(grant, &op, &inner, NULL) == VK_OK);
        FUZZ_REQUIRE(vk_bytes_equal(inner, vk_buf_view(&session)));
    }
    vk_buf_clear(&session);
    vk_buf_clear(&whole);
}

/* Any bytes for a signature. */
static void detach(const vk_grant *grant, const vk_policy *policy, const vk_signer *signer,
                   vk_bytes signature) {
    vk_userop op = {.entry_point = grant->entry_point_version, .signature = signature};
    vk_error err;
    vk_bytes part;
    unsigned unusual;
    for (uint8_t mode = 0; mode < 2; mode++) {
        op.nonce.be[0] = mode;
        err = (vk_error){0};
        vk_status status = vk_grant_detach(grant, &op, &part, &err);
        FUZZ_REQUIRE(status == VK_OK || (status == VK_ERR_SIGNATURE && err.status == status));
        FUZZ_REQUIRE(status != VK_OK || (part.len <= signature.len && part.data >= signature.data &&
                                         part.data + part.len <= signature.data + signature.len));
        FUZZ_REQUIRE(vk_grant_accepts(grant, policy, signer, &op, &unusual, NULL) != VK_OK ||
                     status == VK_OK);
    }
}

static void use_in_all_modes(const vk_grant *grant) {
    for (uint8_t mode = 0; mode < 6; mode++) {
        use_grant(grant, grant->entry_point_version, mode);
    }
}

static void read_grant(vk_bytes text, const vk_policy *policy, const vk_signer *signer,
                       vk_bytes signature) {
    vk_grant grant;
    vk_error err = {0};
    FUZZ_MARK(grant);
    vk_status status =
        vk_grant_read((const char *)text.data, text.len, policy, signer, &grant, &err);
    if (fuzz_read_result(status, &err, &grant, sizeof grant)) {
        write_grant(&grant, policy, signer);
        use_in_all_modes(&grant);
        detach(&grant, policy, signer, signature);
        vk_grant_clear(&grant);
    }
    /* The reader without the checks takes at least the same. */
    vk_status checked =
        vk_grant_read_checked((const char *)text.data, text.len, policy, signer, &grant, NULL);
    FUZZ_REQUIRE(status != VK_OK || checked == VK_OK);
    if (checked == VK_OK) {
        use_in_all_modes(&grant);
        vk_grant_clear(&grant);
    }
}

void fuzz_grant(vk_bytes input) {
    static const uint8_t point[65] = {4};
    static const vk_hash any;
    vk_address address;
    if (input.len < sizeof address.b) {
        return;
    }
    memcpy(address.b, input.data, sizeof address.b);
    input = (vk_bytes){input.data + sizeof address.b, input.len - sizeof address.b};
    vk_signer signer = vk_signer_ecdsa(&address);
    vk_bytes policy_text = fuzz_until_nul(&input);
    vk_bytes text = fuzz_until_nul(&input);
    vk_policy policy;
    if (vk_policy_read((const char *)policy_text.data, policy_text.len, &policy, NULL) == VK_OK) {
        vk_signer passkey = vk_signer_webauthn(point, &any);
        read_grant(text, &policy, &signer, input);
        read_grant(text, &policy, &passkey, input);
        vk_policy_clear(&policy);
    }
}
