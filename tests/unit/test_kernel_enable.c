/* Permissions, their approval by the owner, and the signatures around it. */
#include "kernel_support.h"

#include "eth/abi.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

static uint16_t flag_of(const cJSON *object) {
    uint8_t be[2];
    vectors_fixed(object, "flag", be, sizeof be);
    return (uint16_t)(be[0] << 8 | be[1]);
}

/* ---- permission.json ---- */

static void check_permission(const cJSON *in, const cJSON *out) {
    vk_signer signer = kernel_signer(vectors_get(in, "signer"));
    signer.contract = vectors_address(out, "signerContract"); /* older ones too */
    kernel_entries entries = kernel_entries_of(vectors_get(in, "policies"));
    vk_buf data = {0};
    uint8_t id4[4];
    ck_assert_int_eq(vk_permission_enable_data(&entries.view, &signer, flag_of(in), &data), VK_OK);
    kernel_check_hex(vk_buf_view(&data), vectors_text(out, "enableData"));
    ck_assert_int_eq(vk_permission_id(&entries.view, &signer, flag_of(in), id4), VK_OK);
    kernel_check_hex((vk_bytes){id4, sizeof id4}, vectors_text(out, "permissionId"));
    vk_buf_clear(&data);
    kernel_entries_clear(&entries);
}

START_TEST(test_permissions) {
    cJSON *file = vectors_load("permission.json");
    const cJSON *one;
    size_t count = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_permission(vectors_get(one, "in"), vectors_get(one, "out"));
        count++;
    }
    ck_assert_uint_eq(count, 31);
    cJSON_Delete(file);
}
END_TEST

START_TEST(test_permission_limits) {
    static vk_bytes items[VK_POLICIES_MAX + 1];
    vk_address address = {{1}};
    vk_signer signer = vk_signer_ecdsa(&address);
    vk_policy_entries entries = {.count = VK_POLICIES_MAX, .entries = items};
    vk_buf out = {0};
    uint8_t id4[4];
    ck_assert_int_eq(vk_permission_enable_data(&entries, &signer, 0, &out), VK_OK);
    entries.count++;
    ck_assert_int_eq(vk_permission_enable_data(&entries, &signer, 0, &out), VK_ERR_SIZE);
    ck_assert_int_eq(vk_permission_id(&entries, &signer, 0, id4), VK_ERR_SIZE);
    signer.kind = (vk_signer_kind)3;
    entries.count = 0;
    ck_assert_int_eq(vk_permission_id(&entries, &signer, 0, id4), VK_ERR_ARGUMENT);
    vk_buf_clear(&out);
}
END_TEST

/* ---- enable.json ---- */

static vk_root root_of(const cJSON *in) {
    const char *sudo = vectors_text(in, "sudo");
    vk_root root = {.validator = vectors_address(in, "sudoValidator")};
    if (strcmp(sudo, "passkey") == 0) {
        root.kind = VK_ROOT_PASSKEY;
        kernel_passkey_point(vectors_get(in, "ownerPasskey"), root.point65);
        return root;
    }
    /* The vectors do not tell the owner's address: it is who signs a digest with that key. */
    root.kind = strcmp(sudo, "multichain") == 0 ? VK_ROOT_MULTI_CHAIN : VK_ROOT_ECDSA;
    vk_hash digest = {{1}};
    uint8_t signature65[65];
    kernel_sign(in, "ownerPrivateKey", &digest, signature65);
    ck_assert_int_eq(vk_ecdsa_recover(&digest, signature65, &root.owner), VK_OK);
    return root;
}

/* 0xff || what the session key makes of the operation's hash. */
static vk_buf session_part(const cJSON *in, const cJSON *out) {
    vk_hash hash = vectors_hash(out, "userOpHash");
    vk_buf signer_part = {0}, part = {0};
    if (cJSON_GetObjectItemCaseSensitive(in, "sessionAssertion") != NULL) {
        signer_part =
            kernel_assertion(vectors_get(in, "sessionAssertion"), vectors_u64(in, "chainId"));
    } else {
        uint8_t signature65[65];
        vk_hash digest = vk_eip191_hash(&hash);
        kernel_sign(vectors_get(in, "signer"), "sessionPrivateKey", &digest, signature65);
        vk_buf_put(&signer_part, signature65, sizeof signature65);
    }
    vk_permission_signature(vk_buf_view(&signer_part), &part);
    vk_buf_clear(&signer_part);
    return part;
}

static vk_buf enable_data_of(const cJSON *in, vk_enable *enable) {
    kernel_entries entries = kernel_entries_of(vectors_get(in, "policies"));
    vk_signer signer = kernel_signer(vectors_get(in, "signer"));
    vk_buf data = {0};
    ck_assert_int_eq(vk_permission_enable_data(&entries.view, &signer, flag_of(in), &data), VK_OK);
    ck_assert_int_eq(vk_permission_id(&entries.view, &signer, flag_of(in), enable->permission_id),
                     VK_OK);
    enable->enable_data = vk_buf_view(&data);
    kernel_entries_clear(&entries);
    return data;
}

static void check_typed_data(const vk_enable *enable, const cJSON *expected) {
    vk_buf text = {0};
    ck_assert_int_eq(vk_enable_typed_data(enable, &text), VK_OK);
    cJSON *json = cJSON_ParseWithLength((const char *)text.data, text.len);
    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(vectors_text(json, "primaryType"), "Enable");
    ck_assert_int_eq(cJSON_GetArraySize(vectors_get(vectors_get(json, "types"), "EIP712Domain")),
                     4);
    ck_assert_int_eq(cJSON_GetArraySize(vectors_get(vectors_get(json, "types"), "Enable")), 6);
    const cJSON *domain = vectors_get(json, "domain"), *told = vectors_get(expected, "domain");
    ck_assert_str_eq(vectors_text(domain, "name"), "Kernel");
    ck_assert_str_eq(vectors_text(domain, "version"), vectors_text(told, "version"));
    ck_assert_uint_eq(vectors_u64(domain, "chainId"), vectors_u64(told, "chainId"));
    const cJSON *message = vectors_get(json, "message"), *member;
    size_t members = 0;
    cJSON_ArrayForEach(member, vectors_get(expected, "message")) {
        const cJSON *own = vectors_get(message, member->string);
        bool same = cJSON_IsNumber(own) ? own->valuedouble == (double)enable->nonce
                                        : cJSON_Compare(own, member, true);
        ck_assert_msg(same, "%s", member->string);
        members++;
    }
    ck_assert_uint_eq(members, 6);
    cJSON_Delete(json);
    vk_buf_clear(&text);
}

static vk_enable enable_of(const cJSON *in, const cJSON *out) {
    const cJSON *action = vectors_get(out, "action");
    const cJSON *message = vectors_get(vectors_get(out, "enable"), "message");
    vk_enable enable = {.kernel = vk_kernel_read(vectors_text(in, "kernelVersion")),
                        .chain_id = vectors_u64(in, "chainId"),
                        .account = vectors_address(in, "account"),
                        .nonce = (uint32_t)vectors_u64(message, "nonce"),
                        .hook = vectors_address(message, "hook"),
                        .action_target = vectors_address(action, "address")};
    vectors_fixed(action, "selector", enable.selector, sizeof enable.selector);
    enable.action_hook =
        vk_enable_action_hook(enable.kernel, enable.selector, &enable.action_target);
    return enable;
}

/* The signature comes apart into what it was made of. */
static void check_parts(const vk_enable *enable, vk_bytes approval, vk_bytes session,
                        vk_bytes signature) {
    vk_enable_parts parts;
    ck_assert_int_eq(vk_enable_signature_read(signature, &parts, NULL), VK_OK);
    ck_assert(vk_address_equal(&parts.hook, &enable->hook));
    ck_assert(vk_bytes_equal(parts.enable_data, enable->enable_data));
    ck_assert(vk_bytes_equal(parts.hook_data, enable->hook_data));
    ck_assert_mem_eq(parts.selector, enable->selector, 4);
    ck_assert(vk_address_equal(&parts.action_target, &enable->action_target));
    ck_assert(vk_address_equal(&parts.action_hook, &enable->action_hook));
    ck_assert(vk_bytes_equal(parts.approval, approval));
    ck_assert(vk_bytes_equal(parts.session_part, session));
}

static void check_enable(const cJSON *in, const cJSON *out) {
    vk_enable enable = enable_of(in, out);
    vk_buf data = enable_data_of(in, &enable), signature = {0};
    const cJSON *expected = vectors_get(out, "enable");
    kernel_check_hex((vk_bytes){enable.permission_id, 4}, vectors_text(out, "permissionId"));
    kernel_check_hex(vk_buf_view(&data), vectors_text(out, "enableData"));
    uint8_t selector_data[VK_SELECTOR_DATA_LEN];
    vk_enable_selector_data(&enable, selector_data);
    kernel_check_hex((vk_bytes){selector_data, sizeof selector_data},
                     vectors_text(vectors_get(expected, "message"), "selectorData"));
    vk_hash digest;
    vk_enable_hashes hashes;
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_OK);
    kernel_check_hex((vk_bytes){digest.b, sizeof digest.b}, vectors_text(expected, "digest"));
    ck_assert_int_eq(vk_enable_hash(&enable, &hashes), VK_OK);
    kernel_check_hex((vk_bytes){hashes.struct_hash.b, 32}, vectors_text(expected, "structHash"));
    kernel_check_hex((vk_bytes){hashes.domain_separator.b, 32},
                     vectors_text(expected, "domainSeparator"));
    check_typed_data(&enable, expected);

    vk_root root = root_of(in);
    vk_buf approval = vectors_bytes(out, "enableSignature");
    ck_assert_int_eq(vk_enable_verify(&root, &digest, vk_buf_view(&approval), NULL), VK_OK);
    vk_buf part = session_part(in, out);
    kernel_check_hex(vk_buf_view(&part), vectors_text(out, "userOpSignature"));
    ck_assert_int_eq(
        vk_enable_signature(&enable, vk_buf_view(&approval), vk_buf_view(&part), &signature),
        VK_OK);
    kernel_check_hex(vk_buf_view(&signature), vectors_text(out, "signature"));
    ck_assert_uint_eq(signature.len, vk_enable_signature_len(&enable, approval.len, part.len));
    check_parts(&enable, vk_buf_view(&approval), vk_buf_view(&part), vk_buf_view(&signature));
    vk_buf_clear(&data);
    vk_buf_clear(&approval);
    vk_buf_clear(&part);
    vk_buf_clear(&signature);
}

static void check_installed(const cJSON *in, const cJSON *out) {
    vk_enable enable = {0};
    vk_buf data = enable_data_of(in, &enable), part = session_part(in, out);
    kernel_check_hex((vk_bytes){enable.permission_id, 4}, vectors_text(out, "permissionId"));
    kernel_check_hex(vk_buf_view(&part), vectors_text(out, "signature"));
    vk_buf_clear(&data);
    vk_buf_clear(&part);
}

START_TEST(test_enable) {
    cJSON *file = vectors_load("enable.json");
    const cJSON *one;
    size_t enabled = 0, installed = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        const cJSON *in = vectors_get(one, "in"), *out = vectors_get(one, "out");
        if (cJSON_GetObjectItem(out, "enable") == NULL) {
            check_installed(in, out);
            installed++;
        } else {
            check_enable(in, out);
            enabled++;
        }
    }
    ck_assert_uint_eq(enabled, 22);
    ck_assert_uint_eq(installed, 4);
    cJSON_Delete(file);
}
END_TEST

START_TEST(test_unknown_kernel) {
    vk_enable enable = {.kernel = VK_KERNEL_UNKNOWN};
    vk_hash digest;
    vk_buf text = {0};
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_enable_typed_data(&enable, &text), VK_ERR_UNSUPPORTED);
    ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(test_kernels_without_permissions) {
    vk_enable enable = {.kernel = VK_KERNEL_0_2_4};
    vk_enable_hashes hashes;
    vk_buf text = {0};
    ck_assert_int_eq(vk_enable_hash(&enable, &hashes), VK_ERR_UNSUPPORTED);
    ck_assert_int_eq(vk_enable_typed_data(&enable, &text), VK_ERR_UNSUPPORTED);
    ck_assert_uint_eq(text.len, 0);
}
END_TEST

START_TEST(test_action_hook) {
    static const uint8_t execute[4] = {0xe9, 0xae, 0x5c, 0x53}, other[4] = {0xe9, 0xae, 0x5c, 0x54};
    vk_address none = {{0}}, target = {{1}};
    vk_address hook = vk_enable_action_hook(VK_KERNEL_0_3_0, other, &none);
    kernel_check_hex((vk_bytes){hook.b, 20}, "0xb230f0a1c7c95fa11001647383c8c7a8f316b900");
    hook = vk_enable_action_hook(VK_KERNEL_0_3_0, execute, &target);
    ck_assert(!vk_address_is_zero(&hook));
    hook = vk_enable_action_hook(VK_KERNEL_0_3_0, execute, &none);
    ck_assert(vk_address_is_zero(&hook));
    for (int kernel = VK_KERNEL_0_3_1; kernel <= VK_KERNEL_0_3_3; kernel++) {
        hook = vk_enable_action_hook((vk_kernel_version)kernel, other, &target);
        ck_assert(vk_address_is_zero(&hook));
    }
}
END_TEST

static vk_buf small_signature(void) {
    static const uint8_t data[3] = {1, 2, 3}, approval[65] = {4}, part[66] = {0xff};
    vk_enable enable = {.hook = {{7}},
                        .enable_data = {data, sizeof data},
                        .hook_data = {data, 1},
                        .selector = {0xe9, 0xae, 0x5c, 0x53},
                        .action_hook = {{9}}};
    vk_buf out = {0};
    ck_assert_int_eq(vk_enable_signature(&enable, (vk_bytes){approval, sizeof approval},
                                         (vk_bytes){part, sizeof part}, &out),
                     VK_OK);
    return out;
}

/* Cut anywhere, or with any byte changed that belongs to the encoding: refused, and out untouched.
 */
START_TEST(test_hostile_signatures) {
    vk_buf whole = small_signature();
    vk_enable_parts parts;
    vk_error err = {0};
    ck_assert_int_eq(vk_enable_signature_read(vk_buf_view(&whole), &parts, NULL), VK_OK);
    vk_enable_parts before = parts;
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, whole.data, len);
        ck_assert_int_eq(vk_enable_signature_read((vk_bytes){exact, len}, &parts, &err),
                         VK_ERR_FORMAT);
        ck_assert_str_eq(err.path, "signature");
        free(exact);
    }
    for (size_t i = 20; i < 20 + 5 * VK_WORD; i++) {
        whole.data[i] ^= 0x80;
        ck_assert_int_eq(vk_enable_signature_read(vk_buf_view(&whole), &parts, &err),
                         VK_ERR_FORMAT);
        whole.data[i] ^= 0x80;
    }
    ck_assert_mem_eq(&parts, &before, sizeof parts);
    vk_buf_put_zeros(&whole, VK_WORD);
    ck_assert_int_eq(vk_enable_signature_read(vk_buf_view(&whole), &parts, &err), VK_ERR_FORMAT);
    vk_buf_clear(&whole);
}
END_TEST

/* ---- What the chain said of approvals ---- */

/* A refused approval shows in the first operation; otherwise that one failed for its own reasons.
 */
static bool chain_approved(const cJSON *one) {
    const cJSON *step = vectors_get(one, "steps")->child;
    const char *reason = vectors_text(vectors_get(step, "verdict"), "reason");
    return strstr(reason, "EnableNotApproved") == NULL;
}

static vk_enable enable_of_verdict(const cJSON *one) {
    const cJSON *told = vectors_get(one, "enable");
    vk_enable enable = {.kernel = vk_kernel_read(vectors_text(one, "kernelVersion")),
                        .chain_id = vectors_u64(one, "chainId"),
                        .account = vectors_address(one, "account"),
                        .nonce = 1, /* what the account's currentNonce() is */
                        .hook = vectors_address(told, "hook"),
                        .selector = {0xe9, 0xae, 0x5c, 0x53}};
    vectors_fixed(one, "permissionId", enable.permission_id, 4);
    return enable;
}

/* The account sees what the first operation carries, tampered with or not: hook || abi(enableData,
 * hookData, selectorData, approval, session part). */
static vk_buf first_signature(const cJSON *one, vk_enable *enable, vk_bytes *approval) {
    vk_buf whole =
        vectors_bytes(vectors_get(vectors_get(one, "steps")->child, "userOp"), "signature");
    vk_bytes body = {whole.data + 20, whole.len - 20}, selector_data, part;
    uint8_t own[VK_SELECTOR_DATA_LEN];
    vk_buf again = {0};
    ck_assert_int_eq(vk_abi_bytes(body, 0 * VK_WORD, &enable->enable_data), VK_OK);
    ck_assert_int_eq(vk_abi_bytes(body, 1 * VK_WORD, &enable->hook_data), VK_OK);
    ck_assert_int_eq(vk_abi_bytes(body, 2 * VK_WORD, &selector_data), VK_OK);
    ck_assert_int_eq(vk_abi_bytes(body, 3 * VK_WORD, approval), VK_OK);
    ck_assert_int_eq(vk_abi_bytes(body, 4 * VK_WORD, &part), VK_OK);
    vk_enable_selector_data(enable, own);
    ck_assert(vk_bytes_equal(selector_data, (vk_bytes){own, sizeof own}));
    ck_assert_int_eq(vk_enable_signature(enable, *approval, part, &again), VK_OK);
    ck_assert(vk_bytes_equal(vk_buf_view(&again), vk_buf_view(&whole)));
    vk_buf_clear(&again);
    return whole;
}

static bool check_verdict(const cJSON *one) {
    const cJSON *told = vectors_get(one, "enable");
    vk_enable enable = enable_of_verdict(one);
    vk_bytes approval;
    vk_buf whole = first_signature(one, &enable, &approval);
    kernel_check_hex(approval, vectors_text(told, "signature"));
    vk_root root = {.kind = VK_ROOT_ECDSA,
                    .owner = vectors_address(vectors_get(told, "owner"), "address")};
    vk_hash digest;
    vk_error err = {0};
    ck_assert_int_eq(vk_enable_digest(&enable, &digest), VK_OK);
    vk_status status = vk_enable_verify(&root, &digest, approval, &err);
    ck_assert(status == VK_OK || status == VK_ERR_SIGNATURE);
    ck_assert_msg((status == VK_OK) == chain_approved(one), "%s: %s", vectors_text(one, "id"),
                  err.message);
    vk_hash signed_digest = vectors_hash(told, "digest");
    ck_assert(status != VK_OK || memcmp(signed_digest.b, digest.b, 32) == 0);
    vk_buf_clear(&whole);
    return status == VK_OK;
}

START_TEST(test_verdicts) {
    cJSON *file = vectors_load("verdicts/enable.json");
    const cJSON *one;
    size_t approved = 0, refused = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        *(check_verdict(one) ? &approved : &refused) += 1;
    }
    ck_assert_uint_eq(approved, 14);
    ck_assert_uint_eq(refused, 10);
    cJSON_Delete(file);
}
END_TEST

/* ---- Merkle approvals ---- */

static void check_signatures(const cJSON *one, size_t *count) {
    const cJSON *in = vectors_get(one, "in"), *op, *signature;
    vk_root root = {.kind = VK_ROOT_MULTI_CHAIN, .owner = vectors_address(in, "ownerAddress")};
    vk_hash hashes[64];
    size_t leaves = 0, i = 0;
    cJSON_ArrayForEach(op, vectors_get(in, "userOps")) {
        ck_assert_uint_lt(leaves, 64);
        hashes[leaves++] = vectors_hash(op, "userOpHash");
    }
    cJSON_ArrayForEach(signature, vectors_get(vectors_get(one, "out"), "signatures")) {
        vk_buf bytes = vectors_hex(signature->valuestring);
        ck_assert_int_eq(vk_enable_verify(&root, &hashes[i], vk_buf_view(&bytes), NULL), VK_OK);
        vk_hash other = hashes[i++];
        other.b[31] ^= 1;
        ck_assert_int_eq(vk_enable_verify(&root, &other, vk_buf_view(&bytes), NULL),
                         VK_ERR_SIGNATURE);
        vk_buf_clear(&bytes);
        *count += 1;
    }
    ck_assert_uint_eq(i, leaves);
}

START_TEST(test_merkle) {
    cJSON *file = vectors_load("multichain.json");
    const cJSON *one;
    size_t count = 0, cases = 0;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_signatures(one, &count);
        cases++;
    }
    ck_assert_uint_eq(cases, 12);
    ck_assert_uint_eq(count, 92);
    cJSON_Delete(file);
}
END_TEST

typedef struct merkle_example {
    vk_root root;
    vk_hash digest;
    vk_buf signature;
} merkle_example;

static merkle_example new_merkle(void) {
    cJSON *file = vectors_load("multichain.json");
    const cJSON *one = cJSON_GetArrayItem(vectors_get(file, "cases"), 1);
    const cJSON *in = vectors_get(one, "in");
    merkle_example out = {
        .root = {.kind = VK_ROOT_MULTI_CHAIN, .owner = vectors_address(in, "ownerAddress")},
        .digest = vectors_hash(vectors_get(in, "userOps")->child, "userOpHash"),
        .signature =
            vectors_hex(vectors_get(vectors_get(one, "out"), "signatures")->child->valuestring)};
    cJSON_Delete(file);
    return out;
}

/* Every part of it matters, and no prefix is enough. */
START_TEST(test_merkle_malformed) {
    merkle_example e = new_merkle();
    ck_assert_int_eq(vk_enable_verify(&e.root, &e.digest, vk_buf_view(&e.signature), NULL), VK_OK);
    for (size_t i = 0; i < e.signature.len; i++) {
        vk_error err = {0};
        e.signature.data[i] ^= 0x01;
        ck_assert_int_eq(vk_enable_verify(&e.root, &e.digest, vk_buf_view(&e.signature), &err),
                         VK_ERR_SIGNATURE);
        ck_assert_int_ne(err.message[0], '\0');
        e.signature.data[i] ^= 0x01;
    }
    for (size_t len = 0; len < e.signature.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, e.signature.data, len);
        ck_assert_int_eq(vk_enable_verify(&e.root, &e.digest, (vk_bytes){copy, len}, NULL),
                         VK_ERR_SIGNATURE);
        free(copy);
    }
    vk_buf_put_zeros(&e.signature, 32);
    ck_assert_int_eq(vk_enable_verify(&e.root, &e.digest, vk_buf_view(&e.signature), NULL),
                     VK_ERR_SIGNATURE);
    vk_buf_clear(&e.signature);
}
END_TEST

/* A plain ECDSA validator takes no merkle form, and nobody speaks for an unknown one. */
START_TEST(test_other_roots) {
    merkle_example e = new_merkle();
    vk_error err = {0};
    e.root.kind = VK_ROOT_ECDSA;
    ck_assert_int_eq(vk_enable_verify(&e.root, &e.digest, vk_buf_view(&e.signature), &err),
                     VK_ERR_SIGNATURE);
    ck_assert_ptr_nonnull(strstr(err.message, "225 bytes"));
    e.root.kind = VK_ROOT_UNKNOWN;
    ck_assert_int_eq(vk_enable_verify(&e.root, &e.digest, vk_buf_view(&e.signature), NULL),
                     VK_ERR_UNSUPPORTED);
    vk_buf_clear(&e.signature);
}
END_TEST

/* Over the digest and over its personal-message hash; v of 0 and 1 is refused. */
START_TEST(test_plain_approvals) {
    cJSON *file = vectors_load("session/ecdsa.json");
    const cJSON *owner = vectors_get(file, "owner");
    vk_root root = {.kind = VK_ROOT_ECDSA, .owner = vectors_address(owner, "address")};
    vk_hash digest = {{7}}, personal = vk_eip191_hash(&digest);
    uint8_t signature65[65];
    vk_bytes view = {signature65, sizeof signature65};
    vk_root_kind kinds[] = {VK_ROOT_ECDSA, VK_ROOT_MULTI_CHAIN};
    for (size_t i = 0; i < 2; i++) {
        root.kind = kinds[i];
        kernel_sign(owner, "privateKey", &digest, signature65);
        ck_assert_int_eq(vk_enable_verify(&root, &digest, view, NULL), VK_OK);
        kernel_sign(owner, "privateKey", &personal, signature65);
        ck_assert_int_eq(vk_enable_verify(&root, &digest, view, NULL), VK_OK);
        signature65[64] = (uint8_t)(signature65[64] - 27);
        ck_assert_int_eq(vk_enable_verify(&root, &digest, view, NULL), VK_ERR_SIGNATURE);
    }
    cJSON_Delete(file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("kernel");
    TCase *tcase = tcase_create("permissions and approvals");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_permissions);
    tcase_add_test(tcase, test_permission_limits);
    tcase_add_test(tcase, test_enable);
    tcase_add_test(tcase, test_unknown_kernel);
    tcase_add_test(tcase, test_kernels_without_permissions);
    tcase_add_test(tcase, test_action_hook);
    tcase_add_test(tcase, test_hostile_signatures);
    tcase_add_test(tcase, test_verdicts);
    tcase_add_test(tcase, test_merkle);
    tcase_add_test(tcase, test_merkle_malformed);
    tcase_add_test(tcase, test_other_roots);
    tcase_add_test(tcase, test_plain_approvals);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
