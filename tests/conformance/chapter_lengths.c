/*
 * The convention of every function that gives something of a length: without a buffer the length is
 * given; a buffer that is too short is CKR_BUFFER_TOO_SMALL, and the length is given; in both cases
 * the operation goes on.
 */
#include "calls.h"

#include <string.h>

/* A function of the convention: what goes before the call, and the call. */
typedef struct giver {
    void (*begin)(context *c);
    CK_RV (*give)(context *c, void *out, CK_ULONG *len);
    size_t item;    /* bytes of what is counted */
    CK_ULONG count; /* 0: as many as there are */
    bool goes_on;   /* there is an operation, which the answer ends */
} giver;

#define ROOM_MAX 8192

/* ---- Functions ---- */

static void nothing(context *c) {
    (void)c;
}

static CK_RV slot_list(context *c, void *out, CK_ULONG *len) {
    (void)c;
    return f->C_GetSlotList(CK_TRUE, out, len);
}

static CK_RV mechanism_list(context *c, void *out, CK_ULONG *len) {
    return f->C_GetMechanismList(c->slot, out, len);
}

static void interfaces(context *c) {
    (void)c;
    if (get_interface_list == NULL) {
        skip("the module has no interfaces");
    }
}

static CK_RV interface_list(context *c, void *out, CK_ULONG *len) {
    (void)c;
    return get_interface_list(out, len);
}

static void begin_digest(context *c) {
    need(digest_init(c), "C_DigestInit");
}

static void begin_digest_parts(context *c) {
    need(digest_init(c), "C_DigestInit");
    need(f->C_DigestUpdate(c->session, digest32, 32), "C_DigestUpdate");
}

static CK_RV digest(context *c, void *out, CK_ULONG *len) {
    return f->C_Digest(c->session, digest32, sizeof digest32, out, len);
}

static CK_RV digest_final(context *c, void *out, CK_ULONG *len) {
    return f->C_DigestFinal(c->session, out, len);
}

static void begin_ecdsa(context *c) {
    (void)begin_sign(c, CKM_ECDSA);
}

static void begin_hashed(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
}

static void begin_parts(context *c) {
    (void)begin_sign(c, CKM_ECDSA_SHA256);
    need(f->C_SignUpdate(c->session, digest32, 32), "C_SignUpdate");
}

/* On the token, where ours signs nothing without a policy, and others know no such attribute. */
static pair token_pair(context *c) {
    static char sudo[] = "[{\"type\":\"sudo\"}]";
    CK_ATTRIBUTE public_templ[] = {{CKA_EC_PARAMS, curves[P256].oid, curves[P256].oid_len},
                                   ATTR(CKA_TOKEN, yes)};
    CK_ATTRIBUTE private_templ[] = {ATTR(CKA_TOKEN, yes), ATTR(CKA_SIGN, yes),
                                    TEXT(CKA_VALETKEY_POLICY, sudo)};
    pair keys;
    CK_RV rv = try_pair(c, public_templ, 2, private_templ, 3, &keys);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
        rv = try_pair(c, public_templ, 2, private_templ, 2, &keys);
    }
    need(rv, "C_GenerateKeyPair");
    return keys;
}

static void begin_token(context *c) {
    need(sign_init(c, CKM_ECDSA, token_pair(c).private_key), "C_SignInit");
}

static void begin_token_parts(context *c) {
    must_have(c, CKM_ECDSA_SHA256);
    need(sign_init(c, CKM_ECDSA_SHA256, token_pair(c).private_key), "C_SignInit");
    need(f->C_SignUpdate(c->session, digest32, 32), "C_SignUpdate");
}

static CK_RV sign(context *c, void *out, CK_ULONG *len) {
    return f->C_Sign(c->session, digest32, sizeof digest32, out, len);
}

static CK_RV sign_final(context *c, void *out, CK_ULONG *len) {
    return f->C_SignFinal(c->session, out, len);
}

static void begin_messages(context *c) {
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
    CK_FUNCTION_LIST_3_0 *table = g();
    need(table->C_MessageSignInit(c->session, &mechanism, make_pair(c, P256).private_key),
         "C_MessageSignInit");
}

static void begin_message_parts(context *c) {
    begin_messages(c);
    need(g()->C_SignMessageBegin(c->session, NULL, 0), "C_SignMessageBegin");
    need(g()->C_SignMessageNext(c->session, NULL, 0, digest32, 16, NULL, NULL),
         "C_SignMessageNext");
}

static CK_RV sign_message(context *c, void *out, CK_ULONG *len) {
    return g()->C_SignMessage(c->session, NULL, 0, digest32, sizeof digest32, out, len);
}

static CK_RV sign_last_part(context *c, void *out, CK_ULONG *len) {
    return g()->C_SignMessageNext(c->session, NULL, 0, digest32 + 16, 16, out, len);
}

static const giver of_slots = {nothing, slot_list, sizeof(CK_SLOT_ID), 0, false},
                   of_mechanisms = {nothing, mechanism_list, sizeof(CK_MECHANISM_TYPE), 0, false},
                   of_interfaces = {interfaces, interface_list, sizeof(CK_INTERFACE), 0, false},
                   of_digest = {begin_digest, digest, 1, 32, true},
                   of_digest_final = {begin_digest_parts, digest_final, 1, 32, true},
                   of_sign = {begin_ecdsa, sign, 1, 64, true},
                   of_sign_hashed = {begin_hashed, sign, 1, 64, true},
                   of_sign_final = {begin_parts, sign_final, 1, 64, true},
                   of_token = {begin_token, sign, 1, 64, true},
                   of_token_final = {begin_token_parts, sign_final, 1, 64, true},
                   of_message = {begin_messages, sign_message, 1, 64, false},
                   of_last_part = {begin_message_parts, sign_last_part, 1, 64, true};

/* ---- The convention ---- */

static CK_BYTE room[ROOM_MAX];

static CK_ULONG ask(context *c, const giver *of) {
    CK_ULONG len = 0;
    need(of->give(c, NULL, &len), "the question for the length");
    expect(of->count == 0 || len == of->count, "the length is %lu", len);
    expect(len > 0 && len * of->item < ROOM_MAX, "the length is %lu", len);
    return len;
}

/* What is behind the answer stays as it was. */
static CK_RV give_into(context *c, const giver *of, CK_ULONG len, CK_ULONG right) {
    CK_ULONG got = len;
    memset(room, 0xa5, sizeof room);
    CK_RV rv = of->give(c, room, &got);
    expect(got == right, "the length is %lu, not %lu", got, right);
    size_t written = rv == CKR_OK ? right * of->item : 0;
    bool clean = true;
    for (size_t i = written; i < sizeof room; i++) {
        clean = clean && room[i] == 0xa5;
    }
    expect(clean, "it writes behind what it has to give");
    return rv;
}

static CK_RV no_buffer(context *c) {
    const giver *of = c->row->data;
    of->begin(c);
    CK_ULONG len = c->row->value;
    CK_RV rv = of->give(c, NULL, &len);
    expect(of->count == 0 || len == of->count, "the length is %lu", len);
    expect_rv(give_into(c, of, len, len), CKR_OK, "the same with a buffer");
    return rv;
}

/* As many items as the row says are missing. */
static CK_RV short_buffer(context *c) {
    const giver *of = c->row->data;
    of->begin(c);
    CK_ULONG len = ask(c, of), less = c->row->value;
    CK_RV rv = give_into(c, of, less < len ? len - less : 0, len);
    expect_rv(give_into(c, of, len, len), CKR_OK, "the same with a buffer that fits");
    return rv;
}

static CK_RV empty_buffer(context *c) {
    const giver *of = c->row->data;
    of->begin(c);
    CK_ULONG len = ask(c, of);
    return give_into(c, of, 0, len);
}

/* Without asking first. */
static CK_RV fitting_buffer(context *c) {
    const giver *of = c->row->data;
    of->begin(c);
    CK_ULONG len = of->count != 0 ? of->count : ask(c, of);
    CK_RV rv = give_into(c, of, len, len);
    if (of->goes_on) {
        CK_ULONG again = len;
        expect_rv(of->give(c, room, &again), CKR_OPERATION_NOT_INITIALIZED, "the same again");
    }
    return rv;
}

static CK_RV larger_buffer(context *c) {
    const giver *of = c->row->data;
    of->begin(c);
    CK_ULONG len = ask(c, of);
    return give_into(c, of, c->row->value == 0 ? len + 1 : c->row->value, len);
}

#define GIVER(name, text, of)                                                                      \
    ROW(name, text "no buffer", IS(CKR_OK), USER_RW, no_buffer, .data = &(of)),                    \
        ROW(name, text "no buffer, and a length is given", IS(CKR_OK), USER_RW, no_buffer,         \
            .data = &(of), .value = ~0UL),                                                         \
        ROW(name, text "a buffer one short", IS(CKR_BUFFER_TOO_SMALL), USER_RW, short_buffer,      \
            .data = &(of), .value = 1),                                                            \
        ROW(name, text "a buffer of none", IS(CKR_BUFFER_TOO_SMALL), USER_RW, empty_buffer,        \
            .data = &(of)),                                                                        \
        ROW(name, text "a buffer that just fits", IS(CKR_OK), USER_RW, fitting_buffer,             \
            .data = &(of)),                                                                        \
        ROW(name, text "a larger buffer", IS(CKR_OK), USER_RW, larger_buffer, .data = &(of)),      \
        ROW(name, text "a buffer that is said to have 2^64-1 bytes", IS(CKR_OK), USER_RW,          \
            larger_buffer, .data = &(of), .value = ~0UL)

static const row rows[] = {
    GIVER(C_GetSlotList, "", of_slots),
    GIVER(C_GetMechanismList, "", of_mechanisms),
    GIVER(C_GetInterfaceList, "", of_interfaces),
    GIVER(C_Digest, "", of_digest),
    GIVER(C_DigestFinal, "", of_digest_final),
    GIVER(C_Sign, "CKM_ECDSA, ", of_sign),
    GIVER(C_Sign, "CKM_ECDSA_SHA256, ", of_sign_hashed),
    GIVER(C_SignFinal, "", of_sign_final),
    GIVER(C_Sign, "a key on the token, ", of_token),
    GIVER(C_SignFinal, "a key on the token, ", of_token_final),
    GIVER(C_SignMessage, "", of_message),
    GIVER(C_SignMessageNext, "", of_last_part),
};

CHAPTER(lengths);
