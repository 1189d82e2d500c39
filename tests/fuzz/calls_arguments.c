#include "calls_arguments.h"

unsigned pick(caller *c, unsigned count) {
    return fuzz_choose(&c->input, count);
}

void *own(caller *c, size_t len) {
    void *made = malloc(len > 0 ? len : 1);
    FUZZ_REQUIRE(made != NULL && c->owned_count < 64);
    c->owned[c->owned_count++] = made;
    return made;
}

void release(caller *c) {
    while (c->owned_count > 0) {
        free(c->owned[--c->owned_count]);
    }
}

/* Takes bytes from the input, as many as there are. */
static CK_BYTE *take(caller *c, size_t len, CK_ULONG *out_len) {
    size_t there = len < c->input.len ? len : c->input.len;
    CK_BYTE *copy = own(c, there);
    if (there > 0) {
        memcpy(copy, c->input.data, there);
    }
    c->input.data += there;
    c->input.len -= there;
    *out_len = there;
    return copy;
}

CK_BYTE *copy_of(caller *c, const void *bytes, size_t len) {
    return memcpy(own(c, len), bytes, len);
}

CK_BYTE *data(caller *c, CK_ULONG *len) {
    unsigned how = pick(c, 80);
    if (how == 79) {
        *len = pick(c, 3);
        return NULL;
    }
    return take(c, how, len);
}

CK_BYTE *room(caller *c, CK_ULONG *len) {
    static const CK_ULONG lengths[] = {0, 1, 31, 32, 33, 63, 64, 65, 128};
    unsigned how = pick(c, 11);
    if (how >= sizeof lengths / sizeof lengths[0]) {
        *len = how == 10 ? ~0UL : 0;
        return NULL;
    }
    *len = lengths[how];
    return own(c, *len);
}

CK_SESSION_HANDLE session(caller *c) {
    return c->sessions[pick(c, SESSIONS)];
}

CK_OBJECT_HANDLE object(caller *c) {
    unsigned which = pick(c, OBJECTS + 4);
    return which < OBJECTS ? c->objects[which] : which - OBJECTS;
}

void remember(caller *c, CK_RV rv, CK_OBJECT_HANDLE made) {
    if (rv == CKR_OK) {
        FUZZ_REQUIRE(made != CK_INVALID_HANDLE);
        c->objects[c->next_object++ % OBJECTS] = made;
    }
}

CK_MECHANISM *mechanism(caller *c) {
    static const CK_MECHANISM_TYPE known[] = {CKM_ECDSA,
                                              CKM_ECDSA_SHA1,
                                              CKM_ECDSA_SHA256,
                                              CKM_ECDSA_SHA512,
                                              CKM_SHA256,
                                              CKM_VALETKEY_KECCAK256,
                                              CKM_VALETKEY_USEROP,
                                              CKM_VALETKEY_MESSAGE,
                                              CKM_VALETKEY_TYPED_DATA,
                                              CKM_ECDH1_DERIVE,
                                              CKM_EC_KEY_PAIR_GEN,
                                              CKM_RSA_PKCS,
                                              CKM_VALETKEY_USEROP_ASSERTION};
    unsigned which = pick(c, sizeof known / sizeof known[0] + 1);
    if (which == sizeof known / sizeof known[0]) {
        return NULL;
    }
    CK_MECHANISM *made = own(c, sizeof *made);
    *made = (CK_MECHANISM){known[which], NULL, 0};
    if (pick(c, 16) == 1) {
        made->pParameter = data(c, &made->ulParameterLen);
    }
    return made;
}

/* ---- Templates ---- */

static const CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS,
                                          CKA_TOKEN,
                                          CKA_PRIVATE,
                                          CKA_LABEL,
                                          CKA_ID,
                                          CKA_VALUE,
                                          CKA_APPLICATION,
                                          CKA_OBJECT_ID,
                                          CKA_MODIFIABLE,
                                          CKA_DESTROYABLE,
                                          CKA_COPYABLE,
                                          CKA_KEY_TYPE,
                                          CKA_EC_PARAMS,
                                          CKA_EC_POINT,
                                          CKA_SIGN,
                                          CKA_VERIFY,
                                          CKA_DERIVE,
                                          CKA_SENSITIVE,
                                          CKA_EXTRACTABLE,
                                          CKA_ALWAYS_AUTHENTICATE,
                                          CKA_SUBJECT,
                                          CKA_START_DATE,
                                          CKA_UNIQUE_ID,
                                          CKA_ALLOWED_MECHANISMS,
                                          CKA_LOCAL,
                                          CKA_VALUE_LEN,
                                          CKA_CERTIFICATE_TYPE,
                                          CKA_PUBLIC_KEY_INFO,
                                          CKA_VALETKEY_POLICY,
                                          CKA_VALETKEY_RULES,
                                          CKA_VALETKEY_ADDRESS,
                                          CKA_VALETKEY_RP_ID,
                                          CKA_VALETKEY_ORIGIN,
                                          CKA_VALETKEY_ATTESTATION,
                                          CKA_VALETKEY_ATTESTATION_CLIENT_DATA,
                                          CKA_VALETKEY_REGISTRATION_CHALLENGE,
                                          0x7fff1234};

CK_ATTRIBUTE_TYPE attribute_type(caller *c) {
    return types[pick(c, sizeof types / sizeof types[0])];
}

static void put_number(caller *c, CK_ATTRIBUTE *out) {
    static const CK_ULONG numbers[] = {CKO_DATA,
                                       CKO_CERTIFICATE,
                                       CKO_PUBLIC_KEY,
                                       CKO_PRIVATE_KEY,
                                       CKO_SECRET_KEY,
                                       CKO_PROFILE,
                                       CKO_MECHANISM,
                                       CKM_ECDSA,
                                       16,
                                       32,
                                       ~0UL};
    CK_ULONG number = numbers[pick(c, sizeof numbers / sizeof numbers[0])];
    out->pValue = copy_of(c, &number, sizeof number);
    out->ulValueLen = sizeof number;
}

static void put_text(caller *c, CK_ATTRIBUTE *out) {
    static const char *const texts[] = {"fuzz",
                                        "valetkey-policy",
                                        "valetkey-grant",
                                        "valetkey-userop",
                                        "[{\"type\":\"sudo\"}]",
                                        "valetkey-receipt"};
    const char *text = texts[pick(c, sizeof texts / sizeof texts[0])];
    out->ulValueLen = strlen(text);
    out->pValue = copy_of(c, text, out->ulValueLen);
}

void put_curve(caller *c, CK_ATTRIBUTE *out) {
    static const CK_BYTE secp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    static const CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    bool first = pick(c, 2) == 0;
    out->ulValueLen = first ? sizeof secp256k1 : sizeof p256;
    out->pValue = copy_of(c, first ? secp256k1 : p256, out->ulValueLen);
}

static void put_flag(caller *c, CK_ATTRIBUTE *out) {
    CK_BBOOL flag = (CK_BBOOL)pick(c, 3);
    out->pValue = copy_of(c, &flag, sizeof flag);
    out->ulValueLen = sizeof flag;
}

static void put_value(caller *c, CK_ATTRIBUTE *out) {
    switch (pick(c, 6)) {
    case 0:
        put_number(c, out);
        break;
    case 1:
        put_text(c, out);
        break;
    case 2:
        put_curve(c, out);
        break;
    case 3:
        out->pValue = data(c, &out->ulValueLen);
        break;
    default:
        put_flag(c, out);
    }
}

CK_ATTRIBUTE *template(caller *c, CK_ULONG *count) {
    unsigned how_many = pick(c, 9);
    if (how_many == 8) {
        *count = pick(c, 2);
        return NULL;
    }
    CK_ATTRIBUTE *made = own(c, how_many * sizeof *made);
    for (unsigned i = 0; i < how_many; i++) {
        made[i] = (CK_ATTRIBUTE){attribute_type(c), NULL, 0};
        put_value(c, &made[i]);
    }
    *count = how_many;
    return made;
}
