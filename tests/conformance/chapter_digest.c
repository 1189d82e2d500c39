/* C_DigestInit, C_Digest, C_DigestUpdate, C_DigestFinal. */
#include "calls.h"

#include <string.h>

static CK_BYTE out[64];

static CK_RV init_by(context *c, CK_MECHANISM *mechanism) {
    return f->C_DigestInit(c->session, mechanism);
}

static CK_RV init_null(context *c) {
    return init_by(c, NULL);
}

static CK_RV init_type(context *c) {
    CK_MECHANISM mechanism = {c->row->value, NULL, 0};
    return init_by(c, &mechanism);
}

static CK_RV init_parameter(context *c) {
    CK_MECHANISM mechanism = {CKM_SHA256, digest32, 8};
    return init_by(c, &mechanism);
}

static CK_RV init_null_parameter(context *c) {
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 8};
    return init_by(c, &mechanism);
}

static CK_RV init_empty_parameter(context *c) {
    CK_MECHANISM mechanism = {CKM_SHA256, digest32, 0};
    return init_by(c, &mechanism);
}

static CK_RV init_twice(context *c) {
    CK_ULONG len = sizeof out;
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = digest_init(c);
    expect_rv(f->C_Digest(c->session, digest32, 32, out, &len), CKR_OK, "C_Digest afterwards");
    return rv;
}

/* 3.0: without a mechanism an operation that is active is cancelled. */
static CK_RV init_cancels(context *c) {
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = init_by(c, NULL);
    expect_rv(digest_init(c), rv == CKR_OK ? CKR_OK : CKR_OPERATION_ACTIVE, "C_DigestInit");
    return rv;
}

static CK_RV digest(context *c, CK_BYTE *data, CK_ULONG len) {
    CK_ULONG out_len = sizeof out;
    return f->C_Digest(c->session, data, len, out, &out_len);
}

static CK_RV final(context *c) {
    CK_ULONG out_len = sizeof out;
    return f->C_DigestFinal(c->session, out, &out_len);
}

static CK_RV digest_twice(context *c) {
    need(digest_init(c), "C_DigestInit");
    need(digest(c, digest32, 32), "C_Digest");
    return digest(c, digest32, 32);
}

static CK_RV digest_after_update(context *c) {
    need(digest_init(c), "C_DigestInit");
    need(f->C_DigestUpdate(c->session, digest32, 32), "C_DigestUpdate");
    return digest(c, digest32, 32);
}

static CK_RV final_after_whole(context *c) {
    expect(digest_after_update(c) != CKR_OK, "C_Digest gave CKR_OK");
    return final(c);
}

static CK_RV update_after_final(context *c) {
    need(digest_init(c), "C_DigestInit");
    need(f->C_DigestUpdate(c->session, digest32, 32), "C_DigestUpdate");
    need(final(c), "C_DigestFinal");
    return f->C_DigestUpdate(c->session, digest32, 32);
}

static CK_RV final_twice(context *c) {
    need(digest_init(c), "C_DigestInit");
    need(final(c), "C_DigestFinal");
    return final(c);
}

static CK_RV null_data(context *c) {
    need(digest_init(c), "C_DigestInit");
    return digest(c, NULL, 32);
}

static CK_RV null_part(context *c) {
    need(digest_init(c), "C_DigestInit");
    return f->C_DigestUpdate(c->session, NULL, 32);
}

static CK_RV null_len(context *c) {
    need(digest_init(c), "C_DigestInit");
    return f->C_Digest(c->session, digest32, 32, out, NULL);
}

static CK_RV null_len_final(context *c) {
    need(digest_init(c), "C_DigestInit");
    return f->C_DigestFinal(c->session, out, NULL);
}

static const CK_BYTE of_nothing[32] = {
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
static const CK_BYTE of_abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                   0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                   0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
static CK_BYTE abc[] = {'a', 'b', 'c'};

static CK_RV after_failed_init(context *c) {
    need(digest_init(c), "C_DigestInit");
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    expect(init_by(c, &mechanism) != CKR_OK, "C_DigestInit gave CKR_OK");
    CK_RV rv = digest(c, abc, 3);
    expect(memcmp(out, of_abc, 32) == 0, "another digest");
    return rv;
}

/* An error other than CKR_BUFFER_TOO_SMALL ends the operation. */
static CK_RV after_error(context *c) {
    need(digest_init(c), "C_DigestInit");
    expect_rv(f->C_DigestUpdate(c->session, NULL, 32), CKR_ARGUMENTS_BAD, "C_DigestUpdate");
    return f->C_DigestUpdate(c->session, digest32, 32);
}

static CK_RV value_of_nothing(context *c) {
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = digest(c, NULL, 0);
    expect(rv != CKR_OK || memcmp(out, of_nothing, 32) == 0, "another digest");
    return rv;
}

static CK_RV value_of_no_parts(context *c) {
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = final(c);
    expect(rv != CKR_OK || memcmp(out, of_nothing, 32) == 0, "another digest");
    return rv;
}

static CK_RV value(context *c) {
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = digest(c, abc, 3);
    expect(memcmp(out, of_abc, 32) == 0, "another digest");
    return rv;
}

static CK_RV value_of_parts(context *c) {
    need(digest_init(c), "C_DigestInit");
    need(f->C_DigestUpdate(c->session, abc, 1), "C_DigestUpdate");
    need(f->C_DigestUpdate(c->session, abc + 1, 2), "C_DigestUpdate");
    CK_RV rv = final(c);
    expect(memcmp(out, of_abc, 32) == 0, "another digest");
    return rv;
}

/* Every digest mechanism gives as many bytes as it says, and no others. */
static CK_RV length_of(context *c) {
    CK_MECHANISM mechanism = {c->row->value, NULL, 0};
    CK_BYTE bytes[65];
    CK_ULONG len = 0, wanted = (CK_ULONG)(uintptr_t)c->row->data;
    must_have(c, c->row->value);
    need(init_by(c, &mechanism), "C_DigestInit");
    need(f->C_Digest(c->session, abc, 3, NULL, &len), "C_Digest");
    expect(len == wanted, "%lu bytes, not %lu", len, wanted);
    memset(bytes, 0x5a, sizeof bytes);
    CK_RV rv = f->C_Digest(c->session, abc, 3, bytes, &len);
    expect(len == wanted && bytes[wanted] == 0x5a, "it wrote further");
    return rv;
}

static CK_RV two_sessions(context *c) {
    context other = *c;
    other.session = must_open(c->slot, false);
    need(digest_init(c), "C_DigestInit");
    CK_RV rv = digest_init(&other);
    need(f->C_DigestUpdate(other.session, digest32, 32), "C_DigestUpdate");
    expect_rv(digest(c, abc, 3), CKR_OK, "C_Digest");
    expect(memcmp(out, of_abc, 32) == 0, "another digest");
    return rv;
}

#define CONDITION(name, text, answer, what, ...)                                                   \
    ROW(name, text, answer, PUBLIC_RO, what, __VA_ARGS__)
#define NOT_ACTIVE IS(CKR_OPERATION_NOT_INITIALIZED)

static const row rows[] = {
    CONDITION(C_DigestInit, "NULL mechanism",
              IS(CKR_ARGUMENTS_BAD, CKR_MECHANISM_INVALID, CKR_OPERATION_NOT_INITIALIZED),
              init_null),
    CONDITION(C_DigestInit, "a mechanism that is none", IS(CKR_MECHANISM_INVALID), init_type,
              .value = 0x7ffffff1),
    CONDITION(C_DigestInit, "a mechanism that signs", IS(CKR_MECHANISM_INVALID), init_type,
              .value = CKM_ECDSA),
    CONDITION(C_DigestInit, "a mechanism that makes keys", IS(CKR_MECHANISM_INVALID), init_type,
              .value = CKM_EC_KEY_PAIR_GEN),
    /* Modules that look at no parameter because there is none do no harm. */
    CONDITION(C_DigestInit, "a parameter where none belongs",
              IS(CKR_MECHANISM_PARAM_INVALID, CKR_OK), init_parameter),
    CONDITION(C_DigestInit, "NULL parameter with a length",
              IS(CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD, CKR_OK), init_null_parameter),
    CONDITION(C_DigestInit, "a parameter without a length", IS(CKR_OK, CKR_MECHANISM_PARAM_INVALID),
              init_empty_parameter),
    CONDITION(C_DigestInit, "twice", IS(CKR_OPERATION_ACTIVE), init_twice),
    CONDITION(C_DigestInit, "NULL mechanism, a digest is active",
              IS(CKR_OK, CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE), init_cancels),
    CONDITION(C_DigestInit, "in two sessions", IS(CKR_OK), two_sessions),

    CONDITION(C_Digest, "without C_DigestInit", NOT_ACTIVE, call_C_Digest),
    CONDITION(C_DigestUpdate, "without C_DigestInit", NOT_ACTIVE, call_C_DigestUpdate),
    CONDITION(C_DigestFinal, "without C_DigestInit", NOT_ACTIVE, call_C_DigestFinal),
    CONDITION(C_Digest, "twice", NOT_ACTIVE, digest_twice),
    CONDITION(C_DigestFinal, "twice", NOT_ACTIVE, final_twice),
    CONDITION(C_DigestUpdate, "after C_DigestFinal", NOT_ACTIVE, update_after_final),
    CONDITION(C_Digest, "after C_DigestUpdate",
              IS(CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_FUNCTION_FAILED),
              digest_after_update),
    CONDITION(C_Digest, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_data),
    CONDITION(C_DigestUpdate, "NULL data with a length", IS(CKR_ARGUMENTS_BAD), null_part),
    CONDITION(C_Digest, "NULL length", IS(CKR_ARGUMENTS_BAD), null_len),
    CONDITION(C_DigestFinal, "NULL length", IS(CKR_ARGUMENTS_BAD), null_len_final),
    /* SoftHSM2 goes on after bad arguments. */
    CONDITION(C_DigestUpdate, "after an error", IS(CKR_OPERATION_NOT_INITIALIZED, CKR_OK),
              after_error),
    CONDITION(C_Digest, "after another C_DigestInit failed", IS(CKR_OK), after_failed_init),
    CONDITION(C_Digest, "nothing", IS(CKR_OK, CKR_ARGUMENTS_BAD), value_of_nothing),
    CONDITION(C_DigestFinal, "no parts", IS(CKR_OK), value_of_no_parts),
    CONDITION(C_Digest, "three bytes", IS(CKR_OK), value),
    CONDITION(C_DigestFinal, "parts", IS(CKR_OK), value_of_parts),
    CONDITION(C_Digest, "length of CKM_SHA_1", IS(CKR_OK), length_of, .value = CKM_SHA_1,
              .data = (const void *)20),
    CONDITION(C_Digest, "length of CKM_SHA224", IS(CKR_OK), length_of, .value = CKM_SHA224,
              .data = (const void *)28),
    CONDITION(C_Digest, "length of CKM_SHA256", IS(CKR_OK), length_of, .value = CKM_SHA256,
              .data = (const void *)32),
    CONDITION(C_Digest, "length of CKM_SHA384", IS(CKR_OK), length_of, .value = CKM_SHA384,
              .data = (const void *)48),
    CONDITION(C_Digest, "length of CKM_SHA512", IS(CKR_OK), length_of, .value = CKM_SHA512,
              .data = (const void *)64),
    /* The error ends what began in parts. */
    CONDITION(C_DigestFinal, "after C_Digest that came after C_DigestUpdate", NOT_ACTIVE,
              final_after_whole),
};

CHAPTER(digest);
