/* The token, through PKCS#11: its module, the key with its grant, and the signature. See bot.c. */
#define _POSIX_C_SOURCE 200809L
#include "bot.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_rv(CK_RV rv, const char *what) {
    if (rv != CKR_OK) {
        bot_die(1, "%s: the token answers 0x%lx", what, rv);
    }
}

static CK_FUNCTION_LIST_PTR started;

static void finalize(void) {
    started->C_Finalize(NULL);
}

/* However the bot ends, it logs out. */
void bot_open_module(bot *b) {
    const char *path = getenv("VALETKEY_MODULE");
    void *module = dlopen(path != NULL ? path : "valetkey-pkcs11.so", RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get_list = NULL;
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    if (module == NULL) {
        bot_die(1, "%s", dlerror());
    }
    *(void **)&get_list = dlsym(module, "C_GetFunctionList");
    if (get_list == NULL || get_list(&b->p11) != CKR_OK) {
        bot_die(1, "that is no PKCS#11 module");
    }
    must_rv(b->p11->C_Initialize(&args), "C_Initialize");
    started = b->p11;
    if (atexit(finalize) != 0) {
        bot_die(1, "atexit");
    }
}

static CK_SLOT_ID find_token(bot *b, const char *label) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = sizeof slots / sizeof slots[0];
    CK_TOKEN_INFO info;
    char padded[sizeof info.label + 1];
    snprintf(padded, sizeof padded, "%-*s", (int)sizeof info.label, label);
    must_rv(b->p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        if (b->p11->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            memcmp(info.label, padded, sizeof info.label) == 0) {
            return slots[i];
        }
    }
    bot_die(1, "there is no token \"%s\"", label);
}

void bot_log_in(bot *b, const char *token, const char *pin_file) {
    char pin[256];
    size_t len = bot_read_file(pin_file, pin, sizeof pin);
    while (len > 0 && (pin[len - 1] == '\n' || pin[len - 1] == '\r')) {
        len--;
    }
    must_rv(b->p11->C_OpenSession(find_token(b, token), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                  NULL, &b->session),
            "C_OpenSession");
    CK_RV rv = b->p11->C_Login(b->session, CKU_USER, (CK_UTF8CHAR *)pin, len);
    vk_wipe(pin, sizeof pin);
    must_rv(rv, "C_Login");
}

/* The attribute's bytes; none if the object has no such attribute. */
static vk_buf get_attribute(bot *b, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE wanted = {.type = type};
    vk_buf out = {0};
    if (b->p11->C_GetAttributeValue(b->session, object, &wanted, 1) == CKR_OK) {
        vk_buf_put_zeros(&out, wanted.ulValueLen);
        bot_must(vk_buf_status(&out), "an attribute", NULL);
        wanted.pValue = out.data;
        must_rv(b->p11->C_GetAttributeValue(b->session, object, &wanted, 1), "C_GetAttributeValue");
    }
    return out;
}

static CK_ULONG find(bot *b, CK_ATTRIBUTE *wanted, CK_ULONG wanted_count, CK_OBJECT_HANDLE *out,
                     CK_ULONG max) {
    CK_ULONG count = 0;
    must_rv(b->p11->C_FindObjectsInit(b->session, wanted, wanted_count), "C_FindObjectsInit");
    must_rv(b->p11->C_FindObjects(b->session, out, max, &count), "C_FindObjects");
    must_rv(b->p11->C_FindObjectsFinal(b->session), "C_FindObjectsFinal");
    return count;
}

static void read_key(bot *b, char *label, vk_policy *policy) {
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, label, strlen(label)}};
    vk_address address;
    vk_error err = {0};
    if (find(b, wanted, 2, &b->key, 1) != 1) {
        bot_die(1, "the token has no key \"%s\"", label);
    }
    vk_buf of_key = get_attribute(b, b->key, CKA_VALETKEY_ADDRESS);
    vk_buf json = get_attribute(b, b->key, CKA_VALETKEY_POLICY);
    if (of_key.len != sizeof address.b || json.len == 0) {
        bot_die(1, "\"%s\" is no secp256k1 key with a policy", label);
    }
    memcpy(address.b, of_key.data, sizeof address.b);
    b->signer = vk_signer_ecdsa(&address);
    bot_must(vk_policy_read((const char *)json.data, json.len, policy, &err), "policy", &err);
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->rules[i].kind == VK_RULE_GAS) {
            b->gas_policy = policy->rules[i].address;
        }
    }
    vk_buf_clear(&of_key);
    vk_buf_clear(&json);
}

void bot_read_grant(bot *b, char *label, uint64_t chain_id) {
    CK_OBJECT_CLASS class = CKO_DATA;
    char application[] = VK_APPLICATION_GRANT;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class},
                             {CKA_APPLICATION, application, sizeof application - 1},
                             {CKA_LABEL, label, strlen(label)}};
    CK_OBJECT_HANDLE objects[64];
    CK_ULONG count = find(b, wanted, 3, objects, sizeof objects / sizeof objects[0]), fitting = 0;
    vk_policy policy;
    b->label = label;
    read_key(b, label, &policy);
    for (CK_ULONG i = 0; i < count; i++) {
        vk_grant grant;
        vk_buf json = get_attribute(b, objects[i], CKA_VALUE);
        /* One that does not match is of another key with this label. */
        bool mine = vk_grant_read((const char *)json.data, json.len, &policy, &b->signer, &grant,
                                  NULL) == VK_OK;
        vk_buf_clear(&json);
        if (mine && grant.kind == VK_GRANT_PERMISSION &&
            (chain_id == 0 || grant.chain_id == chain_id) && fitting++ == 0) {
            b->grant = grant;
        } else if (mine) {
            vk_grant_clear(&grant);
        }
    }
    vk_policy_clear(&policy);
    if (fitting != 1) {
        bot_die(1, "the key has %lu permissions to choose from: see -c, and valetkey approve",
                fitting);
    }
    vk_address_text(&b->grant.entry_point, b->entry_point);
}

/* The grant's place among the key's. */
static size_t grant_index(bot *b) {
    vk_buf chains = get_attribute(b, b->key, CKA_VALETKEY_CHAIN_IDS);
    vk_buf accounts = get_attribute(b, b->key, CKA_VALETKEY_ACCOUNTS);
    const vk_u256 wanted = vk_u256_from_u64(b->grant.chain_id);
    size_t count = chains.len / 8 < accounts.len / 20 ? chains.len / 8 : accounts.len / 20, i = 0;
    for (; i < count; i++) {
        const vk_u256 chain = vk_u256_from_be(chains.data + 8 * i, 8);
        if (vk_u256_cmp(&chain, &wanted) == 0 &&
            memcmp(accounts.data + 20 * i, b->grant.account.account.b, 20) == 0) {
            break;
        }
    }
    vk_buf_clear(&chains);
    vk_buf_clear(&accounts);
    return i;
}

void bot_check_budget(bot *b) {
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        size_t len;
        const char *what;
    } left[] = {{CKA_VALETKEY_GAS_LEFT, 32, "gas"}, {CKA_VALETKEY_COUNT_LEFT, 8, "operations"}};
    size_t index = grant_index(b);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        vk_buf all = get_attribute(b, b->key, left[i].type); /* empty: no such rule */
        if (all.len >= (index + 1) * left[i].len) {
            const vk_u256 mine = vk_u256_from_be(all.data + index * left[i].len, left[i].len);
            if (vk_u256_is_zero(&mine)) {
                bot_die(EXIT_REFUSED, "the token says that nothing is left of the %s",
                        left[i].what);
            }
        }
        vk_buf_clear(&all);
    }
}

vk_buf bot_sign(bot *b, vk_buf *request) {
    CK_MECHANISM mechanism = {.mechanism = CKM_VALETKEY_USEROP};
    CK_ULONG len = 0;
    vk_buf out = {0};
    CK_RV rv = b->p11->C_SignInit(b->session, &mechanism, b->key);
    if (rv == CKR_OK) {
        rv = b->p11->C_Sign(b->session, request->data, request->len, NULL, &len);
    }
    if (rv == CKR_OK) {
        vk_buf_put_zeros(&out, len);
        bot_must(vk_buf_status(&out), "signature", NULL);
        rv = b->p11->C_Sign(b->session, request->data, request->len, out.data, &len);
        out.len = len;
    }
    if (rv == CKR_FUNCTION_REJECTED || rv == CKR_KEY_FUNCTION_NOT_PERMITTED) {
        vk_buf why = get_attribute(b, b->key, CKA_VALETKEY_LAST_DENIAL);
        bot_die(EXIT_REFUSED, "the token refuses: %.*s", (int)why.len, (const char *)why.data);
    }
    must_rv(rv, "C_Sign");
    return out;
}

/* The record of the journal is what stays; the object would stay as long as the session. */
void bot_write_receipt(bot *b, const vk_receipt *receipt) {
    CK_OBJECT_CLASS class = CKO_DATA;
    char application[] = VK_APPLICATION_RECEIPT;
    CK_OBJECT_HANDLE object;
    vk_buf json = {0};
    bot_must(vk_receipt_write(receipt, &json), "receipt", NULL);
    CK_ATTRIBUTE written[] = {{CKA_CLASS, &class, sizeof class},
                              {CKA_APPLICATION, application, sizeof application - 1},
                              {CKA_LABEL, b->label, strlen(b->label)},
                              {CKA_VALUE, json.data, json.len}};
    CK_RV rv = b->p11->C_CreateObject(b->session, written, 4, &object);
    if (rv == CKR_OK) {
        rv = b->p11->C_DestroyObject(b->session, object);
    }
    if (rv != CKR_OK) {
        fprintf(stderr, "bot: the token does not take the receipt: 0x%lx\n", rv);
    }
    vk_buf_clear(&json);
}
