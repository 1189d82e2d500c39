#include "cli/store.h"

#include "cli/pin.h"
#include "cli/plugged.h"
#include "cli/session.h"
#include "token/attrs.h"
#include <stdlib.h>
#include <string.h>

/* ---- Which token ---- */

/* What a file says of itself; control characters are nobody's label. */
static vk_status read_entry(const char *path, vk_token_entry *out, vk_error *err) {
    vk_token *token;
    vk_token_info info;
    vk_status status = vk_token_open(path, &token, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_token_get_info(token, &info);
    vk_token_close(token);
    if (status != VK_OK) {
        return vk_fail(err, status, path, "%s", vk_status_text(status));
    }
    vk_buf label = {0};
    vk_put_clean(&label, (vk_bytes){(const uint8_t *)info.label, strlen(info.label)});
    snprintf(out->label, sizeof out->label, "%.*s", (int)label.len, (const char *)label.data);
    snprintf(out->serial, sizeof out->serial, "%s", info.serial);
    vk_buf_clear(&label);
    return VK_OK;
}

/* One file that cannot be read must not hide the others. */
static void read_entries(char **paths, size_t count, vk_token_entry *entries, size_t *readable,
                         vk_error *err) {
    *readable = 0;
    for (size_t i = 0; i < count; i++) {
        entries[*readable].slot = i;
        if (read_entry(paths[i], &entries[*readable], err) == VK_OK) {
            (*readable)++;
        }
    }
}

/* The files of tokens: the ordinary ones first, then those of security keys. */
typedef struct files {
    char **paths;
    size_t ordinary, count;
} files;

/* Who names no token means an ordinary one, as long as there are any. */
static size_t count_meant(const vk_cli *cli, const files *found, const vk_token_entry *entries,
                          size_t readable) {
    size_t ordinary = 0;
    while (ordinary < readable && entries[ordinary].slot < found->ordinary) {
        ordinary++;
    }
    return vk_opt(cli, VK_OPT_TOKEN) == NULL && ordinary > 0 ? ordinary : readable;
}

static vk_exit choose(vk_cli *cli, const files *found, const char **out) {
    vk_error err = {0};
    size_t readable;
    const vk_token_entry *token = NULL;
    vk_token_entry *entries = calloc(found->count + 1, sizeof *entries);
    if (entries == NULL) {
        return vk_cli_no_memory(cli);
    }
    read_entries(found->paths, found->count, entries, &readable, &err);
    readable = count_meant(cli, found, entries, readable);
    vk_exit exit = readable == 0 && err.status != VK_OK
                       ? vk_cli_fail_error(cli, "cannot open the token", &err)
                       : vk_token_choose(cli, entries, readable, &token);
    if (exit == VK_EXIT_OK) {
        memcpy(cli->token_label, token->label, sizeof cli->token_label);
        *out = found->paths[token->slot];
    }
    free(entries);
    return exit;
}

static vk_exit open_one(vk_cli *cli, const char *path, vk_token **out) {
    vk_error err = {0};
    vk_status status = vk_token_open(path, out, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot open the token", status, &err);
}

/* Takes them over if it can. */
static vk_status append(files *out, char **paths, size_t count) {
    char **all = realloc(out->paths, (out->count + count + 1) * sizeof *all);
    if (all == NULL) {
        return VK_ERR_MEMORY;
    }
    memcpy(all + out->count, paths, count * sizeof *all);
    *out = (files){.paths = all, .ordinary = out->ordinary, .count = out->count + count};
    free(paths);
    return VK_OK;
}

static vk_status list_files(const char *home, files *out, vk_error *err) {
    char **stores = NULL;
    size_t count = 0;
    vk_status status = vk_home_tokens(home, &out->paths, &out->ordinary, err);
    out->count = out->ordinary;
    if (status == VK_OK) {
        status = vk_home_device_stores(home, &stores, &count, err);
    }
    if (status == VK_OK && count > 0) {
        status = append(out, stores, count);
        stores = status == VK_OK ? NULL : stores;
    }
    vk_home_free(stores, count);
    return status;
}

static vk_exit choose_and_open(vk_cli *cli, const files *found, vk_token **out) {
    const char *path = NULL;
    vk_exit exit = choose(cli, found, &path);
    return exit == VK_EXIT_OK ? open_one(cli, path, out) : exit;
}

static vk_exit open_chosen(vk_cli *cli, const char *home, vk_token **out) {
    files found = {0};
    vk_error err = {0};
    vk_status status = list_files(home, &found, &err);
    vk_exit exit = status == VK_OK ? choose_and_open(cli, &found, out)
                                   : vk_cli_fail_with(cli, "cannot list the tokens", status, &err);
    vk_home_free(found.paths, found.count);
    return exit;
}

vk_exit vk_store_home(vk_cli *cli, char **home) {
    if (vk_home_path(home) == VK_OK) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_SYSTEM, "there is no folder for tokens");
    return vk_cli_hint(cli, exit, "set VALETKEY_HOME or HOME");
}

vk_exit vk_store_open(vk_cli *cli, vk_token **out) {
    char *home = NULL;
    *out = NULL;
    vk_exit exit = vk_store_home(cli, &home);
    if (exit == VK_EXIT_OK) {
        exit = open_chosen(cli, home, out);
    }
    vk_text_free(home);
    return exit;
}

/* ---- Logins ---- */

static vk_exit log_in(vk_cli *cli, vk_token *token, vk_role role, const vk_pin *pin) {
    vk_status status = vk_token_login(token, role, pin->text, pin->len);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot log in to the token", status);
}

static vk_exit log_in_with_pin(vk_cli *cli, vk_token *token, vk_role role) {
    vk_pin pin = {0};
    vk_exit exit = role == VK_ROLE_SO ? vk_pin_so(cli, false, &pin) : vk_pin_user(cli, false, &pin);
    if (exit == VK_EXIT_OK) {
        exit = log_in(cli, token, role, &pin);
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

/* Who said nothing of security keys has a PIN, too. */
static vk_exit log_in_user(vk_cli *cli, vk_token *token) {
    bool by_device = false, found = false;
    vk_exit exit = vk_plugged_is_meant(cli, token, &by_device);
    if (exit == VK_EXIT_OK && by_device) {
        exit = vk_plugged_unlock(cli, token, vk_opt_flag(cli, VK_OPT_UNLOCK), &found);
    }
    return exit == VK_EXIT_OK && !found ? log_in_with_pin(cli, token, VK_ROLE_USER) : exit;
}

static vk_exit log_in_as(vk_cli *cli, vk_token *token, vk_role role) {
    return role == VK_ROLE_USER ? log_in_user(cli, token) : log_in_with_pin(cli, token, role);
}

static vk_exit open_as(vk_cli *cli, vk_role role, vk_token **out) {
    vk_exit exit = vk_store_open(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = log_in_as(cli, *out, role);
    }
    if (exit != VK_EXIT_OK && *out != NULL) {
        vk_token_close(*out);
        *out = NULL;
    }
    return exit;
}

vk_exit vk_store_open_user(vk_cli *cli, vk_token **out) {
    return open_as(cli, VK_ROLE_USER, out);
}

vk_exit vk_store_open_so(vk_cli *cli, vk_token **out) {
    return open_as(cli, VK_ROLE_SO, out);
}

vk_exit vk_store_with(vk_cli *cli, vk_exit (*open)(vk_cli *, vk_token **),
                      vk_exit (*use)(vk_cli *, vk_token *)) {
    vk_token *token = NULL;
    vk_exit exit = open(cli, &token);
    if (exit == VK_EXIT_OK) {
        exit = use(cli, token);
        vk_token_close(token);
    }
    return exit;
}

vk_exit vk_store_login_if_given(vk_cli *cli, vk_token *token) {
    vk_pin pin = {0};
    if (vk_opt_flag(cli, VK_OPT_UNLOCK)) {
        bool found;
        return vk_plugged_unlock(cli, token, true, &found);
    }
    if (!vk_opt_flag(cli, VK_OPT_PIN_FILE) && !vk_opt_flag(cli, VK_OPT_PIN_FD)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_pin_user(cli, false, &pin);
    if (exit == VK_EXIT_OK) {
        exit = log_in(cli, token, VK_ROLE_USER, &pin);
    }
    vk_wipe(&pin, sizeof pin);
    return exit;
}

/* ---- What keys are called ---- */

static int by_point(const void *a, const void *b) {
    const vk_key_label *x = a, *y = b;
    return memcmp(x->point65, y->point65, sizeof x->point65);
}

static vk_bytes attribute(const vk_key_record *record, CK_ATTRIBUTE_TYPE type) {
    vk_bytes value = {0};
    if (!vk_attrs_get(&record->private_attrs, type, &value)) {
        (void)vk_attrs_get(&record->public_attrs, type, &value);
    }
    return value;
}

char *vk_key_record_label(const vk_key_record *record) {
    vk_buf label = {0};
    vk_put_clean(&label, attribute(record, CKA_LABEL));
    return vk_buf_take_text(&label);
}

static vk_status read_label(vk_token *token, int64_t id, vk_key_label *out) {
    vk_key_record record;
    vk_status status = vk_token_key_get(token, id, &record);
    if (status != VK_OK) {
        return status;
    }
    vk_bytes ckid = attribute(&record, CKA_ID);
    memcpy(out->point65, record.point65, sizeof out->point65);
    vk_buf_put(&out->id, ckid.data, ckid.len);
    out->label = vk_key_record_label(&record);
    vk_key_record_clear(&record);
    return out->label != NULL ? vk_buf_status(&out->id) : VK_ERR_MEMORY;
}

/* A key that cannot be read has no name, which is no reason to say nothing of the others. */
static vk_exit read_labels(vk_cli *cli, vk_token *token, const int64_t *ids, size_t count,
                           vk_key_labels *out) {
    out->list = calloc(count + 1, sizeof *out->list);
    if (out->list == NULL) {
        return vk_cli_no_memory(cli);
    }
    for (size_t i = 0; i < count; i++) {
        vk_status status = read_label(token, ids[i], &out->list[out->count]);
        if (status == VK_ERR_MEMORY) {
            return vk_cli_no_memory(cli);
        }
        out->count += status == VK_OK;
    }
    qsort(out->list, out->count, sizeof *out->list, by_point);
    return VK_EXIT_OK;
}

vk_exit vk_key_labels_load(vk_cli *cli, vk_token *token, vk_key_labels *out) {
    int64_t *ids = NULL;
    size_t count = 0;
    *out = (vk_key_labels){0};
    vk_status status = vk_token_key_find(token, &(vk_key_filter){0}, &ids, &count);
    if (status != VK_OK) {
        return vk_cli_fail_status(cli, "cannot list the keys", status);
    }
    vk_exit exit = read_labels(cli, token, ids, count, out);
    free(ids);
    return exit;
}

void vk_key_labels_clear(vk_key_labels *labels) {
    for (size_t i = 0; i < labels->count; i++) {
        vk_text_free(labels->list[i].label);
        vk_buf_clear(&labels->list[i].id);
    }
    free(labels->list);
    *labels = (vk_key_labels){0};
}

const vk_key_label *vk_key_label_of(const vk_key_labels *labels, const uint8_t point65[65]) {
    vk_key_label key;
    memcpy(key.point65, point65, sizeof key.point65);
    return labels->count > 0 ? bsearch(&key, labels->list, labels->count, sizeof key, by_point)
                             : NULL;
}
