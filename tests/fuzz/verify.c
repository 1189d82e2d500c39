/* The contracts' readers: call data, and signatures of operations and messages. */
#include "fuzz.h"

#include "policy/execute_read.h"

static void inside(vk_bytes view, vk_bytes input) {
    FUZZ_REQUIRE(view.len == 0 ||
                 (view.data >= input.data && view.data + view.len <= input.data + input.len));
}

/* ---- Call data ---- */

static void same_calls(const vk_execution *a, const vk_execution *b) {
    FUZZ_REQUIRE(a->call_type == b->call_type && a->exec_type == b->exec_type);
    FUZZ_REQUIRE(a->call_count == b->call_count);
    for (size_t i = 0; i < a->call_count; i++) {
        FUZZ_REQUIRE(vk_address_equal(&a->calls[i].target, &b->calls[i].target));
        FUZZ_REQUIRE(vk_u256_cmp(&a->calls[i].value, &b->calls[i].value) == 0);
        FUZZ_REQUIRE(a->calls[i].data.data == b->calls[i].data.data);
        FUZZ_REQUIRE(a->calls[i].data.len == b->calls[i].data.len);
    }
}

/* Whatever the strict reader takes, the loose one reads as the same calls. */
static void compare_readers(vk_bytes input, vk_status status, const vk_execution *loose) {
    vk_execution strict;
    if (vk_execution_decode(input, &strict, NULL) != VK_OK) {
        return;
    }
    FUZZ_REQUIRE((status == VK_OK) == !strict.hooked);
    if (status == VK_OK) {
        same_calls(loose, &strict);
    }
    vk_execution_clear(&strict);
}

void fuzz_execute_read(vk_bytes input) {
    vk_execution execution = {.call_count = 77};
    vk_bytes inner = {NULL, 0};
    vk_status status = vk_execute_read(input, &execution, &inner);
    compare_readers(input, status, &execution);
    if (status != VK_OK) {
        FUZZ_REQUIRE(status == VK_ERR_FORMAT || status == VK_ERR_SIZE);
        FUZZ_REQUIRE(execution.call_count == 77 && execution.calls == NULL);
        return;
    }
    vk_call old;
    inside(inner, input);
    for (size_t i = 0; i < execution.call_count; i++) {
        inside(execution.calls[i].data, inner);
    }
    if (vk_execute_old_delegate(inner, &old)) {
        inside(old.data, inner);
    }
    vk_execution_clear(&execution);
}

/* ---- Signatures of a permission ---- */

/* Nobody signed for these. */
static void refused(vk_bytes signer_part) {
    vk_address address = {{1}};
    vk_hash hash = {{2}};
    uint8_t point65[65] = {0x04};
    const vk_signer signers[] = {vk_signer_ecdsa(&address), vk_signer_webauthn(point65, &hash)};
    for (size_t i = 0; i < 2; i++) {
        unsigned unusual = 0;
        vk_error err = {0};
        vk_status status = vk_signer_accepts(&signers[i], &hash, signer_part, &unusual, &err);
        FUZZ_REQUIRE(!fuzz_read_result(status, &err, NULL, 0));
        FUZZ_REQUIRE(status == VK_ERR_SIGNATURE);
    }
}

/* What remains is the end of the signature; without bytes for policies it is all but the 0xff. */
void fuzz_session_part(vk_bytes input) {
    size_t policies = fuzz_choose(&input, VK_POLICIES_MAX + 1);
    unsigned unusual = 0;
    vk_bytes signer_part;
    vk_error err = {0};
    FUZZ_MARK(signer_part);
    vk_status status = vk_permission_signature_read(input, policies, &signer_part, &unusual, &err);
    if (!fuzz_read_result(status, &err, &signer_part, sizeof signer_part)) {
        FUZZ_REQUIRE(status == VK_ERR_SIGNATURE);
        return;
    }
    FUZZ_REQUIRE(unusual == 0 || (unusual == VK_UNUSUAL_POLICY_PART && policies > 0));
    FUZZ_REQUIRE(signer_part.len < input.len);
    FUZZ_REQUIRE(signer_part.data + signer_part.len == input.data + input.len);
    FUZZ_REQUIRE(signer_part.data[-1] == 0xff);
    FUZZ_REQUIRE((unusual == 0) == (signer_part.len + 1 == input.len));
    refused(signer_part);
}

/* ---- Signatures of messages ---- */

/* The writer puts the 0xff of a permission in front of the key's signature. */
static void write_message(vk_bytes input, vk_kernel_version kernel, const vk_message_parts *parts) {
    bool session = parts->signer.plugin == VK_MESSAGE_PERMISSION;
    vk_message message = {.kernel = kernel, .chain_id = 1, .replayable = parts->replayable};
    vk_bytes key_part = parts->part;
    vk_buf out = {0};
    if (session && (key_part.len == 0 || key_part.data[0] != 0xff)) {
        return;
    }
    key_part.data += session ? 1 : 0;
    key_part.len -= session ? 1 : 0;
    FUZZ_REQUIRE(vk_message_signature(&message, &parts->signer, key_part, &out, NULL) == VK_OK);
    FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&out), input));
    vk_buf_clear(&out);
}

void fuzz_message_parts(vk_bytes input) {
    static const vk_kernel_version kernels[] = {VK_KERNEL_0_3_0, VK_KERNEL_0_3_1, VK_KERNEL_0_3_2,
                                                VK_KERNEL_0_3_3};
    vk_kernel_version kernel = kernels[fuzz_choose(&input, 4)];
    vk_message_parts parts;
    vk_error err = {0};
    FUZZ_MARK(parts);
    vk_status status = vk_message_signature_read(kernel, input, &parts, &err);
    if (!fuzz_read_result(status, &err, &parts, sizeof parts)) {
        FUZZ_REQUIRE(status == VK_ERR_SIGNATURE);
        return;
    }
    inside(parts.part, input);
    FUZZ_REQUIRE(!parts.replayable || kernel >= VK_KERNEL_0_3_2);
    write_message(input, kernel, &parts);
}

/* ---- Assertions ---- */

static bool accepts(vk_bytes encoded, const vk_hash *challenge, const uint8_t point65[65],
                    bool patched, vk_webauthn_form *form) {
    vk_error err = {0};
    FUZZ_MARK(*form);
    vk_status status = vk_webauthn_accepts(encoded, challenge, point65, patched, form, &err);
    FUZZ_REQUIRE(fuzz_read_result(status, &err, NULL, 0) || status == VK_ERR_SIGNATURE);
    FUZZ_REQUIRE(*form <= VK_WEBAUTHN_DUMMY && (!patched || *form != VK_WEBAUTHN_DUMMY));
    return status == VK_OK;
}

/* The strict verifier takes just the usual ones; the unpatched contract takes more by dummies. */
void fuzz_any_assertion(vk_bytes input) {
    vk_hash challenge;
    uint8_t point65[65] = {0x04};
    if (input.len < 96) {
        return;
    }
    memcpy(challenge.b, input.data, 32);
    memcpy(point65 + 1, input.data + 32, 64);
    vk_bytes encoded = {input.data + 96, input.len - 96};
    vk_webauthn_form form, old_form;
    bool good = accepts(encoded, &challenge, point65, true, &form);
    bool old_good = accepts(encoded, &challenge, point65, false, &old_form);
    bool strict = vk_webauthn_verify(encoded, &challenge, point65, NULL) == VK_OK;
    FUZZ_REQUIRE(strict == (good && form == VK_WEBAUTHN_USUAL));
    FUZZ_REQUIRE(!good || (old_good && old_form == form));
    FUZZ_REQUIRE(!old_good || good || old_form == VK_WEBAUTHN_DUMMY);
}
