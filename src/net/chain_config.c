#include "net/chain_config.h"

#include "base/wei.h"
#include <inttypes.h>
#include <string.h>

static void free_secret(char *text) {
    if (text != NULL) {
        vk_wipe(text, strlen(text));
        vk_text_free(text);
    }
}

void vk_chain_config_clear(vk_chain_config *config) {
    vk_node_config_clear(&config->node);
    vk_node_config_clear(&config->bundler);
    vk_node_config_clear(&config->paymaster);
    free_secret(config->paymaster_context);
    *config = (vk_chain_config){0};
}

/* ---- Members of a chain ---- */

static vk_status read_gas_price(const cJSON *bundler, const vk_path *path, vk_gas_price_source *out,
                                vk_error *err) {
    static const struct {
        const char *name;
        vk_gas_price_source source;
    } sources[] = {{"pimlico", VK_GAS_PRICE_PIMLICO},
                   {"zerodev", VK_GAS_PRICE_ZERODEV},
                   {"node", VK_GAS_PRICE_NODE}};
    const char *text;
    *out = VK_GAS_PRICE_ANY;
    if (vk_json_get(bundler, "gasPrice") == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(bundler, "gasPrice", path, &text, err);
    if (status != VK_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (strcmp(text, sources[i].name) == 0) {
            *out = sources[i].source;
            return VK_OK;
        }
    }
    vk_path at = vk_path_member(path, "gasPrice");
    return vk_fail(err, VK_ERR_FORMAT, at.text,
                   "\"gasPrice\" must be \"pimlico\", \"zerodev\" or \"node\"");
}

static vk_status read_bundler(const cJSON *value, const vk_path *path, vk_chain_config *out,
                              vk_error *err) {
    static const char *const names[] = {"url", "headers", "gasPrice", NULL};
    vk_status status = vk_json_only(value, names, path, err);
    if (status == VK_OK) {
        status = vk_node_config_server(value, path, &out->bundler, err);
    }
    if (status == VK_OK) {
        status = read_gas_price(value, path, &out->gas_price, err);
    }
    out->has_bundler = status == VK_OK;
    return status;
}

static vk_status read_context(const cJSON *paymaster, const vk_path *path, char **out,
                              vk_error *err) {
    const cJSON *context = vk_json_get(paymaster, "context");
    vk_path at = vk_path_member(path, "context");
    if (context == NULL) {
        return VK_OK;
    }
    if (!cJSON_IsObject(context)) {
        return vk_fail(err, VK_ERR_FORMAT, at.text, "\"context\" must be an object");
    }
    *out = vk_json_print(context);
    if (*out == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, NULL, "%s", vk_status_text(VK_ERR_MEMORY));
    }
    return strlen(*out) <= VK_CHAIN_CONTEXT_MAX
               ? VK_OK
               : vk_fail(err, VK_ERR_SIZE, at.text, "\"context\" has more than %zu bytes",
                         VK_CHAIN_CONTEXT_MAX);
}

static vk_status read_paymaster(const cJSON *value, const vk_path *path, vk_chain_config *out,
                                vk_error *err) {
    static const char *const names[] = {"url", "headers", "context", NULL};
    vk_status status = vk_json_only(value, names, path, err);
    if (status == VK_OK) {
        status = vk_node_config_server(value, path, &out->paymaster, err);
    }
    if (status == VK_OK) {
        status = read_context(value, path, &out->paymaster_context, err);
    }
    out->has_paymaster = status == VK_OK;
    return status;
}

static vk_status read_node(const cJSON *chain, const vk_path *path, vk_chain_config *out,
                           vk_error *err) {
    const cJSON *node = vk_json_get(chain, "node");
    vk_path at = vk_path_member(path, "node");
    return node != NULL ? vk_node_config_of(node, &at, &out->node, err)
                        : vk_fail(err, VK_ERR_FORMAT, at.text, "member \"node\" is missing");
}

static vk_status read_cap(const cJSON *chain, const char *name, const vk_path *path, bool *has,
                          vk_u256 *out, vk_error *err) {
    const char *text;
    if (vk_json_get(chain, name) == NULL) {
        return VK_OK;
    }
    vk_status status = vk_json_text(chain, name, path, &text, err);
    if (status == VK_OK && !vk_wei_read(text, strlen(text), out)) {
        vk_path at = vk_path_member(path, name);
        status = vk_fail(err, VK_ERR_FORMAT, at.text,
                         "\"%s\" must be an amount like \"30gwei\", \"0.01ether\" or wei", name);
    }
    *has = status == VK_OK;
    return status;
}

static vk_status read_caps(const cJSON *chain, const vk_path *path, vk_chain_config *out,
                           vk_error *err) {
    vk_status status = read_cap(chain, "maxFeePerGas", path, &out->has_max_fee_per_gas,
                                &out->max_fee_per_gas, err);
    return status == VK_OK
               ? read_cap(chain, "maxCost", path, &out->has_max_cost, &out->max_cost, err)
               : status;
}

/* ---- The whole ---- */

/* Fails with what was read in *out. */
static vk_status read_members(const cJSON *chain, const vk_path *path, vk_chain_config *out,
                              vk_error *err) {
    static const char *const names[] = {"node",         "bundler", "paymaster",
                                        "maxFeePerGas", "maxCost", NULL};
    const cJSON *bundler = vk_json_get(chain, "bundler");
    const cJSON *paymaster = vk_json_get(chain, "paymaster");
    vk_status status = vk_json_only(chain, names, path, err);
    if (status == VK_OK) {
        status = read_node(chain, path, out, err);
    }
    if (status == VK_OK && bundler != NULL) {
        vk_path at = vk_path_member(path, "bundler");
        status = read_bundler(bundler, &at, out, err);
    }
    if (status == VK_OK && paymaster != NULL) {
        vk_path at = vk_path_member(path, "paymaster");
        status = read_paymaster(paymaster, &at, out, err);
    }
    return status == VK_OK ? read_caps(chain, path, out, err) : status;
}

static vk_status read_id(const char *name, uint64_t *out, vk_error *err) {
    vk_u256 id;
    if (vk_u256_read_decimal(name, strlen(name), &id) != VK_OK || vk_u256_is_zero(&id) ||
        !vk_u256_fits(&id, 64)) {
        return vk_fail(err, VK_ERR_FORMAT, name, "\"%.40s\" is not a chain id in decimal", name);
    }
    *out = vk_u256_low64(&id);
    return VK_OK;
}

static vk_status read_chain(const cJSON *chain, vk_chain_config *out, vk_error *err) {
    vk_path path = vk_path_member(NULL, chain->string);
    vk_status status = read_id(chain->string, &out->chain_id, err);
    return status == VK_OK ? read_members(chain, &path, out, err) : status;
}

static vk_status find_chain(const cJSON *chains, uint64_t chain_id, vk_chain_config *out,
                            vk_error *err) {
    const cJSON *chain;
    bool found = false;
    cJSON_ArrayForEach(chain, chains) {
        vk_chain_config one = {0};
        vk_status status = read_chain(chain, &one, err);
        if (status == VK_OK && one.chain_id == chain_id) {
            *out = one;
            found = true;
        } else {
            vk_chain_config_clear(&one);
        }
        if (status != VK_OK) {
            return status;
        }
    }
    return found ? VK_OK
                 : vk_fail(err, VK_ERR_NOT_FOUND, NULL, "there is nothing for chain %" PRIu64,
                           chain_id);
}

vk_status vk_chain_config_read(vk_bytes json, uint64_t chain_id, vk_chain_config *out,
                               vk_error *err) {
    cJSON *chains = NULL;
    *out = (vk_chain_config){0};
    vk_status status = vk_json_parse(json, VK_CHAIN_CONFIG_MAX, &chains, err);
    if (status == VK_OK && !cJSON_IsObject(chains)) {
        status = vk_fail(err, VK_ERR_FORMAT, NULL, "a JSON object of chains is expected");
    }
    if (status == VK_OK) {
        status = find_chain(chains, chain_id, out, err);
    }
    vk_json_free_secret(chains);
    if (status != VK_OK) {
        vk_chain_config_clear(out);
    }
    return status;
}
