#include "eth/userop_json.h"
#include "eth/userop_pack.h"

#include <inttypes.h>
#include <string.h>

const vk_userop_dialect vk_userop_rpc_dialect = {.number = vk_json_quantity};

/* ---- The names of each version ---- */

#define NAMES_MAX 24

static const char *const common_names[] = {"callData",
                                           "callGasLimit",
                                           "maxFeePerGas",
                                           "maxPriorityFeePerGas",
                                           "nonce",
                                           "preVerificationGas",
                                           "sender",
                                           "signature",
                                           "verificationGasLimit",
                                           "eip7702Auth",
                                           NULL};
static const char *const joined_names[] = {"initCode", "paymasterAndData", NULL};
static const char *const split_names[] = {"factory",
                                          "factoryData",
                                          "paymaster",
                                          "paymasterData",
                                          "paymasterPostOpGasLimit",
                                          "paymasterVerificationGasLimit",
                                          NULL};

typedef struct name_list {
    const char *names[NAMES_MAX + 1]; /* NULL-terminated */
    size_t count;
} name_list;

static void allow(name_list *list, const char *name) {
    if (name != NULL && list->count < NAMES_MAX) {
        list->names[list->count++] = name;
    }
}

static void allow_all(name_list *list, const char *const *names) {
    for (; *names != NULL; names++) {
        allow(list, *names);
    }
}

static vk_status check_names(const cJSON *object, const vk_path *path, vk_entry_point version,
                             const vk_userop_dialect *dialect, vk_error *err) {
    name_list list = {.count = 0};
    allow_all(&list, common_names);
    allow_all(&list, version == VK_ENTRY_POINT_0_6 ? joined_names : split_names);
    allow(&list, version == VK_ENTRY_POINT_0_9 ? "paymasterSignature" : NULL);
    allow(&list, dialect->authorization);
    allow(&list, dialect->extra);
    return vk_json_only(object, list.names, path, err);
}

/* ---- Members ---- */

/* A reader of the members of one object: after a failure nothing more is read. */
typedef struct reader {
    const cJSON *object;
    const vk_path *path;
    const vk_userop_dialect *dialect;
    vk_userop *op;
    vk_error *err;
    vk_status status;
} reader;

static bool has(const reader *r, const char *name) {
    return vk_json_get(r->object, name) != NULL;
}

static void fail(reader *r, const char *name, const char *what) {
    if (r->status == VK_OK) {
        vk_path at = vk_path_member(r->path, name);
        r->status = vk_fail(r->err, VK_ERR_FORMAT, at.text, "\"%s\" %s", name, what);
    }
}

static void number(reader *r, const char *name, unsigned bits, vk_u256 *out) {
    if (r->status == VK_OK) {
        r->status = r->dialect->number(r->object, name, r->path, bits, out, r->err);
    }
}

static void address(reader *r, const char *name, vk_address *out) {
    if (r->status == VK_OK) {
        r->status = vk_json_address(r->object, name, r->path, out, r->err);
    }
}

/* storage has room for all of the object's bytes, so the views never move. */
static void bytes(reader *r, const char *name, vk_bytes *out) {
    if (r->status == VK_OK) {
        size_t start = r->op->storage.len;
        r->status = vk_json_bytes(r->object, name, r->path, VK_USEROP_MAX, &r->op->storage, r->err);
        size_t len = r->op->storage.len - start;
        *out = (vk_bytes){len == 0 ? NULL : r->op->storage.data + start, len};
    }
}

static void bytes_or_absent(reader *r, const char *name, vk_bytes *out, bool *absent) {
    *absent = !has(r, name);
    if (!*absent) {
        bytes(r, name, out);
    }
}

/* A member of a group without the member that leads it. */
static void refuse_alone(reader *r, const char *name, const char *leader) {
    if (r->status == VK_OK && has(r, name)) {
        vk_path at = vk_path_member(r->path, name);
        r->status =
            vk_fail(r->err, VK_ERR_FORMAT, at.text, "\"%s\" is given without \"%s\"", name, leader);
    }
}

/* ---- Groups of members ---- */

/* "0x7702" stands for the marker of EIP-7702. */
static void read_factory(reader *r) {
    vk_userop *op = r->op;
    const cJSON *factory = vk_json_get(r->object, "factory");
    op->has_factory = factory != NULL;
    if (!op->has_factory) {
        refuse_alone(r, "factoryData", "factory");
        return;
    }
    bool knows_7702 = vk_userop_knows_7702(op->entry_point);
    op->spelling.short_marker =
        knows_7702 && cJSON_IsString(factory) && strcmp(factory->valuestring, "0x7702") == 0;
    if (op->spelling.short_marker) {
        op->factory = vk_eip7702_marker;
    } else {
        address(r, "factory", &op->factory);
    }
    bytes_or_absent(r, "factoryData", &op->factory_data, &op->spelling.no_factory_data);
}

static void read_paymaster(reader *r) {
    static const char *const followers[] = {"paymasterData", "paymasterVerificationGasLimit",
                                            "paymasterPostOpGasLimit", "paymasterSignature"};
    vk_userop *op = r->op;
    op->has_paymaster = has(r, "paymaster");
    if (!op->has_paymaster) {
        for (size_t i = 0; i < sizeof followers / sizeof followers[0]; i++) {
            refuse_alone(r, followers[i], "paymaster");
        }
        return;
    }
    address(r, "paymaster", &op->paymaster);
    number(r, "paymasterVerificationGasLimit", 128, &op->paymaster_verification_gas_limit);
    number(r, "paymasterPostOpGasLimit", 128, &op->paymaster_post_op_gas_limit);
    bytes_or_absent(r, "paymasterData", &op->paymaster_data, &op->spelling.no_paymaster_data);
    op->has_paymaster_signature = has(r, "paymasterSignature");
    if (op->has_paymaster_signature) {
        bytes(r, "paymasterSignature", &op->paymaster_signature);
    }
}

static uint64_t number64(reader *r, const char *name, unsigned bits) {
    vk_u256 value = {{0}};
    number(r, name, bits, &value);
    return r->status == VK_OK ? vk_u256_low64(&value) : 0;
}

/* v says the same as yParity, with or without the 27 of older transactions. */
static void check_v(reader *r, uint8_t y_parity) {
    uint64_t v = number64(r, "v", 64);
    if (r->status == VK_OK && v != y_parity && v != 27U + y_parity) {
        vk_path at = vk_path_member(r->path, "v");
        r->status = vk_fail(r->err, VK_ERR_MISMATCH, at.text,
                            "\"v\" is %" PRIu64 ", but \"yParity\" is %d", v, y_parity);
    }
}

/* r, s and yParity are absent while nobody has signed. */
static void read_authorization_members(reader *r, vk_authorization *out) {
    static const char *const names[] = {"address", "chainId", "nonce",   "r",
                                        "s",       "v",       "yParity", NULL};
    r->status = vk_json_only(r->object, names, r->path, r->err);
    address(r, "address", &out->address);
    out->chain_id = number64(r, "chainId", 64);
    out->nonce = number64(r, "nonce", 64);
    if (has(r, "r") || has(r, "s") || has(r, "yParity") || has(r, "v")) {
        number(r, "r", 256, &out->r);
        number(r, "s", 256, &out->s);
        out->y_parity = (uint8_t)number64(r, "yParity", 1);
    }
    if (has(r, "v")) {
        check_v(r, out->y_parity);
    }
}

static void read_authorization(reader *r) {
    const char *name = "eip7702Auth";
    const char *other = r->dialect->authorization;
    if (other != NULL && has(r, other)) {
        if (has(r, name)) {
            fail(r, other, "is given together with \"eip7702Auth\"");
        }
        name = other;
    }
    r->op->has_authorization = has(r, name);
    if (r->status != VK_OK || !r->op->has_authorization) {
        return;
    }
    vk_path path = vk_path_member(r->path, name);
    reader inner = *r;
    inner.object = vk_json_get(r->object, name);
    inner.path = &path;
    read_authorization_members(&inner, &r->op->authorization);
    r->status = inner.status;
}

static void read_gas(reader *r) {
    vk_userop *op = r->op;
    unsigned bits = op->entry_point == VK_ENTRY_POINT_0_6 ? 256 : 128;
    number(r, "callGasLimit", bits, &op->call_gas_limit);
    number(r, "verificationGasLimit", bits, &op->verification_gas_limit);
    number(r, "preVerificationGas", 256, &op->pre_verification_gas);
    number(r, "maxFeePerGas", bits, &op->max_fee_per_gas);
    number(r, "maxPriorityFeePerGas", bits, &op->max_priority_fee_per_gas);
}

static vk_status read_members(reader *r) {
    vk_userop *op = r->op;
    vk_userop_spelling *spelling = &op->spelling;
    bool joined = op->entry_point == VK_ENTRY_POINT_0_6;
    address(r, "sender", &op->sender);
    number(r, "nonce", 256, &op->nonce);
    if (joined) {
        bytes_or_absent(r, "initCode", &op->init_code, &spelling->no_init_code);
    } else {
        read_factory(r);
    }
    bytes(r, "callData", &op->call_data);
    read_gas(r);
    if (joined) {
        bytes_or_absent(r, "paymasterAndData", &op->paymaster_and_data,
                        &spelling->no_paymaster_and_data);
    } else {
        read_paymaster(r);
    }
    bytes_or_absent(r, "signature", &op->signature, &spelling->no_signature);
    read_authorization(r);
    return r->status;
}

/* An upper bound of the bytes that the object's hex texts decode to. */
static size_t hex_bytes(const cJSON *object) {
    size_t total = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        total += cJSON_IsString(item) ? strlen(item->valuestring) / 2 : 0;
    }
    return total;
}

vk_status vk_userop_read_object(const cJSON *object, const vk_path *path, vk_entry_point version,
                                const vk_userop_dialect *dialect, vk_userop *out, vk_error *err) {
    if (version < VK_ENTRY_POINT_0_6 || version > VK_ENTRY_POINT_0_9) {
        return vk_fail(err, VK_ERR_ARGUMENT, path == NULL ? NULL : path->text,
                       "the version of the EntryPoint is not known");
    }
    vk_status status = check_names(object, path, version, dialect, err);
    if (status != VK_OK) {
        return status;
    }
    vk_userop op = {.entry_point = version};
    vk_buf_put_zeros(&op.storage, hex_bytes(object));
    op.storage.len = 0;
    status = vk_buf_status(&op.storage);
    if (status == VK_OK) {
        reader r = {.object = object, .path = path, .dialect = dialect, .op = &op, .err = err};
        status = read_members(&r);
    }
    if (status != VK_OK) {
        vk_userop_clear(&op);
        return status;
    }
    *out = op;
    return VK_OK;
}
