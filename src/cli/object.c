#include "cli/object.h"

#include <stdlib.h>
#include <string.h>

#define FIND_AT_ONCE 64

const CK_OBJECT_CLASS vk_class_private = CKO_PRIVATE_KEY;
const CK_OBJECT_CLASS vk_class_public = CKO_PUBLIC_KEY;
const CK_OBJECT_CLASS vk_class_data = CKO_DATA;
const CK_KEY_TYPE vk_key_type_ec = CKK_EC;

vk_bytes vk_curve_params(bool p256) {
    static const uint8_t secp256k1[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    static const uint8_t prime256v1[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x03, 0x01, 0x07};
    return p256 ? (vk_bytes){prime256v1, sizeof prime256v1}
                : (vk_bytes){secp256k1, sizeof secp256k1};
}

void vk_template_bytes(vk_template *t, CK_ATTRIBUTE_TYPE type, vk_bytes value) {
    /* Cryptoki's templates are not const, its functions do not write to them. */
    t->attrs[t->count++] = (CK_ATTRIBUTE){type, (void *)(uintptr_t)value.data, value.len};
}

void vk_template_text(vk_template *t, CK_ATTRIBUTE_TYPE type, const char *value) {
    vk_template_bytes(t, type, (vk_bytes){(const uint8_t *)value, strlen(value)});
}

void vk_template_bool(vk_template *t, CK_ATTRIBUTE_TYPE type, bool value) {
    static const CK_BBOOL values[] = {CK_FALSE, CK_TRUE};
    vk_template_bytes(t, type, (vk_bytes){&values[value], sizeof values[0]});
}

void vk_template_ulong(vk_template *t, CK_ATTRIBUTE_TYPE type, const CK_ULONG *value) {
    vk_template_bytes(t, type, (vk_bytes){(const uint8_t *)value, sizeof *value});
}

static bool is_absent(CK_RV rv) {
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE;
}

static CK_RV get_value(vk_cli *cli, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, vk_buf *out) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    CK_ATTRIBUTE attr = {type, NULL, 0};
    CK_RV rv = f->C_GetAttributeValue(cli->session, object, &attr, 1);
    if (rv != CKR_OK || attr.ulValueLen == CK_UNAVAILABLE_INFORMATION) {
        return rv != CKR_OK ? rv : CKR_ATTRIBUTE_TYPE_INVALID;
    }
    size_t start = out->len;
    vk_buf_put_zeros(out, attr.ulValueLen);
    if (vk_buf_status(out) != VK_OK) {
        return CKR_HOST_MEMORY;
    }
    attr.pValue = attr.ulValueLen > 0 ? out->data + start : NULL;
    rv = attr.ulValueLen > 0 ? f->C_GetAttributeValue(cli->session, object, &attr, 1) : CKR_OK;
    out->len = start + (rv == CKR_OK ? attr.ulValueLen : 0);
    return rv;
}

vk_exit vk_object_get(vk_cli *cli, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, vk_buf *out,
                      bool *present) {
    CK_RV rv = get_value(cli, object, type, out);
    /* Another process may have changed the value between the two calls. */
    for (int i = 0; rv == CKR_BUFFER_TOO_SMALL && i < 3; i++) {
        rv = get_value(cli, object, type, out);
    }
    if (present != NULL) {
        *present = rv == CKR_OK;
        rv = is_absent(rv) ? CKR_OK : rv;
    }
    return rv == CKR_OK ? VK_EXIT_OK
                        : vk_cli_fail_rv(cli, "cannot read an attribute from the token", rv);
}

static vk_exit add_handles(vk_cli *cli, vk_handles *out, const CK_OBJECT_HANDLE *found,
                           CK_ULONG n) {
    CK_OBJECT_HANDLE *list = reallocarray(out->list, out->count + n, sizeof *list);
    if (list == NULL) {
        return vk_cli_no_memory(cli);
    }
    memcpy(list + out->count, found, n * sizeof *found);
    out->list = list;
    out->count += n;
    return VK_EXIT_OK;
}

vk_exit vk_object_find(vk_cli *cli, const vk_template *wanted, vk_handles *out) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    vk_template copy = *wanted;
    CK_OBJECT_HANDLE found[FIND_AT_ONCE];
    CK_ULONG n = 0;
    vk_exit exit = VK_EXIT_OK;
    *out = (vk_handles){0};
    CK_RV rv = f->C_FindObjectsInit(cli->session, copy.attrs, copy.count);
    if (rv != CKR_OK) {
        return vk_cli_fail_rv(cli, "cannot search the token", rv);
    }
    do {
        rv = f->C_FindObjects(cli->session, found, FIND_AT_ONCE, &n);
        if (rv == CKR_OK && n > 0) {
            exit = add_handles(cli, out, found, n);
        }
    } while (rv == CKR_OK && n > 0 && exit == VK_EXIT_OK);
    CK_RV final_rv = f->C_FindObjectsFinal(cli->session);
    rv = rv == CKR_OK ? final_rv : rv;
    if (rv != CKR_OK) {
        exit = vk_cli_fail_rv(cli, "cannot search the token", rv);
    }
    if (exit != VK_EXIT_OK) {
        free(out->list);
        *out = (vk_handles){0};
    }
    return exit;
}
