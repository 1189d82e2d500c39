#include "cli/node_file.h"

#include "cli/input.h"
#include "cli/secret_file.h"
#include "net/node_config.h"
#include "token/reservation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void vk_node_changes_clear(vk_node_changes *changes) {
    for (size_t i = 0; i < changes->count; i++) {
        char *json = changes->list[i].json;
        if (json != NULL) {
            vk_wipe(json, strlen(json));
            vk_text_free(json);
        }
    }
    free(changes->list);
    *changes = (vk_node_changes){0};
}

/* ---- Reading ---- */

static vk_status read_chain(const char *name, uint64_t *out, vk_error *err) {
    vk_u256 id;
    if (vk_u256_read_decimal(name, strlen(name), &id) != VK_OK || !vk_u256_fits(&id, 64) ||
        vk_u256_is_zero(&id)) {
        return vk_fail(err, VK_ERR_FORMAT, name, "\"%.60s\" is not the number of a chain", name);
    }
    *out = vk_u256_low64(&id);
    return VK_OK;
}

static vk_status read_change(const cJSON *item, vk_node_change *out, vk_error *err) {
    vk_node_config config;
    vk_path path = vk_path_member(NULL, item->string);
    vk_status status = read_chain(item->string, &out->chain_id, err);
    if (status != VK_OK || cJSON_IsNull(item)) {
        return status;
    }
    status = vk_node_config_of(item, &path, &config, err);
    if (status == VK_OK) {
        vk_node_config_clear(&config);
        out->json = vk_json_print(item);
        status = out->json != NULL ? VK_OK : VK_ERR_MEMORY;
    }
    return status;
}

static vk_status read_changes(const cJSON *file, vk_node_changes *out, vk_error *err) {
    const cJSON *item;
    vk_status status = VK_OK;
    if (!cJSON_IsObject(file) || file->child == NULL) {
        return vk_fail(err, VK_ERR_FORMAT, NULL,
                       "a JSON object is expected that names chains: {\"8453\":{...}}");
    }
    out->list = calloc((size_t)cJSON_GetArraySize(file), sizeof *out->list);
    if (out->list == NULL) {
        return VK_ERR_MEMORY;
    }
    cJSON_ArrayForEach(item, file) {
        status = read_change(item, &out->list[out->count++], err);
        if (status != VK_OK) {
            break;
        }
    }
    return status;
}

static vk_exit parse(vk_cli *cli, vk_bytes text, vk_node_changes *out) {
    vk_error err = {0};
    cJSON *file = NULL;
    vk_status status = vk_json_parse(text, VK_NODE_FILE_MAX, &file, &err);
    if (status == VK_OK) {
        status = read_changes(file, out, &err);
    }
    vk_json_free_secret(file);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_fail_with(cli, "the node file", status, &err);
}

static vk_exit read_text(vk_cli *cli, vk_buf *out) {
    static const vk_secret_kind kind = {"node file", VK_EXIT_INPUT};
    const char *path = vk_opt(cli, VK_OPT_NODE_FILE);
    int fd;
    vk_exit exit = vk_secret_open(cli, path, &kind, &fd);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_fd(cli, fd, path, VK_NODE_FILE_MAX, out);
        close(fd);
    }
    return exit;
}

vk_exit vk_node_file_read(vk_cli *cli, vk_node_changes *out) {
    vk_buf text = {0};
    *out = (vk_node_changes){0};
    if (!vk_opt_flag(cli, VK_OPT_NODE_FILE)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = read_text(cli, &text);
    if (exit == VK_EXIT_OK) {
        exit = parse(cli, vk_buf_view(&text), out);
    }
    vk_buf_clear(&text);
    return exit;
}

/* ---- Setting ---- */

vk_exit vk_node_file_apply(vk_cli *cli, vk_token *token, const vk_node_changes *changes) {
    for (size_t i = 0; i < changes->count; i++) {
        const vk_node_change *change = &changes->list[i];
        vk_error err = {0};
        char what[64];
        vk_status status = vk_token_set_node(token, change->chain_id, change->json, &err);
        if (status != VK_OK) {
            snprintf(what, sizeof what, "cannot set the node of chain %" PRIu64, change->chain_id);
            return vk_cli_fail_with(cli, what, status, &err);
        }
    }
    return VK_EXIT_OK;
}
