#include "net/chain_state_read.h"

#include "eth/abi.h"
#include <stdlib.h>
#include <string.h>

static const vk_path result_path = {"result"};

#define FEE_BITS 128   /* as the EntryPoint packs it */
#define NUMBER_BITS 48 /* of counts and times in rules */
/* Of code: more than any chain lets a contract have. */
#define CODE_MAX ((size_t)1 << 20)

/* A text of a list, as a quantity. */
static vk_status read_item(const cJSON *item, const vk_path *path, vk_u256 *out, vk_error *err) {
    if (!cJSON_IsString(item) ||
        vk_u256_read_hex(item->valuestring, strlen(item->valuestring), out) != VK_OK) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "this is no quantity");
    }
    return vk_u256_fits(out, FEE_BITS)
               ? VK_OK
               : vk_fail(err, VK_ERR_RANGE, path->text, "this does not fit %d bits", FEE_BITS);
}

static vk_status get_list(const cJSON *result, const char *name, int max, const cJSON **out,
                          vk_error *err) {
    vk_path at = vk_path_member(&result_path, name);
    *out = vk_json_get(result, name);
    if (!cJSON_IsArray(*out) || cJSON_GetArraySize(*out) == 0 || cJSON_GetArraySize(*out) > max) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"%s\" must be an array of 1 to %d values",
                       name, max);
    }
    return VK_OK;
}

/* The last one is that of the next block. */
static vk_status read_base(const cJSON *result, vk_u256 *out, vk_error *err) {
    const cJSON *list, *item;
    const vk_path path = vk_path_member(&result_path, "baseFeePerGas");
    size_t index = 0;
    vk_status status = get_list(result, "baseFeePerGas", VK_FEE_BLOCKS + 1, &list, err);
    if (status != VK_OK) {
        return status;
    }
    cJSON_ArrayForEach(item, list) {
        vk_path at = vk_path_index(&path, index++);
        status = read_item(item, &at, out, err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

static int compare(const void *a, const void *b) {
    return vk_u256_cmp(a, b);
}

/* reward: for each block a list with the one percentile that was asked for. */
static vk_status read_tip(const cJSON *result, vk_u256 *out, vk_error *err) {
    const cJSON *list, *item;
    const vk_path path = vk_path_member(&result_path, "reward");
    vk_u256 tips[VK_FEE_BLOCKS];
    size_t count = 0;
    vk_status status = get_list(result, "reward", VK_FEE_BLOCKS, &list, err);
    if (status != VK_OK) {
        return status;
    }
    cJSON_ArrayForEach(item, list) {
        vk_path at = vk_path_index(&path, count);
        if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 1) {
            return vk_fail(err, VK_ERR_FORMAT, at.text, "this is no array of one value");
        }
        status = read_item(item->child, &at, &tips[count++], err);
        if (status != VK_OK) {
            return status;
        }
    }
    qsort(tips, count, sizeof tips[0], compare);
    *out = tips[count / 2];
    return VK_OK;
}

vk_status vk_fee_history_read(const cJSON *reply, vk_fees *out, vk_error *err) {
    const cJSON *result = vk_json_get(reply, "result");
    vk_u256 base, tip, sum;
    if (!cJSON_IsObject(result)) {
        return vk_fail(err, VK_ERR_FORMAT, "result", "a fee history must be a JSON object");
    }
    vk_status status = read_base(result, &base, err);
    if (status == VK_OK) {
        status = read_tip(result, &tip, err);
    }
    if (status != VK_OK) {
        return status;
    }
    if (!vk_u256_add(&base, &base, &sum) || !vk_u256_add(&sum, &tip, &sum) ||
        !vk_u256_fits(&sum, FEE_BITS)) {
        return vk_fail(err, VK_ERR_RANGE, "result", "the fees do not fit %d bits", FEE_BITS);
    }
    *out = (vk_fees){sum, tip};
    return VK_OK;
}

vk_status vk_code_read(const cJSON *reply, bool *out, vk_error *err) {
    vk_buf code = {0};
    vk_status status = vk_json_bytes(reply, "result", NULL, CODE_MAX, &code, err);
    if (status == VK_OK) {
        *out = code.len > 0;
    }
    vk_buf_clear(&code);
    return status;
}

bool vk_rule_numbers_read(vk_bytes answer, size_t count, uint64_t *out) {
    uint64_t numbers[VK_RULE_NUMBERS_MAX];
    if (count > VK_RULE_NUMBERS_MAX || answer.len != count * VK_WORD) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        vk_u256 word;
        if (vk_abi_u256(answer, i * VK_WORD, &word) != VK_OK || !vk_u256_fits(&word, NUMBER_BITS)) {
            return false;
        }
        numbers[i] = vk_u256_low64(&word);
    }
    memcpy(out, numbers, count * sizeof numbers[0]);
    return true;
}
