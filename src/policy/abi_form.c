#include "policy/abi_form.h"

#include "eth/abi.h"
#include <valetkey/eth.h>

#include <stdlib.h>
#include <string.h>

#define SLICE_PARAMS 3
#define BITS_SLICE 64

static const char *const form_members[] = {"abi", "functionName", "args"};
#define FORM_MEMBERS (sizeof form_members / sizeof form_members[0])

bool vk_abi_form_present(const cJSON *permission) {
    for (size_t i = 0; i < FORM_MEMBERS; i++) {
        if (vk_json_get(permission, form_members[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static vk_status check_complete(const cJSON *permission, const vk_path *path, vk_error *err) {
    const char *missing = vk_json_get(permission, "functionName") == NULL ? "functionName"
                          : vk_json_get(permission, "abi") == NULL        ? "abi"
                                                                          : NULL;
    for (size_t i = 0; i < FORM_MEMBERS && missing != NULL; i++) {
        if (vk_json_get(permission, form_members[i]) != NULL) {
            vk_path at = vk_path_member(path, form_members[i]);
            return vk_fail(err, VK_ERR_POLICY, at.text,
                           "the permission is in ABI form, which cannot be resolved to "
                           "\"selector\" and \"rules\" without \"%s\"",
                           missing);
        }
    }
    return VK_OK;
}

/* ---- Rules on arguments ---- */

/* An argument: its JSON, what it is, and where. */
typedef struct argument {
    const cJSON *json;
    const vk_abi_type *type;
    const vk_abi_form *form;
    vk_path path;
} argument;

static vk_status make_params(size_t count, const argument *arg, vk_param_rule *out, vk_error *err) {
    out->params = calloc(count + 1, sizeof *out->params);
    if (out->params == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, arg->path.text, "out of memory");
    }
    out->param_count = count;
    return VK_OK;
}

static vk_status one_value(const argument *arg, vk_param_rule *out, vk_error *err) {
    const cJSON *value = vk_json_get(arg->json, "value");
    vk_path at = vk_path_member(&arg->path, "value");
    if (value == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "member \"value\" is missing");
    }
    vk_status status = make_params(1, arg, out, err);
    return status == VK_OK
               ? vk_abi_value_word(value, arg->type, arg->form->sdk, &at, &out->params[0], err)
               : status;
}

static vk_status one_of(const argument *arg, vk_param_rule *out, vk_error *err) {
    const cJSON *list = vk_json_get(arg->json, "value"), *item;
    vk_path at = vk_path_member(&arg->path, "value");
    if (!cJSON_IsArray(list)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text,
                       "the value of condition 6 (one of) must be an array");
    }
    size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
    if (count > VK_PARAMS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, at.text, "%zu values are more than %d", count,
                       VK_PARAMS_MAX);
    }
    vk_status status = make_params(count, arg, out, err);
    cJSON_ArrayForEach(item, list) {
        if (status != VK_OK) {
            return status;
        }
        vk_path element = vk_path_index(&at, i);
        status =
            vk_abi_value_word(item, arg->type, arg->form->sdk, &element, &out->params[i++], err);
    }
    return status;
}

/* start, length, and K(slice) */
static vk_status slice_params(const argument *arg, const vk_buf *slice, vk_param_rule *out,
                              vk_error *err) {
    vk_status status =
        vk_json_bigint(arg->json, "start", &arg->path, BITS_SLICE, &out->params[0], err);
    if (status == VK_OK) {
        status = vk_json_bigint(arg->json, "length", &arg->path, BITS_SLICE, &out->params[1], err);
    }
    if (status != VK_OK) {
        return status;
    }
    uint64_t length = vk_u256_low64(&out->params[1]);
    if (length != slice->len) {
        vk_path at = vk_path_member(&arg->path, "length");
        return vk_fail(err, VK_ERR_MISMATCH, at.text,
                       "\"length\" is %llu, but the value has %zu bytes",
                       (unsigned long long)length, slice->len);
    }
    vk_hash hash = vk_keccak256(vk_buf_view(slice));
    out->params[2] = vk_u256_from_be(hash.b, sizeof hash.b);
    return VK_OK;
}

static vk_status slice_equal(const argument *arg, vk_param_rule *out, vk_error *err) {
    vk_path at = vk_path_member(&arg->path, "value");
    vk_buf slice = {0};
    vk_status status = make_params(SLICE_PARAMS, arg, out, err);
    if (status == VK_OK) {
        status = vk_abi_value_bytes(vk_json_get(arg->json, "value"), arg->type, &at, &slice, err);
    }
    if (status == VK_OK) {
        status = slice_params(arg, &slice, out, err);
    }
    vk_buf_clear(&slice);
    return status;
}

static vk_status read_condition(const argument *arg, uint8_t *out, vk_error *err) {
    uint64_t condition = 0;
    vk_status status =
        vk_json_u64(arg->json, "condition", &arg->path, VK_COND_SLICE_EQUAL, &condition, err);
    *out = (uint8_t)condition;
    if (status == VK_OK && condition >= VK_COND_ONE_OF &&
        arg->form->version == VK_CALL_POLICY_0_0_1) {
        vk_path at = vk_path_member(&arg->path, "condition");
        status = vk_fail(err, VK_ERR_POLICY, at.text,
                         "a rule of call policy 0.0.1 has one value: condition %u needs a later "
                         "version",
                         *out);
    }
    return status;
}

static vk_status read_rule(const argument *arg, vk_param_rule *out, vk_error *err) {
    static const char *const plain[] = {"condition", "value", NULL};
    static const char *const slice[] = {"condition", "value", "start", "length", NULL};
    vk_status status = vk_json_only(arg->json, slice, &arg->path, err);
    if (status == VK_OK) {
        status = read_condition(arg, &out->condition, err);
    }
    if (status == VK_OK && out->condition == VK_COND_SLICE_EQUAL) {
        return slice_equal(arg, out, err);
    }
    if (status == VK_OK && !arg->form->sdk) {
        status = vk_json_only(arg->json, plain, &arg->path, err);
    }
    if (status != VK_OK) {
        return status;
    }
    return out->condition == VK_COND_ONE_OF ? one_of(arg, out, err) : one_value(arg, out, err);
}

static vk_status check_args(const cJSON *args, const vk_abi_function *f, const vk_path *path,
                            vk_error *err) {
    if (args != NULL && !cJSON_IsArray(args)) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "\"args\" must be an array");
    }
    size_t count = args == NULL ? 0 : (size_t)cJSON_GetArraySize(args);
    return count <= f->count
               ? VK_OK
               : vk_fail(err, VK_ERR_FORMAT, path->text,
                         "\"args\" has %zu elements, but the function takes %zu", count, f->count);
}

static vk_status count_rules(const cJSON *args, const vk_path *path, vk_call_permission *out,
                             vk_error *err) {
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, args) {
        count += !cJSON_IsNull(item);
    }
    if (count > VK_PARAM_RULES_MAX) {
        return vk_fail(err, VK_ERR_SIZE, path->text, "%zu rules are more than %d", count,
                       VK_PARAM_RULES_MAX);
    }
    out->rules = calloc(count + 1, sizeof *out->rules);
    if (out->rules == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, path->text, "out of memory");
    }
    out->rule_count = count;
    return VK_OK;
}

/* The SDK counts a word an argument; a tuple or array of fixed size has more. */
static uint64_t words_of(const vk_abi_type *type, const vk_abi_form *form) {
    return form->sdk ? 1 : type->words;
}

static vk_status read_args(const cJSON *permission, const vk_abi_function *f, const vk_path *path,
                           const vk_abi_form *form, vk_call_permission *out, vk_error *err) {
    const cJSON *args = vk_json_get(permission, "args"), *item;
    vk_path list = vk_path_member(path, "args");
    vk_status status = check_args(args, f, &list, err);
    if (status == VK_OK) {
        status = count_rules(args, &list, out, err);
    }
    uint64_t word = 0;
    size_t i = 0, rule = 0;
    cJSON_ArrayForEach(item, args) {
        if (status != VK_OK) {
            return status;
        }
        argument arg = {item, &f->inputs[i], form, vk_path_index(&list, i)};
        if (!cJSON_IsNull(item)) {
            out->rules[rule].offset = word * VK_WORD;
            status = read_rule(&arg, &out->rules[rule++], err);
        }
        word += words_of(&f->inputs[i++], form);
    }
    return status;
}

/* ---- The whole ---- */

static vk_status resolve(const cJSON *permission, const vk_path *path, const vk_abi_form *form,
                         bool rules, vk_call_permission *out, vk_error *err) {
    vk_abi_function f = {0};
    bool given = vk_json_get(permission, "selector") != NULL;
    vk_status status =
        vk_abi_function_find(permission, path, given ? out->selector : NULL, form->sdk, &f, err);
    if (status != VK_OK) {
        return status;
    }
    if (!given) {
        memcpy(out->selector, f.selector, sizeof out->selector);
    }
    return rules ? read_args(permission, &f, path, form, out, err) : VK_OK;
}

vk_status vk_abi_form_resolve(const cJSON *permission, const vk_path *path, const vk_abi_form *form,
                              bool rules, vk_call_permission *out, vk_error *err) {
    bool complete =
        vk_json_get(permission, "abi") != NULL && vk_json_get(permission, "functionName") != NULL;
    if (form->sdk && !complete) {
        return VK_OK;
    }
    vk_status status = check_complete(permission, path, err);
    return status == VK_OK ? resolve(permission, path, form, rules, out, err) : status;
}
