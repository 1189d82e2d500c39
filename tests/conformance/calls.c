#include "calls.h"

#define ONE(name) +1
_Static_assert(4 ALL_CALLS(ONE) == 68 + 24, "every function of 2.40 and 3.0 is called");

static CK_BYTE bytes[256];
static CK_ULONG length, count;
static CK_OBJECT_HANDLE object;
static CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0}, sha256 = {CKM_SHA256, NULL, 0},
                    generation = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, aes = {CKM_AES_KEY_GEN, NULL, 0};
static CK_UTF8CHAR pin[] = USER_PIN;
static CK_ATTRIBUTE data_template[] = {ATTR(CKA_CLASS, class_data)};

static CK_ULONG *room(void) {
    length = sizeof bytes;
    return &length;
}

#define PIN pin, sizeof pin - 1
#define IN bytes, 32
#define OUT bytes, room()
#define SIGNATURE bytes, 64
#define TEMPLATE data_template, 1

#define CALL(name, ...)                                                                            \
    CK_RV call_##name(context *c) {                                                                \
        (void)c;                                                                                   \
        return f->name(__VA_ARGS__);                                                               \
    }
#define CALL_3_0(name, ...)                                                                        \
    CK_RV call_##name(context *c) {                                                                \
        return g()->name(c->session, ##__VA_ARGS__);                                               \
    }
#define CALL_SESSION(name, ...)                                                                    \
    CK_RV call_##name(context *c) {                                                                \
        return f->name(c->session, ##__VA_ARGS__);                                                 \
    }

/* ---- The module, its slots ---- */

static CK_INFO info;
static CK_SLOT_INFO slot_info;
static CK_TOKEN_INFO token_info;
static CK_MECHANISM_INFO mechanism_info;
static CK_SESSION_INFO session_info;
static CK_SLOT_ID slot;

CALL(C_Finalize, NULL)
CALL(C_GetInfo, &info)
CALL(C_GetSlotList, CK_TRUE, NULL, &count)
CALL(C_WaitForSlotEvent, CKF_DONT_BLOCK, &slot, NULL)
CALL(C_GetSlotInfo, c->slot, &slot_info)
CALL(C_GetTokenInfo, c->slot, &token_info)
CALL(C_GetMechanismList, c->slot, NULL, &count)
CALL(C_GetMechanismInfo, c->slot, CKM_ECDSA, &mechanism_info)
CALL(C_OpenSession, c->slot, CKF_SERIAL_SESSION, NULL, NULL, &object)
CALL(C_CloseAllSessions, c->slot)

CK_RV call_C_InitToken(context *c) {
    return init_token(c->slot, SO_PIN, sizeof SO_PIN - 1, "another");
}

/* ---- Sessions ---- */

CALL_SESSION(C_CloseSession)
CALL_SESSION(C_GetSessionInfo, &session_info)
CALL_SESSION(C_InitPIN, PIN)
CALL_SESSION(C_SetPIN, PIN, PIN)
CALL_SESSION(C_Login, CKU_USER, PIN)
CALL_SESSION(C_Logout)
CALL_SESSION(C_GetOperationState, OUT)
CALL_SESSION(C_SetOperationState, IN, 0, 0)
CALL_SESSION(C_GetFunctionStatus)
CALL_SESSION(C_CancelFunction)
CALL_3_0(C_LoginUser, CKU_USER, PIN, NULL, 0)
CALL_3_0(C_SessionCancel, CKF_SIGN)

/* ---- Objects ---- */

CALL_SESSION(C_CreateObject, TEMPLATE, &object)
CALL_SESSION(C_CopyObject, 1, TEMPLATE, &object)
CALL_SESSION(C_DestroyObject, 1)
CALL_SESSION(C_GetObjectSize, 1, &count)
CALL_SESSION(C_GetAttributeValue, 1, TEMPLATE)
CALL_SESSION(C_SetAttributeValue, 1, TEMPLATE)
CALL_SESSION(C_FindObjectsInit, TEMPLATE)
CALL_SESSION(C_FindObjects, &object, 1, &count)
CALL_SESSION(C_FindObjectsFinal)

/* ---- Digests, signatures, random bytes ---- */

CALL_SESSION(C_DigestInit, &sha256)
CALL_SESSION(C_Digest, IN, OUT)
CALL_SESSION(C_DigestUpdate, IN)
CALL_SESSION(C_DigestKey, 1)
CALL_SESSION(C_DigestFinal, OUT)
CALL_SESSION(C_SignInit, &ecdsa, 1)
CALL_SESSION(C_Sign, IN, OUT)
CALL_SESSION(C_SignUpdate, IN)
CALL_SESSION(C_SignFinal, OUT)
CALL_SESSION(C_SignRecoverInit, &ecdsa, 1)
CALL_SESSION(C_SignRecover, IN, OUT)
CALL_SESSION(C_VerifyInit, &ecdsa, 1)
CALL_SESSION(C_Verify, IN, SIGNATURE)
CALL_SESSION(C_VerifyUpdate, IN)
CALL_SESSION(C_VerifyFinal, SIGNATURE)
CALL_SESSION(C_VerifyRecoverInit, &ecdsa, 1)
CALL_SESSION(C_VerifyRecover, IN, OUT)
CALL_SESSION(C_SeedRandom, IN)
CALL_SESSION(C_GenerateRandom, IN)
CALL_3_0(C_MessageSignInit, &ecdsa, 1)
CALL_3_0(C_SignMessage, NULL, 0, IN, OUT)
CALL_3_0(C_SignMessageBegin, NULL, 0)
CALL_3_0(C_SignMessageNext, NULL, 0, IN, OUT)
CALL_3_0(C_MessageSignFinal)
CALL_3_0(C_MessageVerifyInit, &ecdsa, 1)
CALL_3_0(C_VerifyMessage, NULL, 0, IN, SIGNATURE)
CALL_3_0(C_VerifyMessageBegin, NULL, 0)
CALL_3_0(C_VerifyMessageNext, NULL, 0, IN, SIGNATURE)
CALL_3_0(C_MessageVerifyFinal)

/* ---- Encryption ---- */

CALL_SESSION(C_EncryptInit, &aes, 1)
CALL_SESSION(C_Encrypt, IN, OUT)
CALL_SESSION(C_EncryptUpdate, IN, OUT)
CALL_SESSION(C_EncryptFinal, OUT)
CALL_SESSION(C_DecryptInit, &aes, 1)
CALL_SESSION(C_Decrypt, IN, OUT)
CALL_SESSION(C_DecryptUpdate, IN, OUT)
CALL_SESSION(C_DecryptFinal, OUT)
CALL_SESSION(C_DigestEncryptUpdate, IN, OUT)
CALL_SESSION(C_DecryptDigestUpdate, IN, OUT)
CALL_SESSION(C_SignEncryptUpdate, IN, OUT)
CALL_SESSION(C_DecryptVerifyUpdate, IN, OUT)
CALL_3_0(C_MessageEncryptInit, &aes, 1)
CALL_3_0(C_EncryptMessage, NULL, 0, IN, IN, OUT)
CALL_3_0(C_EncryptMessageBegin, NULL, 0, IN)
CALL_3_0(C_EncryptMessageNext, NULL, 0, IN, OUT, 0)
CALL_3_0(C_MessageEncryptFinal)
CALL_3_0(C_MessageDecryptInit, &aes, 1)
CALL_3_0(C_DecryptMessage, NULL, 0, IN, IN, OUT)
CALL_3_0(C_DecryptMessageBegin, NULL, 0, IN)
CALL_3_0(C_DecryptMessageNext, NULL, 0, IN, OUT, 0)
CALL_3_0(C_MessageDecryptFinal)

/* ---- Keys ---- */

CALL_SESSION(C_GenerateKey, &aes, TEMPLATE, &object)
CALL_SESSION(C_GenerateKeyPair, &generation, TEMPLATE, TEMPLATE, &object, &object)
CALL_SESSION(C_WrapKey, &aes, 1, 1, OUT)
CALL_SESSION(C_UnwrapKey, &aes, 1, IN, TEMPLATE, &object)
CALL_SESSION(C_DeriveKey, &ecdsa, 1, TEMPLATE, &object)
