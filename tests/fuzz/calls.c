/*
 * Calls of Cryptoki in any order: each byte chooses a function, those after it its arguments. What
 * is given to the module has exactly its length, so that the sanitizers see what is read or written
 * behind it.
 */
#include "calls_arguments.h"

#define CALLS_MAX 48

/* ---- Sessions and objects ---- */

static CK_RV do_open(caller *c) {
    unsigned place = pick(c, SESSIONS);
    CK_FLAGS flags = (pick(c, 8) != 7 ? CKF_SERIAL_SESSION : 0) | (pick(c, 2) ? CKF_RW_SESSION : 0);
    (void)c->f->C_CloseSession(c->sessions[place]);
    return c->f->C_OpenSession(c->t->slot, flags, NULL, NULL, &c->sessions[place]);
}

static CK_RV do_close(caller *c) {
    return c->f->C_CloseSession(session(c));
}

/* The token's own session is closed as well, and opened again after the input. */
static CK_RV do_close_all(caller *c) {
    return c->f->C_CloseAllSessions(c->t->slot);
}

/* Wrong ones are few, so that no PIN is locked. */
static CK_RV do_login(caller *c) {
    static const CK_USER_TYPE users[] = {CKU_USER, CKU_SO, CKU_CONTEXT_SPECIFIC, 3};
    static const char *const pins[] = {CALLS_USER_PIN, CALLS_SO_PIN, "1"};
    CK_SESSION_HANDLE s = session(c);
    CK_USER_TYPE user = users[pick(c, 4)];
    const char *pin = pins[pick(c, 3)];
    if (c->logins++ >= 3) {
        return CKR_OK;
    }
    return c->f->C_Login(s, user, copy_of(c, pin, strlen(pin)), strlen(pin));
}

static CK_RV do_logout(caller *c) {
    return c->f->C_Logout(session(c));
}

static CK_RV do_create(caller *c) {
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG count;
    CK_ATTRIBUTE *templ = template(c, &count);
    CK_RV rv = c->f->C_CreateObject(s, templ, count, &made);
    remember(c, rv, made);
    return rv;
}

static CK_RV do_copy(caller *c) {
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE s = session(c);
    CK_OBJECT_HANDLE of = object(c);
    CK_ULONG count;
    CK_ATTRIBUTE *templ = template(c, &count);
    CK_RV rv = c->f->C_CopyObject(s, of, templ, count, &made);
    remember(c, rv, made);
    return rv;
}

static CK_RV do_destroy(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    return c->f->C_DestroyObject(s, object(c));
}

static CK_RV do_size(caller *c) {
    CK_ULONG size;
    CK_SESSION_HANDLE s = session(c);
    return c->f->C_GetObjectSize(s, object(c), &size);
}

static bool is_private_key(caller *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object) {
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE templ = {CKA_CLASS, &class, sizeof class};
    return c->f->C_GetAttributeValue(s, object, &templ, 1) == CKR_OK && class == CKO_PRIVATE_KEY;
}

/* Of any attributes, into buffers that fit, are too short, or are none. */
static CK_RV do_get(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    CK_OBJECT_HANDLE of = object(c);
    CK_ULONG count = 1 + pick(c, 6);
    CK_ATTRIBUTE *templ = own(c, count * sizeof *templ);
    CK_ULONG lengths[6];
    for (CK_ULONG i = 0; i < count; i++) {
        templ[i].type = attribute_type(c);
        templ[i].pValue = room(c, &templ[i].ulValueLen);
        lengths[i] = templ[i].ulValueLen;
    }
    CK_RV rv = c->f->C_GetAttributeValue(s, of, templ, count);
    for (CK_ULONG i = 0; i < count && rv == CKR_OK; i++) {
        FUZZ_REQUIRE(templ[i].pValue == NULL || templ[i].ulValueLen <= lengths[i]);
        FUZZ_REQUIRE(templ[i].ulValueLen != CK_UNAVAILABLE_INFORMATION);
        FUZZ_REQUIRE(templ[i].type != CKA_VALUE || !is_private_key(c, s, of));
    }
    return rv;
}

static CK_RV do_set(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    CK_OBJECT_HANDLE of = object(c);
    CK_ULONG count;
    CK_ATTRIBUTE *templ = template(c, &count);
    return c->f->C_SetAttributeValue(s, of, templ, count);
}

static CK_RV do_find_init(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG count;
    CK_ATTRIBUTE *templ = template(c, &count);
    return c->f->C_FindObjectsInit(s, templ, count);
}

static CK_RV do_find(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG max = pick(c, 5), count = 0;
    CK_OBJECT_HANDLE *found = own(c, max * sizeof *found);
    CK_RV rv = c->f->C_FindObjects(s, found, max, &count);
    FUZZ_REQUIRE(count <= max);
    for (CK_ULONG i = 0; i < count; i++) {
        remember(c, rv, found[i]);
    }
    return rv;
}

static CK_RV do_find_final(caller *c) {
    return c->f->C_FindObjectsFinal(session(c));
}

static CK_RV do_generate(caller *c) {
    CK_OBJECT_HANDLE *keys = own(c, 2 * sizeof *keys);
    CK_SESSION_HANDLE s = session(c);
    CK_MECHANISM *by = mechanism(c);
    CK_ULONG public_count, private_count;
    CK_ATTRIBUTE *public_templ = template(c, &public_count);
    CK_ATTRIBUTE *private_templ = template(c, &private_count);
    CK_RV rv = c->f->C_GenerateKeyPair(s, by, public_templ, public_count, private_templ,
                                       private_count, &keys[0], &keys[1]);
    remember(c, rv, keys[0]);
    remember(c, rv, keys[1]);
    return rv;
}

/* What most inputs would not come upon: a pair of the session that signs. */
static CK_RV do_pair(caller *c) {
    CK_OBJECT_HANDLE *keys = own(c, 2 * sizeof *keys);
    CK_MECHANISM by = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE params = {CKA_EC_PARAMS, NULL, 0};
    CK_SESSION_HANDLE s = session(c);
    put_curve(c, &params);
    CK_RV rv = c->f->C_GenerateKeyPair(s, &by, &params, 1, NULL, 0, &keys[0], &keys[1]);
    remember(c, rv, keys[0]);
    remember(c, rv, keys[1]);
    return rv;
}

static CK_RV do_derive(caller *c) {
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_ECDH1_DERIVE_PARAMS *p = own(c, sizeof *p);
    CK_SESSION_HANDLE s = session(c);
    CK_OBJECT_HANDLE base = object(c);
    *p = (CK_ECDH1_DERIVE_PARAMS){.kdf = 1 + pick(c, 2)};
    p->public_data = data(c, &p->public_data_len);
    CK_MECHANISM by = {CKM_ECDH1_DERIVE, p, sizeof *p};
    CK_ULONG count;
    CK_ATTRIBUTE *templ = template(c, &count);
    CK_RV rv = c->f->C_DeriveKey(s, &by, base, templ, count, &made);
    remember(c, rv, made);
    return rv;
}

/* ---- Signing, verifying, digests: what they have in common ---- */

/* Something with a length comes out: never more than there was room for. */
static CK_RV gave(CK_RV rv, const CK_BYTE *out, CK_ULONG before, const CK_ULONG *after) {
    FUZZ_REQUIRE(rv != CKR_OK || out == NULL || *after <= before);
    FUZZ_REQUIRE(rv != CKR_BUFFER_TOO_SMALL || *after > before);
    return rv;
}

/* Every private key here is private, so that without the user's login nothing is signed. */
static CK_RV signs(caller *c, CK_SESSION_HANDLE s, CK_RV rv) {
    CK_SESSION_INFO info;
    if (rv == CKR_OK) {
        FUZZ_REQUIRE(c->f->C_GetSessionInfo(s, &info) == CKR_OK);
        FUZZ_REQUIRE(info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
    }
    return rv;
}

typedef CK_RV (*init_call)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);

static CK_RV do_init(caller *c) {
    const init_call calls[] = {c->f->C_SignInit, c->f->C_VerifyInit, c->f->C_MessageSignInit,
                               c->f->C_MessageVerifyInit};
    init_call call = calls[pick(c, 4)];
    CK_SESSION_HANDLE s = session(c);
    CK_MECHANISM *by = mechanism(c);
    return call(s, by, object(c));
}

static CK_RV do_digest_init(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    return c->f->C_DigestInit(s, mechanism(c));
}

typedef CK_RV (*whole_call)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);

static CK_RV do_whole(caller *c) {
    bool is_signature = pick(c, 2) == 0;
    whole_call call = is_signature ? c->f->C_Sign : c->f->C_Digest;
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG len, out_len;
    CK_BYTE *in = data(c, &len), *out = room(c, &out_len);
    CK_ULONG before = out_len;
    CK_RV rv = gave(call(s, in, len, out, &out_len), out, before, &out_len);
    return is_signature ? signs(c, s, rv) : rv;
}

typedef CK_RV (*update_call)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);

static CK_RV do_update(caller *c) {
    const update_call calls[] = {c->f->C_SignUpdate, c->f->C_VerifyUpdate, c->f->C_DigestUpdate};
    update_call call = calls[pick(c, 3)];
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG len;
    CK_BYTE *in = data(c, &len);
    return call(s, in, len);
}

typedef CK_RV (*final_call)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

static CK_RV do_final(caller *c) {
    bool is_signature = pick(c, 2) == 0;
    final_call call = is_signature ? c->f->C_SignFinal : c->f->C_DigestFinal;
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG out_len;
    CK_BYTE *out = room(c, &out_len);
    CK_ULONG before = out_len;
    CK_RV rv = gave(call(s, out, &out_len), out, before, &out_len);
    return is_signature ? signs(c, s, rv) : rv;
}

static CK_RV do_verify(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG len, signature_len;
    CK_BYTE *in = data(c, &len), *signature = data(c, &signature_len);
    return pick(c, 2) == 0 ? c->f->C_Verify(s, in, len, signature, signature_len)
                           : c->f->C_VerifyFinal(s, signature, signature_len);
}

static CK_RV do_sign_message(caller *c) {
    unsigned what = pick(c, 5);
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG len, out_len;
    CK_BYTE *in = data(c, &len), *out = room(c, &out_len);
    CK_ULONG before = out_len;
    switch (what) {
    case 0:
        return signs(
            c, s,
            gave(c->f->C_SignMessage(s, NULL, 0, in, len, out, &out_len), out, before, &out_len));
    case 1:
        return c->f->C_SignMessageBegin(s, NULL, 0);
    case 2:
        return c->f->C_SignMessageNext(s, NULL, 0, in, len, NULL, NULL);
    case 3:
        return signs(c, s,
                     gave(c->f->C_SignMessageNext(s, NULL, 0, in, len, out, &out_len), out, before,
                          &out_len));
    default:
        return c->f->C_MessageSignFinal(s);
    }
}

static CK_RV do_verify_message(caller *c) {
    unsigned what = pick(c, 4);
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG len, signature_len;
    CK_BYTE *in = data(c, &len), *signature = data(c, &signature_len);
    switch (what) {
    case 0:
        return c->f->C_VerifyMessage(s, NULL, 0, in, len, signature, signature_len);
    case 1:
        return c->f->C_VerifyMessageBegin(s, NULL, 0);
    case 2:
        return c->f->C_VerifyMessageNext(s, NULL, 0, in, len, signature, signature_len);
    default:
        return c->f->C_MessageVerifyFinal(s);
    }
}

static CK_RV do_cancel(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    return c->f->C_SessionCancel(s, (CK_FLAGS)pick(c, 256) << 8 | pick(c, 256));
}

static CK_RV do_random(caller *c) {
    CK_SESSION_HANDLE s = session(c);
    CK_ULONG len = pick(c, 100);
    return c->f->C_GenerateRandom(s, own(c, len), len);
}

static CK_RV do_info(caller *c) {
    CK_SESSION_INFO info;
    return c->f->C_GetSessionInfo(session(c), &info);
}

static CK_RV (*const calls[])(caller *) = {
    do_open,       do_close,    do_login, do_logout,   do_create,       do_copy,
    do_destroy,    do_size,     do_get,   do_set,      do_find_init,    do_find,
    do_find_final, do_generate, do_pair,  do_derive,   do_init,         do_digest_init,
    do_whole,      do_update,   do_final, do_verify,   do_sign_message, do_verify_message,
    do_cancel,     do_random,   do_info,  do_close_all};

/* Nothing that a caller can say breaks the token, or leaves the module without an answer. */
static void check(CK_RV rv) {
    bool is_ours = rv == CKR_GENERAL_ERROR || rv == CKR_DEVICE_ERROR || rv == CKR_HOST_MEMORY ||
                   rv == CKR_DEVICE_MEMORY || rv == CKR_FUNCTION_FAILED ||
                   rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_CRYPTOKI_NOT_INITIALIZED;
    if (is_ours) {
        fprintf(stderr, "calls: 0x%lx\n", rv);
    }
    FUZZ_REQUIRE(!is_ours);
}

/* The first session sees the token's keys from the beginning. */
static void begin(caller *c) {
    const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    CK_ULONG count = 0;
    CK_RV rv = c->f->C_OpenSession(c->t->slot, flags, NULL, NULL, &c->sessions[0]);
    FUZZ_REQUIRE(rv == CKR_OK);
    FUZZ_REQUIRE(c->f->C_FindObjectsInit(c->sessions[0], NULL, 0) == CKR_OK);
    FUZZ_REQUIRE(c->f->C_FindObjects(c->sessions[0], c->objects, 4, &count) == CKR_OK);
    FUZZ_REQUIRE(c->f->C_FindObjectsFinal(c->sessions[0]) == CKR_OK && count == 4);
    c->next_object = (unsigned)count;
}

void fuzz_calls(vk_bytes input) {
    caller c = {.t = calls_token_ready(), .input = input};
    c.f = c.t->f;
    begin(&c);
    for (unsigned i = 0; i < CALLS_MAX && c.input.len > 0; i++) {
        check(calls[pick(&c, sizeof calls / sizeof calls[0])](&c));
        release(&c);
    }
    calls_token_restore(c.t);
}
