/* Slots, tokens, mechanisms. */
#include "calls.h"

#include <string.h>

/* ---- Slots ---- */

static CK_RV slot_list_null(context *c) {
    (void)c;
    return f->C_GetSlotList(CK_TRUE, NULL, NULL);
}

/* Every slot that has a token is a slot. */
static CK_RV slot_list_all(context *c) {
    CK_ULONG with = 0, all = 0;
    (void)c;
    need(f->C_GetSlotList(CK_TRUE, NULL, &with), "C_GetSlotList");
    CK_RV rv = f->C_GetSlotList(CK_FALSE, NULL, &all);
    expect(all >= with && with > 0, "%lu slots, %lu with a token", all, with);
    return rv;
}

static CK_RV slot_list_known(context *c) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = COUNT(slots);
    CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &count);
    bool found = false;
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        CK_SLOT_INFO info;
        found = found || slots[i] == c->slot;
        expect_rv(f->C_GetSlotInfo(slots[i], &info), CKR_OK, "C_GetSlotInfo");
        expect(info.flags & CKF_TOKEN_PRESENT, "a slot without a token is listed");
    }
    expect(found, "the slot is not listed");
    return rv;
}

static CK_RV slot_info(context *c) {
    CK_SLOT_INFO info;
    CK_RV rv = f->C_GetSlotInfo(c->slot, &info);
    expect(memchr(info.slotDescription, '\0', sizeof info.slotDescription) == NULL,
           "a NUL in the description");
    expect(memchr(info.manufacturerID, '\0', sizeof info.manufacturerID) == NULL,
           "a NUL in the manufacturer");
    expect(info.flags & CKF_TOKEN_PRESENT, "no token is there");
    return rv;
}

static CK_RV slot_info_null(context *c) {
    return f->C_GetSlotInfo(c->slot, NULL);
}

/* ---- Events ---- */

static CK_RV wait_null(context *c) {
    (void)c;
    return f->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL);
}

static CK_RV wait_reserved(context *c) {
    return f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &c->slot, c);
}

static CK_RV wait_blocking(context *c) {
    return f->C_WaitForSlotEvent(0, &c->slot, NULL);
}

/* ---- Tokens ---- */

static CK_RV token_info_null(context *c) {
    return f->C_GetTokenInfo(c->slot, NULL);
}

static CK_RV token_info(context *c) {
    const CK_FLAGS wanted = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED;
    CK_TOKEN_INFO info;
    CK_RV rv = f->C_GetTokenInfo(c->slot, &info);
    expect(memcmp(info.label, "conformance                     ", 32) == 0, "another label");
    expect(memchr(info.serialNumber, '\0', sizeof info.serialNumber) == NULL,
           "a NUL in the serial number");
    expect(memchr(info.model, '\0', sizeof info.model) == NULL, "a NUL in the model");
    expect((info.flags & wanted) == wanted, "flags are 0x%lx", info.flags);
    expect(info.ulMinPinLen > 0 && info.ulMinPinLen <= info.ulMaxPinLen, "PINs of %lu to %lu",
           info.ulMinPinLen, info.ulMaxPinLen);
    return rv;
}

static CK_RV token_info_counts(context *c) {
    CK_TOKEN_INFO before, after;
    need(f->C_GetTokenInfo(c->slot, &before), "C_GetTokenInfo");
    CK_SESSION_HANDLE second = must_open(c->slot, true);
    CK_RV rv = f->C_GetTokenInfo(c->slot, &after);
    expect(before.ulSessionCount == CK_UNAVAILABLE_INFORMATION ||
               after.ulSessionCount == before.ulSessionCount + 1,
           "%lu sessions, then %lu", before.ulSessionCount, after.ulSessionCount);
    expect(before.ulRwSessionCount == CK_UNAVAILABLE_INFORMATION ||
               after.ulRwSessionCount == before.ulRwSessionCount + 1,
           "%lu read-write sessions, then %lu", before.ulRwSessionCount, after.ulRwSessionCount);
    need(f->C_CloseSession(second), "C_CloseSession");
    return rv;
}

static CK_RV token_info_blank(context *c) {
    CK_TOKEN_INFO info;
    (void)c;
    return f->C_GetTokenInfo(blank_slot(), &info);
}

/* ---- Mechanisms ---- */

#define MECHANISMS_MAX 512

static CK_RV mechanism_list_null(context *c) {
    return f->C_GetMechanismList(c->slot, NULL, NULL);
}

static CK_RV mechanism_list(context *c) {
    static CK_MECHANISM_TYPE types[MECHANISMS_MAX];
    CK_ULONG count = COUNT(types);
    CK_RV rv = f->C_GetMechanismList(c->slot, types, &count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        CK_MECHANISM_INFO info;
        expect_rv(f->C_GetMechanismInfo(c->slot, types[i], &info), CKR_OK, "C_GetMechanismInfo");
        expect(info.ulMinKeySize <= info.ulMaxKeySize, "mechanism 0x%lx: keys of %lu to %lu",
               types[i], info.ulMinKeySize, info.ulMaxKeySize);
        for (CK_ULONG j = 0; j < i; j++) {
            expect(types[j] != types[i], "mechanism 0x%lx is listed twice", types[i]);
        }
    }
    return rv;
}

static CK_RV mechanism_info_null(context *c) {
    return f->C_GetMechanismInfo(c->slot, CKM_ECDSA, NULL);
}

static CK_RV mechanism_info_of_value(context *c) {
    CK_MECHANISM_INFO info;
    return f->C_GetMechanismInfo(c->slot, c->row->value, &info);
}

static CK_RV ecdsa_info(context *c) {
    const CK_FLAGS wanted = CKF_SIGN | CKF_VERIFY | CKF_EC_F_P | CKF_EC_UNCOMPRESS;
    CK_MECHANISM_INFO info;
    CK_RV rv = f->C_GetMechanismInfo(c->slot, CKM_ECDSA, &info);
    expect((info.flags & wanted) == wanted, "flags are 0x%lx", info.flags);
    expect(info.ulMinKeySize <= 256 && info.ulMaxKeySize >= 256, "keys of %lu to %lu bits",
           info.ulMinKeySize, info.ulMaxKeySize);
    return rv;
}

typedef CK_RV (*init_call)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);

static void expect_none(context *c, init_call init, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    expect(init(c->session, &mechanism, key) != CKR_OK,
           "mechanism 0x%lx begins what its flags do not have", type);
}

static CK_RV flags_lack(context *c) {
    static CK_MECHANISM_TYPE types[MECHANISMS_MAX];
    CK_ULONG count = COUNT(types);
    pair keys = make_pair(c, P256);
    CK_RV rv = f->C_GetMechanismList(c->slot, types, &count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        CK_MECHANISM_INFO info;
        CK_MECHANISM mechanism = {types[i], NULL, 0};
        need(f->C_GetMechanismInfo(c->slot, types[i], &info), "C_GetMechanismInfo");
        if (!(info.flags & CKF_SIGN)) {
            expect_none(c, f->C_SignInit, types[i], keys.private_key);
        }
        if (!(info.flags & CKF_VERIFY)) {
            expect_none(c, f->C_VerifyInit, types[i], keys.public_key);
        }
        if (!(info.flags & CKF_DIGEST)) {
            expect(f->C_DigestInit(c->session, &mechanism) != CKR_OK, "mechanism 0x%lx digests",
                   types[i]);
        }
    }
    return rv;
}

static const row rows[] = {
    ROW(C_GetSlotList, "NULL count", IS(CKR_ARGUMENTS_BAD), INITIALIZED, slot_list_null),
    ROW(C_GetSlotList, "with and without tokens", IS(CKR_OK), INITIALIZED, slot_list_all),
    ROW(C_GetSlotList, "every slot is one", IS(CKR_OK), INITIALIZED, slot_list_known),
    ROW(C_GetSlotInfo, "NULL", IS(CKR_ARGUMENTS_BAD), INITIALIZED, slot_info_null),
    ROW(C_GetSlotInfo, "what it says", IS(CKR_OK), INITIALIZED, slot_info),
    /* Slots that never change may have no events at all. */
    ROW(C_WaitForSlotEvent, "nothing happened", IS(CKR_NO_EVENT, CKR_FUNCTION_NOT_SUPPORTED),
        INITIALIZED, call_C_WaitForSlotEvent),
    ROW(C_WaitForSlotEvent, "NULL slot", IS(CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED),
        INITIALIZED, wait_null),
    ROW(C_WaitForSlotEvent, "pReserved is not NULL",
        IS(CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED), INITIALIZED, wait_reserved),
    ROW(C_WaitForSlotEvent, "nothing will ever happen", IS(CKR_FUNCTION_NOT_SUPPORTED), INITIALIZED,
        wait_blocking),

    ROW(C_GetTokenInfo, "NULL", IS(CKR_ARGUMENTS_BAD), INITIALIZED, token_info_null),
    ROW(C_GetTokenInfo, "what it says", IS(CKR_OK), INITIALIZED, token_info),
    ROW(C_GetTokenInfo, "it counts sessions", IS(CKR_OK), PUBLIC_RO, token_info_counts),
    ROW(C_GetTokenInfo, "an uninitialized token", IS(CKR_OK, CKR_TOKEN_NOT_RECOGNIZED), INITIALIZED,
        token_info_blank),

    ROW(C_GetMechanismList, "NULL count", IS(CKR_ARGUMENTS_BAD), INITIALIZED, mechanism_list_null),
    ROW(C_GetMechanismList, "each once, each with its info", IS(CKR_OK), INITIALIZED,
        mechanism_list),
    ROW(C_GetMechanismInfo, "NULL", IS(CKR_ARGUMENTS_BAD), INITIALIZED, mechanism_info_null),
    ROW(C_GetMechanismInfo, "a mechanism that is none", IS(CKR_MECHANISM_INVALID), INITIALIZED,
        mechanism_info_of_value, .value = 0x7ffffff1),
    ROW(C_GetMechanismInfo, "mechanism 2^64-1", IS(CKR_MECHANISM_INVALID), INITIALIZED,
        mechanism_info_of_value, .value = ~0UL),
    ROW(C_GetMechanismInfo, "a vendor's mechanism", IS(CKR_MECHANISM_INVALID), INITIALIZED,
        mechanism_info_of_value, .value = CKM_VENDOR_DEFINED | 0x1234567),
    ROW(C_GetMechanismInfo, "CKM_ECDSA", IS(CKR_OK), INITIALIZED, ecdsa_info),
    ROW(C_GetMechanismInfo, "what the flags lack does not begin", IS(CKR_OK), USER_RW, flags_lack),
};

CHAPTER(slots);
