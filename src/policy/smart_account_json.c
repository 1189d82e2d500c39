/* Smart accounts as JSON. */
#include "base/json.h"

#include <valetkey/smart_account.h>

#include <string.h>

#define FACTORY_DATA_MAX 4096

/* ---- Writing ---- */

static void put_bytes(const char *name, vk_bytes bytes, vk_buf *out) {
    vk_buf_printf(out, ",\"%s\":\"", name);
    vk_hex_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

static void put_address(const char *name, const vk_address *address, vk_buf *out) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void put_owner(const vk_root *root, vk_buf *out) {
    if (root->kind != VK_ROOT_PASSKEY) {
        put_address("owner", &root->owner, out);
        return;
    }
    vk_buf_put_text(out, ",\"owner\":{\"x\":\"");
    vk_hex_put(out, (vk_bytes){root->point65 + 1, 32});
    vk_buf_put_byte(out, '"');
    put_bytes("y", (vk_bytes){root->point65 + 33, 32}, out);
    put_bytes("authenticatorIdHash", (vk_bytes){root->authenticator_id_hash.b, 32}, out);
    vk_buf_put_byte(out, '}');
}

static void put_kernel(const vk_smart_account *account, vk_buf *out) {
    char index[79];
    vk_u256_decimal(&account->index, index);
    vk_buf_printf(out, ",\"kernelVersion\":\"%s\",\"validator\":\"%s\"",
                  vk_kernel_text(account->kernel), vk_root_kind_text(account->root.kind));
    if (vk_smart_account_has_factory(account)) {
        vk_buf_printf(out, ",\"index\":\"%s\"", index);
    }
    if (account->eip7702) {
        vk_buf_put_text(out, ",\"eip7702\":true");
    }
}

static void put_text(const char *name, const char *text, vk_buf *out) {
    if (text != NULL) {
        vk_buf_printf(out, ",\"%s\":", name);
        vk_json_put_string(out, text);
    }
}

vk_status vk_smart_account_write(const vk_smart_account *account, vk_buf *out) {
    vk_address entry_point = vk_entry_point_address(account->entry_point);
    vk_buf_printf(out, "{\"kind\":\"%s\"", vk_smart_account_kind_text(account->kind));
    put_address("entryPoint", &entry_point, out);
    if (account->kind == VK_SMART_ACCOUNT_KERNEL) {
        put_kernel(account, out);
    } else {
        put_address("implementation", &account->implementation, out);
    }
    put_owner(&account->root, out);
    put_address("account", &account->account, out);
    if (vk_smart_account_has_factory(account)) {
        put_address("factory", &account->factory, out);
        put_bytes("factoryData", vk_buf_view(&account->factory_data), out);
    }
    put_text("ownerKey", account->owner_key, out);
    put_text("rpId", account->rp_id, out);
    put_text("origin", account->origin, out);
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

/* ---- Reading ---- */

static vk_status read_kind(const cJSON *object, vk_smart_account *out, vk_error *err) {
    static const char *const kernel[] = {
        "kind",    "kernelVersion", "entryPoint",  "validator", "owner",  "index",   "account",
        "factory", "ownerKey",      "factoryData", "rpId",      "origin", "eip7702", NULL};
    static const char *const thirdweb[] = {
        "kind",           "entryPoint", "owner",  "factory",     "account", "ownerKey",
        "implementation", "rpId",       "origin", "factoryData", NULL};
    const char *text;
    vk_status status = vk_json_text(object, "kind", NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    bool is_thirdweb = strcmp(text, "thirdweb") == 0;
    if (!is_thirdweb && strcmp(text, "kernel") != 0) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kind",
                       "\"%.20s\" is none of \"kernel\" and \"thirdweb\"", text);
    }
    out->kind = is_thirdweb ? VK_SMART_ACCOUNT_THIRDWEB : VK_SMART_ACCOUNT_KERNEL;
    return vk_json_only(object, is_thirdweb ? thirdweb : kernel, NULL, err);
}

static vk_status read_entry_point(const cJSON *object, vk_smart_account *out, vk_error *err) {
    vk_address address;
    vk_status status = vk_json_address(object, "entryPoint", NULL, &address, err);
    if (status != VK_OK) {
        return status;
    }
    out->entry_point = vk_entry_point_of_address(&address);
    return out->entry_point != VK_ENTRY_POINT_UNKNOWN
               ? VK_OK
               : vk_fail(err, VK_ERR_UNSUPPORTED, "entryPoint",
                         "this is none of the published EntryPoints");
}

static vk_status read_passkey(const cJSON *owner, vk_root *out, vk_error *err) {
    static const char *const names[] = {"x", "y", "authenticatorIdHash", NULL};
    vk_path path = vk_path_member(NULL, "owner");
    vk_status status = vk_json_only(owner, names, &path, err);
    out->point65[0] = 0x04;
    if (status == VK_OK) {
        status = vk_json_fixed(owner, "x", &path, out->point65 + 1, 32, err);
    }
    if (status == VK_OK) {
        status = vk_json_fixed(owner, "y", &path, out->point65 + 33, 32, err);
    }
    return status == VK_OK
               ? vk_json_fixed(owner, "authenticatorIdHash", &path, out->authenticator_id_hash.b,
                               sizeof out->authenticator_id_hash.b, err)
               : status;
}

static vk_status read_owner(const cJSON *object, vk_smart_account *out, vk_error *err) {
    const cJSON *owner = vk_json_get(object, "owner");
    return out->root.kind == VK_ROOT_PASSKEY && owner != NULL
               ? read_passkey(owner, &out->root, err)
               : vk_json_address(object, "owner", NULL, &out->root.owner, err);
}

/* Members that only an account with a factory has. */
static vk_status has_no_factory(const cJSON *object, vk_error *err) {
    static const char *const names[] = {"index", "factory", "factoryData"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (vk_json_get(object, names[i]) != NULL) {
            return vk_fail(err, VK_ERR_FORMAT, names[i],
                           "no factory is known that deploys such an account");
        }
    }
    return VK_OK;
}

static vk_status read_deployment(const cJSON *object, vk_smart_account *out, vk_error *err) {
    vk_status status = VK_OK;
    if (vk_json_get(object, "eip7702") != NULL) {
        status = vk_json_bool(object, "eip7702", NULL, &out->eip7702, err);
    }
    if (status != VK_OK) {
        return status;
    }
    return vk_smart_account_has_factory(out)
               ? vk_json_bigint(object, "index", NULL, 256, &out->index, err)
               : has_no_factory(object, err);
}

static vk_status read_kernel(const cJSON *object, vk_smart_account *out, vk_error *err) {
    const char *version, *validator;
    vk_status status = vk_json_text(object, "kernelVersion", NULL, &version, err);
    if (status != VK_OK) {
        return status;
    }
    out->kernel = vk_kernel_read(version);
    if (out->kernel == VK_KERNEL_UNKNOWN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion", "no such version of Kernel");
    }
    status = vk_json_text(object, "validator", NULL, &validator, err);
    if (status == VK_OK) {
        out->root.kind = vk_root_kind_read(validator);
        status = read_deployment(object, out, err);
    }
    return status == VK_OK ? read_owner(object, out, err) : status;
}

static vk_status read_thirdweb(const cJSON *object, vk_smart_account *out, vk_error *err) {
    out->root.kind = VK_ROOT_ECDSA;
    vk_status status = read_owner(object, out, err);
    return status == VK_OK
               ? vk_json_address(object, "implementation", NULL, &out->implementation, err)
               : status;
}

/* Texts that are shown, and handed to others: printable, and of a length that is sane. */
static vk_status read_text(const cJSON *object, const char *name, char **out, vk_error *err) {
    const char *text;
    vk_buf copy = {0};
    if (vk_json_get(object, name) == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(object, name, NULL, &text, err);
    if (status != VK_OK) {
        return status;
    }
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e) {
            return vk_fail(err, VK_ERR_FORMAT, name, "\"%s\" is not printable ASCII", name);
        }
    }
    if (len == 0 || len > VK_SMART_ACCOUNT_TEXT_MAX) {
        return vk_fail(err, VK_ERR_SIZE, name, "\"%s\" has 1 to %d characters, not %zu", name,
                       VK_SMART_ACCOUNT_TEXT_MAX, len);
    }
    vk_buf_put_text(&copy, text);
    *out = vk_buf_take_text(&copy);
    return *out != NULL ? VK_OK
                        : vk_fail(err, VK_ERR_MEMORY, name, "%s", vk_status_text(VK_ERR_MEMORY));
}

/* A PIN has no place here; a module would be code that the object names. */
static vk_status check_owner_key(const vk_smart_account *account, vk_error *err) {
    static const char *const refused[] = {"pin-value", "pin-source", "module-path", "module-name"};
    const char *uri = account->owner_key;
    if (uri == NULL) {
        return VK_OK;
    }
    if (strncmp(uri, "pkcs11:", strlen("pkcs11:")) != 0) {
        return vk_fail(err, VK_ERR_FORMAT, "ownerKey", "\"ownerKey\" is not a PKCS#11 URI");
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strstr(uri, refused[i]) != NULL) {
            return vk_fail(err, VK_ERR_FORMAT, "ownerKey", "\"ownerKey\" must not have a %s",
                           refused[i]);
        }
    }
    return VK_OK;
}

static vk_status read_texts(const cJSON *object, vk_smart_account *out, vk_error *err) {
    vk_status status = read_text(object, "ownerKey", &out->owner_key, err);
    if (status == VK_OK) {
        status = check_owner_key(out, err);
    }
    if (status == VK_OK) {
        status = read_text(object, "rpId", &out->rp_id, err);
    }
    return status == VK_OK ? read_text(object, "origin", &out->origin, err) : status;
}

/* What follows from the rest. */
static vk_status read_result(const cJSON *object, vk_smart_account *out, vk_error *err) {
    vk_status status = vk_json_address(object, "account", NULL, &out->account, err);
    if (status != VK_OK || !vk_smart_account_has_factory(out)) {
        return status;
    }
    status = vk_json_address(object, "factory", NULL, &out->factory, err);
    return status == VK_OK ? vk_json_bytes(object, "factoryData", NULL, FACTORY_DATA_MAX,
                                           &out->factory_data, err)
                           : status;
}

static vk_status read_members(const cJSON *object, vk_smart_account *out, vk_error *err) {
    vk_status status = read_kind(object, out, err);
    if (status == VK_OK) {
        status = read_entry_point(object, out, err);
    }
    if (status == VK_OK) {
        status = out->kind == VK_SMART_ACCOUNT_THIRDWEB ? read_thirdweb(object, out, err)
                                                        : read_kernel(object, out, err);
    }
    if (status == VK_OK) {
        status = read_texts(object, out, err);
    }
    return status == VK_OK ? read_result(object, out, err) : status;
}

static vk_status mismatch(const char *name, const vk_address *said, const vk_address *computed,
                          vk_error *err) {
    char text[43], other[43];
    vk_address_text(said, text);
    vk_address_text(computed, other);
    return vk_fail(err, VK_ERR_MISMATCH, name, "it says %s, but what it is made of gives %s", text,
                   other);
}

/* What was read against what it should be. */
static vk_status check_result(vk_smart_account *account, vk_error *err) {
    vk_address address = account->account, factory = account->factory;
    vk_buf data = account->factory_data;
    account->factory_data = (vk_buf){0};
    vk_status status = vk_smart_account_settle(account, err);
    if (status == VK_OK && !vk_address_equal(&address, &account->account)) {
        status = mismatch("account", &address, &account->account, err);
    }
    if (status == VK_OK && !vk_address_equal(&factory, &account->factory)) {
        status = mismatch("factory", &factory, &account->factory, err);
    }
    if (status == VK_OK &&
        !vk_bytes_equal(vk_buf_view(&data), vk_buf_view(&account->factory_data))) {
        status = vk_fail(err, VK_ERR_MISMATCH, "factoryData",
                         "the factory data is not that of this owner and index");
    }
    vk_buf_clear(&data);
    return status;
}

vk_status vk_smart_account_read(const char *json, size_t json_len, vk_smart_account *out,
                                vk_error *err) {
    cJSON *object = NULL;
    vk_smart_account account = {.kind = VK_SMART_ACCOUNT_KERNEL};
    vk_status status = vk_json_parse((vk_bytes){(const uint8_t *)json, json_len},
                                     VK_SMART_ACCOUNT_MAX, &object, err);
    if (status == VK_OK) {
        status = read_members(object, &account, err);
    }
    cJSON_Delete(object);
    if (status == VK_OK) {
        status = check_result(&account, err);
    }
    if (status != VK_OK) {
        vk_smart_account_clear(&account);
        return status;
    }
    *out = account;
    return VK_OK;
}
