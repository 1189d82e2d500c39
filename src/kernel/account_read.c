/* Factory data, read back: what it says is written again, and must give the same bytes. */
#include "eth/abi.h"
#include "kernel/account_data.h"
#include "kernel/version.h"

#include <stdlib.h>
#include <string.h>

/* What is being read. */
typedef struct reading {
    vk_factory_call factory;
    vk_account_init_call init_call;
    vk_kernel_version hint;
    vk_bytes init;
    vk_account account;
} reading;

static vk_status malformed(vk_error *err, const char *what) {
    return vk_fail(err, VK_ERR_FORMAT, "initCode", "%s", what);
}

static bool begins_with(vk_bytes data, const uint8_t selector[VK_SELECTOR_LEN]) {
    return data.len >= VK_SELECTOR_LEN && memcmp(data.data, selector, VK_SELECTOR_LEN) == 0;
}

static vk_bytes after_selector(vk_bytes data) {
    return (vk_bytes){data.data + VK_SELECTOR_LEN, data.len - VK_SELECTOR_LEN};
}

/* ---- The factory's call ---- */

static vk_status read_v1(vk_bytes body, reading *r) {
    vk_address owner;
    vk_status status = vk_abi_address(body, 0, &owner);
    if (status == VK_OK) {
        r->account.enable_data = (vk_bytes){body.data + VK_WORD - sizeof owner.b, sizeof owner.b};
        status = vk_abi_u256(body, VK_WORD, &r->account.index);
    }
    return status;
}

static vk_status read_v3(vk_bytes body, reading *r) {
    vk_status status = vk_abi_bytes(body, 0, &r->init);
    return status == VK_OK ? vk_abi_u256(body, VK_WORD, &r->account.index) : status;
}

/* (address, bytes, uint256) */
static vk_status read_named(vk_bytes body, vk_address *address, vk_bytes *data, reading *r) {
    vk_status status = vk_abi_address(body, 0, address);
    if (status == VK_OK) {
        status = vk_abi_bytes(body, VK_WORD, data);
    }
    return status == VK_OK ? vk_abi_u256(body, 2 * VK_WORD, &r->account.index) : status;
}

/*
 * 0.0.2 and 0.2.x have one selector and one form. The bytes of 0.2.x are a call of initialize, and
 * so a selector and words; those of 0.0.2 are an owner's address.
 */
static vk_status read_v2(vk_bytes body, reading *r) {
    vk_address address;
    vk_bytes data;
    vk_status status = read_named(body, &address, &data, r);
    if (status != VK_OK) {
        return status;
    }
    bool call =
        begins_with(data, vk_init_selectors[VK_INIT_V2]) && data.len % VK_WORD == VK_SELECTOR_LEN;
    bool v2 = call || (r->hint >= VK_KERNEL_0_2_2 && r->hint <= VK_KERNEL_0_2_4);
    r->factory = v2 ? VK_FACTORY_V2 : VK_FACTORY_0_0_2;
    if (v2) {
        r->account.implementation = address;
        r->init = data;
    } else {
        r->account.validator = address;
        r->account.enable_data = data;
    }
    return VK_OK;
}

static vk_status read_meta(vk_bytes body, reading *r) {
    r->account.use_meta_factory = true;
    return read_named(body, &r->account.factory, &r->init, r);
}

static vk_status read_factory_call(vk_bytes data, reading *r, vk_error *err) {
    static const struct {
        vk_factory_call call;
        vk_status (*read)(vk_bytes, reading *);
    } calls[] = {{VK_FACTORY_META, read_meta},
                 {VK_FACTORY_V3, read_v3},
                 {VK_FACTORY_V2, read_v2},
                 {VK_FACTORY_V1, read_v1}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (begins_with(data, vk_factory_selectors[calls[i].call])) {
            r->factory = calls[i].call;
            return calls[i].read(after_selector(data), r) == VK_OK
                       ? VK_OK
                       : malformed(err, "the factory data is not well encoded");
        }
    }
    return malformed(err, "the factory data is neither deployWithFactory (0xc5265d5d) nor "
                          "createAccount (0xea6d13ac, 0x296601cd or 0x5fbfb9cf)");
}

/* ---- The version ---- */

static vk_kernel_version of_implementation(const vk_address *implementation) {
    for (int i = VK_KERNEL_0_2_2; i <= VK_KERNEL_0_2_4; i++) {
        vk_address published = vk_kernel_implementation((vk_kernel_version)i);
        if (vk_address_equal(&published, implementation)) {
            return (vk_kernel_version)i;
        }
    }
    return VK_KERNEL_UNKNOWN;
}

/* The version that the data names; UNKNOWN if it names none. */
static vk_kernel_version named_version(const reading *r) {
    switch (r->factory) {
    case VK_FACTORY_V1:
        return VK_KERNEL_V1;
    case VK_FACTORY_0_0_2:
        return VK_KERNEL_0_0_2;
    case VK_FACTORY_V2:
        return of_implementation(&r->account.implementation);
    case VK_FACTORY_V3:
        return begins_with(r->init, vk_init_selectors[VK_INIT_3_0]) ? VK_KERNEL_0_3_0
                                                                    : VK_KERNEL_UNKNOWN;
    case VK_FACTORY_META:
        return vk_kernel_of_factory(&r->account.factory);
    }
    return VK_KERNEL_UNKNOWN;
}

/* The versions of which the factory's call could be. */
static bool is_of_family(vk_factory_call factory, vk_kernel_version version) {
    vk_account like = {.kernel = version, .use_meta_factory = factory == VK_FACTORY_META};
    return vk_factory_call_of(&like) == factory;
}

static vk_status read_version(reading *r, vk_error *err) {
    vk_kernel_version named = named_version(r);
    if (r->factory == VK_FACTORY_META && named == VK_KERNEL_UNKNOWN) {
        char text[43];
        vk_address_text(&r->account.factory, text);
        return vk_fail(err, VK_ERR_UNSUPPORTED, "initCode",
                       "the factory %s is not that of Kernel 0.3.0, 0.3.1, 0.3.2 or 0.3.3", text);
    }
    r->account.kernel = named == VK_KERNEL_UNKNOWN ? r->hint : named;
    if (r->hint == VK_KERNEL_UNKNOWN) {
        return VK_OK;
    }
    if (named != VK_KERNEL_UNKNOWN && named != r->hint) {
        return vk_fail(err, VK_ERR_MISMATCH, "kernelVersion",
                       "the factory data is of Kernel %s, not %s", vk_kernel_text(named),
                       vk_kernel_text(r->hint));
    }
    return is_of_family(r->factory, r->hint)
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, "kernelVersion",
                         "the factory data is not of Kernel %s", vk_kernel_text(r->hint));
}

/* ---- The account's initialization ---- */

static vk_status read_init_call(reading *r, vk_error *err) {
    if (r->account.kernel != VK_KERNEL_UNKNOWN) {
        r->init_call = vk_init_call_of(r->account.kernel);
    } else {
        r->init_call = r->factory == VK_FACTORY_V2 ? VK_INIT_V2 : VK_INIT_3_1;
    }
    if (r->init_call == VK_INIT_NONE || begins_with(r->init, vk_init_selectors[r->init_call])) {
        return VK_OK;
    }
    static const char *const names[] = {
        [VK_INIT_V2] = "0.2.x (0xd1f57894)",
        [VK_INIT_3_0] = "0.3.0 (0x12af322c)",
        [VK_INIT_3_1] = "0.3.1 on (0x3c3b752b)",
    };
    return vk_fail(err, VK_ERR_FORMAT, "initCode",
                   "the account's initialization is not that of Kernel %s", names[r->init_call]);
}

static vk_status read_init_v2(vk_bytes body, vk_account *out) {
    vk_status status = vk_abi_address(body, 0, &out->validator);
    return status == VK_OK ? vk_abi_bytes(body, VK_WORD, &out->enable_data) : status;
}

static vk_status read_root_id(vk_bytes body, vk_account *out) {
    const uint8_t *id;
    vk_status status = vk_abi_word(body, 0, &id);
    if (status != VK_OK) {
        return status;
    }
    out->root_is_permission = id[0] == VK_ROOT_ID_PERMISSION;
    if (out->root_is_permission) {
        memcpy(out->permission_id, id + 1, sizeof out->permission_id);
    } else {
        memcpy(out->validator.b, id + 1, sizeof out->validator.b);
    }
    return id[0] == VK_ROOT_ID_VALIDATOR || id[0] == VK_ROOT_ID_PERMISSION ? VK_OK : VK_ERR_FORMAT;
}

static vk_status read_init_config(vk_bytes body, vk_account *out) {
    vk_bytes list;
    size_t count;
    vk_status status = vk_abi_tail(body, 4 * VK_WORD, &list);
    if (status == VK_OK) {
        status = vk_abi_size(list, 0, VK_INIT_CONFIG_MAX, &count);
    }
    if (status != VK_OK || count == 0) {
        return status;
    }
    out->init_config = calloc(count, sizeof *out->init_config);
    if (out->init_config == NULL) {
        return VK_ERR_MEMORY;
    }
    out->init_config_count = count;
    vk_bytes items = {list.data + VK_WORD, list.len - VK_WORD};
    for (size_t i = 0; i < count && status == VK_OK; i++) {
        status = vk_abi_bytes(items, i * VK_WORD, &out->init_config[i]);
    }
    return status;
}

static vk_status read_init_v3(vk_bytes body, bool config, vk_account *out) {
    vk_status status = read_root_id(body, out);
    if (status == VK_OK) {
        status = vk_abi_address(body, VK_WORD, &out->hook);
    }
    if (status == VK_OK) {
        status = vk_abi_bytes(body, 2 * VK_WORD, &out->enable_data);
    }
    if (status == VK_OK) {
        status = vk_abi_bytes(body, 3 * VK_WORD, &out->hook_data);
    }
    return status == VK_OK && config ? read_init_config(body, out) : status;
}

static vk_status read_init(reading *r, vk_error *err) {
    vk_status status = read_init_call(r, err);
    if (status != VK_OK || r->init_call == VK_INIT_NONE) {
        return status;
    }
    vk_bytes body = after_selector(r->init);
    status = r->init_call == VK_INIT_V2
                 ? read_init_v2(body, &r->account)
                 : read_init_v3(body, r->init_call == VK_INIT_3_1, &r->account);
    if (status == VK_ERR_MEMORY) {
        return vk_fail(err, status, "initCode", "out of memory");
    }
    return status == VK_OK ? VK_OK
                           : malformed(err, "the account's initialization is not well encoded");
}

/* ---- All of it ---- */

static vk_status check_canonical(const reading *r, vk_bytes data, vk_error *err) {
    vk_buf again = {0};
    vk_account_put_factory_data(r->factory, r->init_call, &r->account, &again);
    vk_status status = vk_buf_status(&again);
    if (status != VK_OK) {
        status = vk_fail(err, status, "initCode", "%s", vk_status_text(status));
    } else if (!vk_bytes_equal(vk_buf_view(&again), data)) {
        status = malformed(err, "the factory data is not canonically encoded");
    }
    vk_buf_clear(&again);
    return status;
}

/* What the version implies is not said again. */
static void drop_published(vk_account *account) {
    vk_address factory = vk_kernel_factory(account->kernel);
    vk_address implementation = vk_kernel_implementation(account->kernel);
    if (vk_address_equal(&account->factory, &factory)) {
        account->factory = (vk_address){{0}};
    }
    if (vk_address_equal(&account->implementation, &implementation)) {
        account->implementation = (vk_address){{0}};
    }
}

vk_status vk_account_read(vk_bytes factory_data, vk_kernel_version kernel_hint, vk_account *out,
                          vk_error *err) {
    reading r = {.hint = kernel_hint};
    vk_status status = read_factory_call(factory_data, &r, err);
    if (status == VK_OK) {
        status = read_version(&r, err);
    }
    if (status == VK_OK) {
        status = read_init(&r, err);
    }
    if (status == VK_OK) {
        status = check_canonical(&r, factory_data, err);
    }
    if (status != VK_OK) {
        vk_account_clear(&r.account);
        return status;
    }
    drop_published(&r.account);
    *out = r.account;
    return VK_OK;
}

void vk_account_clear(vk_account *account) {
    free(account->init_config);
    *account = (vk_account){0};
}

/* ---- Owners ---- */

static vk_status read_root(const vk_account *account, vk_root *out, vk_error *err) {
    if (account->root_is_permission) {
        memcpy(out->validator.b, account->permission_id, sizeof account->permission_id);
        return VK_OK;
    }
    out->validator = account->validator;
    out->kind =
        account->kernel == VK_KERNEL_V1 ? VK_ROOT_ECDSA : vk_root_kind_of(&account->validator);
    vk_error inner = {0};
    vk_status status = vk_root_read_enable_data(account->enable_data, out, &inner);
    return status == VK_OK ? VK_OK : vk_fail(err, status, "initCode", "%s", inner.message);
}

static vk_status read_address(const vk_account *account, vk_address *out, vk_error *err) {
    return account->kernel >= VK_KERNEL_0_2_2 ? vk_account_address(account, out, err) : VK_OK;
}

vk_status vk_account_init_read(vk_bytes factory_data, vk_kernel_version kernel_hint,
                               vk_account_init *out, vk_error *err) {
    vk_account account;
    vk_status status = vk_account_read(factory_data, kernel_hint, &account, err);
    if (status != VK_OK) {
        return status;
    }
    vk_account_init result = {.kernel = account.kernel};
    status = read_root(&account, &result.root, err);
    if (status == VK_OK) {
        status = read_address(&account, &result.account, err);
    }
    vk_account_clear(&account);
    if (status == VK_OK) {
        *out = result;
    }
    return status;
}

vk_status vk_account_init_write(vk_kernel_version kernel, const vk_address *owner,
                                const vk_u256 *index, vk_buf *out) {
    const vk_validator *validator = vk_validator_named("ecdsa", kernel);
    vk_account account = {.kernel = kernel,
                          .enable_data = {owner->b, sizeof owner->b},
                          .index = *index,
                          .use_meta_factory = true};
    if (validator != NULL) {
        account.validator = validator->address;
    }
    return vk_account_factory_data(&account, out, NULL);
}
