#include "browser.h"

#include "message_support.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <stdio.h>
#include <string.h>

/* ---- Passkeys ---- */

static vk_buf bare_hex(const cJSON *object, const char *name) {
    vk_buf text = {0};
    vk_buf_printf(&text, "0x%s", vectors_text(object, name));
    char *prefixed = vk_buf_take_text(&text);
    vk_buf out = vectors_hex(prefixed);
    vk_text_free(prefixed);
    return out;
}

browser browser_open(int number) {
    char name[32];
    snprintf(name, sizeof name, "webauthn/s%02d.json", number);
    browser b = {.vector = vectors_load(name)};
    b.registration = vectors_get(b.vector, "registration");
    vk_buf der = bare_hex(b.vector, "testOnlyPrivateKeyPkcs8");
    const unsigned char *at = der.data;
    b.key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
    ck_assert_ptr_nonnull(b.key);
    vk_buf_clear(&der);
    return b;
}

void browser_close(browser *b) {
    EVP_PKEY_free(b->key);
    cJSON_Delete(b->vector);
}

/* ---- Registrations ---- */

void registration_set(registration *r, CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len) {
    CK_ULONG i = 0;
    while (i < r->count && r->templ[i].type != type) {
        i++;
    }
    r->count += i == r->count ? 1 : 0;
    r->templ[i] = (CK_ATTRIBUTE){type, (void *)(uintptr_t)value, len};
}

void registration_drop(registration *r, CK_ATTRIBUTE_TYPE type) {
    CK_ULONG kept = 0;
    for (CK_ULONG i = 0; i < r->count; i++) {
        if (r->templ[i].type != type) {
            r->templ[kept++] = r->templ[i];
        }
    }
    r->count = kept;
}

static void set_text(registration *r, CK_ATTRIBUTE_TYPE type, const char *text) {
    registration_set(r, type, text, strlen(text));
}

registration registration_of(const browser *b) {
    registration r = {.attestation = bare_hex(b->registration, "attestationObject"),
                      .challenge = bare_hex(b->registration, "challenge")};
    registration_set(&r, CKA_CLASS, &class_public, sizeof class_public);
    registration_set(&r, CKA_KEY_TYPE, &type_ec, sizeof type_ec);
    registration_set(&r, CKA_TOKEN, &yes, sizeof yes);
    set_text(&r, CKA_LABEL, "k");
    set_text(&r, CKA_ID, "browser");
    set_text(&r, CKA_VALETKEY_POLICY, BROWSER_POLICY);
    set_text(&r, CKA_VALETKEY_RP_ID, vectors_text(b->vector, "rpId"));
    set_text(&r, CKA_VALETKEY_ORIGIN, vectors_text(b->vector, "origin"));
    set_text(&r, CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
             vectors_text(b->registration, "clientDataJSON"));
    registration_set(&r, CKA_VALETKEY_ATTESTATION, r.attestation.data, r.attestation.len);
    registration_set(&r, CKA_VALETKEY_REGISTRATION_CHALLENGE, r.challenge.data, r.challenge.len);
    return r;
}

void registration_clear(registration *r) {
    vk_buf_clear(&r->attestation);
    vk_buf_clear(&r->challenge);
}

CK_RV registration_create(CK_SESSION_HANDLE session, registration *r, CK_OBJECT_HANDLE *out) {
    return f->C_CreateObject(session, r->templ, r->count, out);
}

CK_OBJECT_HANDLE browser_import(CK_SESSION_HANDLE session, const browser *b) {
    CK_OBJECT_HANDLE key;
    registration r = registration_of(b);
    ck_assert_int_eq(registration_create(session, &r, &key), CKR_OK);
    registration_clear(&r);
    return key;
}

/* ---- Assertions ---- */

static vk_hash digest_of(const answer *a) {
    vk_hash digest;
    ck_assert_int_eq(
        vk_webauthn_digest(vk_buf_view(&a->auth_data), vk_buf_view(&a->client_data), &digest),
        VK_OK);
    return digest;
}

void answer_sign(const browser *b, answer *a) {
    uint8_t der[VK_P256_DER_MAX];
    size_t len = sizeof der;
    vk_hash digest = digest_of(a);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(b->key, NULL);
    ck_assert_int_eq(EVP_PKEY_sign_init(context), 1);
    ck_assert_int_eq(EVP_PKEY_sign(context, der, &len, digest.b, sizeof digest.b), 1);
    EVP_PKEY_CTX_free(context);
    vk_buf_clear(&a->signature);
    vk_buf_put(&a->signature, der, len);
}

static bool has_high_s(const answer *a) {
    uint8_t signature64[64], low32[32];
    ck_assert_int_eq(vk_p256_signature_read(vk_buf_view(&a->signature), signature64, NULL), VK_OK);
    memcpy(low32, signature64 + 32, sizeof low32);
    vk_p256_lower_s(low32);
    return memcmp(low32, signature64 + 32, sizeof low32) != 0;
}

void answer_sign_high(const browser *b, answer *a) {
    do {
        answer_sign(b, a);
    } while (!has_high_s(a));
}

/* The text with the new challenge where the old one stood. */
static void put_client_data(const char *text, const vk_hash *from, const vk_hash *to, vk_buf *out) {
    vk_buf old = {0};
    vk_base64url_put(&old, (vk_bytes){from->b, sizeof from->b});
    char *needle = vk_buf_take_text(&old);
    const char *at = strstr(text, needle);
    ck_assert_ptr_nonnull(at);
    vk_buf_put(out, text, (size_t)(at - text));
    vk_base64url_put(out, (vk_bytes){to->b, sizeof to->b});
    vk_buf_put_text(out, at + strlen(needle));
    vk_text_free(needle);
}

answer browser_answer(const browser *b, int index, const vk_hash *challenge) {
    const cJSON *made = cJSON_GetArrayItem(vectors_get(b->vector, "assertions"), index);
    vk_buf hash = bare_hex(made, "userOpHash");
    answer a = {.auth_data = bare_hex(made, "authenticatorData")};
    vk_hash before;
    memcpy(before.b, hash.data, sizeof before.b);
    put_client_data(vectors_text(made, "clientDataJSON"), &before, challenge, &a.client_data);
    vk_buf_clear(&hash);
    answer_sign(b, &a);
    return a;
}

void answer_clear(answer *a) {
    vk_buf_clear(&a->auth_data);
    vk_buf_clear(&a->client_data);
    vk_buf_clear(&a->signature);
}

/* ---- Operations ---- */

/* USDC to somebody, in the account of the first owner. */
static void set_members(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, bool is_first,
                        uint64_t sequence, cJSON *op) {
    uint8_t id[4];
    char account[43], nonce[67];
    vk_address address = account_of_owner(0);
    vk_address_text(&address, account);
    get_value(session, key, CKA_VALETKEY_PERMISSION_ID, id, sizeof id);
    snprintf(nonce, sizeof nonce, "0x%02x02%02x%02x%02x%02x%032x0000%016llx", is_first ? 1 : 0,
             id[0], id[1], id[2], id[3], 0, (unsigned long long)sequence);
    cJSON_DeleteItemFromObject(op, "factory");
    cJSON_DeleteItemFromObject(op, "factoryData");
    cJSON_ReplaceItemInObject(op, "sender", cJSON_CreateString(account));
    cJSON_ReplaceItemInObject(op, "nonce", cJSON_CreateString(nonce));
}

operation operation_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, bool is_first,
                       uint64_t sequence) {
    cJSON *file = vectors_load("session/passkey.json");
    cJSON *first = cJSON_GetArrayItem(vectors_get(file, "operations"), 0);
    cJSON *op = cJSON_GetObjectItemCaseSensitive(first, "userOp");
    vk_userop parsed;
    operation out;
    vk_buf text = {0};
    set_members(session, key, is_first, sequence, op);
    char *printed = cJSON_PrintUnformatted(op);
    vk_buf_put_text(&text, printed);
    cJSON_free(printed);
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    ck_assert_int_eq(vk_userop_read_json(vk_buf_view(&text), VK_ENTRY_POINT_0_7, &parsed, NULL),
                     VK_OK);
    ck_assert_int_eq(vk_userop_hash(&parsed, CHAIN, &entry_point, &out.hash), VK_OK);
    vk_userop_clear(&parsed);
    cJSON_Delete(file);
    out.json = vk_buf_take_text(&text);
    return out;
}

static void put_member(const char *name, const vk_buf *bytes, vk_buf *out) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_base64url_put(out, vk_buf_view(bytes));
    vk_buf_put_byte(out, '"');
}

char *payload_of(const operation *op, const answer *a, const char *extra) {
    vk_buf out = {0};
    vk_buf_printf(&out,
                  "{\"chainId\":%d,\"entryPoint\":\"0x0000000071727De22E5E9d8BAf0edAc6f37da032"
                  "\",\"userOp\":",
                  CHAIN);
    vk_buf_put_text(&out, op->json);
    vk_buf_put_text(&out, ",\"assertion\":{");
    put_member("authenticatorData", &a->auth_data, &out);
    vk_buf_put_byte(&out, ',');
    put_member("clientDataJSON", &a->client_data, &out);
    vk_buf_put_byte(&out, ',');
    put_member("signature", &a->signature, &out);
    vk_buf_put_text(&out, "}");
    vk_buf_put_text(&out, extra);
    vk_buf_put_text(&out, "}");
    return vk_buf_take_text(&out);
}
