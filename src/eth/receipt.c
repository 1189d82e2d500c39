#include <valetkey/receipt.h>

#include "base/json.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

#define NUMBER_MAX ((UINT64_C(1) << 53) - 1) /* of a JSON number */

static bool is_host(const char *text) {
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");
    return len > 0 && len <= VK_RECEIPT_HOST_LEN && text[len] == '\0';
}

/* ---- Reading ---- */

static vk_status read_u64(const cJSON *object, const char *name, uint64_t *out, vk_error *err) {
    vk_u256 number;
    vk_status status = vk_json_bigint(object, name, NULL, 64, &number, err);
    if (status == VK_OK) {
        *out = vk_u256_low64(&number);
    }
    return status;
}

static vk_status read_operation(const cJSON *object, vk_receipt *out, vk_error *err) {
    vk_status status =
        vk_json_fixed(object, "userOpHash", NULL, out->operation.b, sizeof out->operation.b, err);
    if (status == VK_OK) {
        status = read_u64(object, "chainId", &out->chain_id, err);
    }
    if (status == VK_OK) {
        status = vk_json_address(object, "account", NULL, &out->account, err);
    }
    return status == VK_OK ? vk_json_bigint(object, "nonce", NULL, 256, &out->nonce, err) : status;
}

static vk_status read_outcome(const cJSON *object, vk_receipt *out, vk_error *err) {
    const char *reason = "";
    vk_status status = vk_json_bool(object, "success", NULL, &out->success, err);
    if (status == VK_OK && vk_json_get(object, "reason") != NULL) {
        status = vk_json_text(object, "reason", NULL, &reason, err);
    }
    if (status == VK_OK) {
        vk_utf8_copy_printable(reason, out->reason, sizeof out->reason);
        status = vk_json_fixed(object, "transaction", NULL, out->transaction.b,
                               sizeof out->transaction.b, err);
    }
    if (status == VK_OK) {
        status = read_u64(object, "block", &out->block, err);
    }
    return status == VK_OK
               ? vk_json_bigint(object, "actualGasCost", NULL, 256, &out->actual_gas_cost, err)
               : status;
}

static vk_status read_bundler(const cJSON *object, vk_receipt *out, vk_error *err) {
    const char *text;
    vk_status status = vk_json_text(object, "bundler", NULL, &text, err);
    if (status == VK_OK && !is_host(text)) {
        status = vk_fail(err, VK_ERR_FORMAT, "bundler",
                         "this is no host: of the bundler's URL only its host is wanted");
    }
    if (status == VK_OK) {
        memcpy(out->bundler, text, strlen(text) + 1);
    }
    return status;
}

static vk_status read_members(const cJSON *object, vk_receipt *out, vk_error *err) {
    static const char *const names[] = {"userOpHash", "chainId",     "account", "nonce",
                                        "success",    "reason",      "block",   "actualGasCost",
                                        "bundler",    "transaction", NULL};
    vk_status status = vk_json_only(object, names, NULL, err);
    if (status == VK_OK) {
        status = read_operation(object, out, err);
    }
    if (status == VK_OK) {
        status = read_outcome(object, out, err);
    }
    return status == VK_OK ? read_bundler(object, out, err) : status;
}

vk_status vk_receipt_read(const char *json, size_t json_len, vk_receipt *out, vk_error *err) {
    cJSON *parsed = NULL;
    vk_receipt read = {0};
    vk_status status =
        vk_json_parse((vk_bytes){(const uint8_t *)json, json_len}, VK_RECEIPT_MAX, &parsed, err);
    if (status == VK_OK) {
        status = read_members(parsed, &read, err);
    }
    cJSON_Delete(parsed);
    if (status == VK_OK) {
        *out = read;
    }
    return status;
}

/* ---- Writing ---- */

static void put_hex(vk_buf *out, const char *name, const uint8_t *bytes, size_t len) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_hex_put(out, (vk_bytes){bytes, len});
    vk_buf_put_text(out, "\",");
}

static void put_u64(vk_buf *out, const char *name, uint64_t number) {
    const char *quote = number > NUMBER_MAX ? "\"" : "";
    vk_buf_printf(out, "\"%s\":%s%" PRIu64 "%s,", name, quote, number, quote);
}

/* Whoever cut it may have cut a character. */
static void put_reason(vk_buf *out, const char *reason) {
    char clean[VK_RECEIPT_REASON_LEN + 1];
    if (reason[0] != '\0') {
        vk_utf8_copy_printable(reason, clean, sizeof clean);
        vk_buf_put_text(out, "\"reason\":");
        vk_json_put_string(out, clean);
        vk_buf_put_byte(out, ',');
    }
}

vk_status vk_receipt_write(const vk_receipt *receipt, vk_buf *out) {
    char nonce[67], cost[79], account[43];
    if (!is_host(receipt->bundler)) {
        return VK_ERR_FORMAT;
    }
    vk_u256_hex(&receipt->nonce, nonce);
    vk_u256_decimal(&receipt->actual_gas_cost, cost);
    vk_address_text(&receipt->account, account);
    vk_buf_put_byte(out, '{');
    put_hex(out, "userOpHash", receipt->operation.b, sizeof receipt->operation.b);
    put_u64(out, "chainId", receipt->chain_id);
    vk_buf_printf(out, "\"account\":\"%s\",\"nonce\":\"%s\",\"success\":%s,", account, nonce,
                  receipt->success ? "true" : "false");
    put_reason(out, receipt->reason);
    put_hex(out, "transaction", receipt->transaction.b, sizeof receipt->transaction.b);
    put_u64(out, "block", receipt->block);
    vk_buf_printf(out, "\"actualGasCost\":\"%s\",\"bundler\":\"%s\"}", cost, receipt->bundler);
    return vk_buf_status(out);
}
