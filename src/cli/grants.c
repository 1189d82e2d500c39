#include "cli/grants.h"

#include "cli/account.h"
#include "cli/input.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valetkey/pkcs11.h>

void vk_grants_clear(vk_grants *grants) {
    for (size_t i = 0; i < grants->count; i++) {
        vk_grant_clear(&grants->list[i]);
    }
    free(grants->list);
    *grants = (vk_grants){0};
}

static vk_exit find_objects(vk_cli *cli, const vk_key_info *key, vk_handles *out) {
    vk_template wanted = {0};
    vk_template_ulong(&wanted, CKA_CLASS, &vk_class_data);
    vk_template_text(&wanted, CKA_APPLICATION, VK_APPLICATION_GRANT);
    vk_template_bytes(&wanted, CKA_LABEL, vk_buf_view(&key->raw_label));
    return vk_object_find(cli, &wanted, out);
}

/* Reads one grant into the list's next place. Another key may have the same label: *mine is false
 * for a grant of its. */
static vk_exit read_grant(vk_cli *cli, const vk_key_info *key, CK_OBJECT_HANDLE object,
                          vk_grant *out, bool *mine) {
    vk_buf json = {0};
    vk_error err = {0};
    vk_exit exit = vk_object_get(cli, object, CKA_VALUE, &json, NULL);
    if (exit == VK_EXIT_OK) {
        vk_status status =
            vk_grant_read((const char *)json.data, json.len, &key->policy, &key->signer, out, &err);
        *mine = status == VK_OK;
        if (status != VK_OK && status != VK_ERR_MISMATCH) {
            exit = vk_cli_fail_error(cli, "a grant on the token cannot be used", &err);
        }
    }
    vk_buf_clear(&json);
    return exit;
}

vk_exit vk_grants_load(vk_cli *cli, const vk_key_info *key, vk_grants *out) {
    vk_handles found = {0};
    *out = (vk_grants){0};
    if (!key->has_policy) {
        return VK_EXIT_OK;
    }
    vk_exit exit = find_objects(cli, key, &found);
    if (exit == VK_EXIT_OK && found.count > 0) {
        out->list = calloc(found.count, sizeof *out->list);
        exit = out->list != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    }
    for (size_t i = 0; i < found.count && exit == VK_EXIT_OK; i++) {
        bool mine = false;
        exit = read_grant(cli, key, found.list[i], &out->list[out->count], &mine);
        out->count += mine;
    }
    free(found.list);
    if (exit != VK_EXIT_OK) {
        vk_grants_clear(out);
    }
    return exit;
}

/* ---- Operations ---- */

/* UNKNOWN: the grants are of several. */
static vk_exit common_version(vk_cli *cli, const vk_grants *grants, vk_entry_point *out) {
    uint64_t chain_id = 0;
    bool any = false, one_chain = vk_opt_flag(cli, VK_OPT_CHAIN_ID);
    vk_exit exit =
        one_chain ? vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &chain_id) : VK_EXIT_OK;
    *out = VK_ENTRY_POINT_0_7;
    for (size_t i = 0; i < grants->count && exit == VK_EXIT_OK; i++) {
        const vk_grant *grant = &grants->list[i];
        if (one_chain && grant->chain_id != chain_id) {
            continue;
        }
        bool same = !any || grant->entry_point_version == *out;
        *out = same ? grant->entry_point_version : VK_ENTRY_POINT_UNKNOWN;
        any = true;
    }
    return exit;
}

vk_exit vk_grants_operation(vk_cli *cli, const vk_grants *grants, const vk_buf *text,
                            vk_userop_request *out) {
    vk_entry_point version;
    vk_error err = {0};
    vk_exit exit = common_version(cli, grants, &version);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    bool several = version == VK_ENTRY_POINT_UNKNOWN;
    vk_status status = vk_userop_read_request(vk_operation_bytes(text),
                                              several ? VK_ENTRY_POINT_0_7 : version, out, &err);
    if (several && (status != VK_OK || !out->has_entry_point)) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                           "the key may act through several EntryPoints, and the operation does "
                           "not say which one it is for");
        return vk_cli_hint(cli, exit,
                           "write {\"chainId\":N,\"entryPoint\":\"0x...\",\"userOp\":{...}}");
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_error(cli, "the operation cannot be read", &err);
}

void vk_request_begin(vk_buf *out, uint64_t chain_id, const vk_address *entry_point) {
    vk_buf_printf(out, "{\"chainId\":%" PRIu64 ",\"entryPoint\":\"", chain_id);
    vk_hex_put(out, (vk_bytes){entry_point->b, sizeof entry_point->b});
    vk_buf_put_text(out, "\",\"userOp\":");
}

/* --chain-id speaks for a bare operation. */
static vk_exit take_chain_id(vk_cli *cli, vk_userop_request *request) {
    uint64_t chain_id = 0;
    if (!vk_opt_flag(cli, VK_OPT_CHAIN_ID)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &chain_id);
    if (exit == VK_EXIT_OK && request->has_chain_id && request->chain_id != chain_id) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--chain-id is %" PRIu64 ", but the operation says chain %" PRIu64,
                           chain_id, request->chain_id);
    }
    request->has_chain_id = true;
    request->chain_id = chain_id;
    return exit;
}

vk_exit vk_grants_choose(vk_cli *cli, const vk_grants *grants, vk_userop_request *request,
                         const vk_grant **out) {
    *out = NULL;
    vk_exit exit = take_chain_id(cli, request);
    for (size_t i = 0; i < grants->count && exit == VK_EXIT_OK; i++) {
        const vk_grant *grant = &grants->list[i];
        if (!vk_address_equal(&grant->account.account, &request->op.sender) ||
            (request->has_chain_id && request->chain_id != grant->chain_id)) {
            continue;
        }
        if (*out != NULL) {
            exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                               "the key may act for this account on chain "
                               "%" PRIu64 " and on chain %" PRIu64,
                               (*out)->chain_id, grant->chain_id);
            return vk_cli_hint(cli, exit, "choose one with --chain-id N");
        }
        *out = grant;
    }
    return exit;
}

vk_exit vk_grant_choice_read(vk_cli *cli, vk_grant_choice *out) {
    vk_exit exit = VK_EXIT_OK;
    *out = (vk_grant_choice){.has_chain_id = vk_opt_flag(cli, VK_OPT_CHAIN_ID),
                             .has_account = vk_opt_flag(cli, VK_OPT_ACCOUNT)};
    if (out->has_chain_id) {
        exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &out->chain_id);
    }
    return exit == VK_EXIT_OK && out->has_account ? vk_account_option(cli, &out->account) : exit;
}

bool vk_grant_is_chosen(const vk_grant *grant, const vk_grant_choice *choice) {
    return (!choice->has_chain_id || grant->chain_id == choice->chain_id) &&
           (!choice->has_account || vk_address_equal(&grant->account.account, &choice->account));
}

size_t vk_grants_chosen(const vk_grants *grants, const vk_grant_choice *choice,
                        const vk_grant **one) {
    size_t count = 0;
    *one = NULL;
    for (size_t i = 0; i < grants->count; i++) {
        if (vk_grant_is_chosen(&grants->list[i], choice)) {
            *one = &grants->list[i];
            count++;
        }
    }
    return count;
}

vk_exit vk_grants_none(vk_cli *cli, const vk_key_info *key, const vk_grants *grants,
                       const vk_userop_request *request) {
    char account[43], on_chain[40] = "";
    if (grants->count == 0) {
        vk_exit exit =
            vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the key \"%s\" has no grant", key->label);
        return vk_cli_hint(cli, exit,
                           "let the account's owner approve it: \"valetkey approve --help\"");
    }
    vk_address_text(&request->op.sender, account);
    if (request->has_chain_id) {
        snprintf(on_chain, sizeof on_chain, " on chain %" PRIu64, request->chain_id);
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_NOT_FOUND, "the key \"%s\" has no grant for the account %s%s",
                    key->label, account, on_chain);
    return vk_cli_hint(cli, exit, "\"valetkey key show\" lists its grants");
}

vk_exit vk_grants_of_operation(vk_cli *cli, const vk_key_info *key, const vk_buf *text,
                               vk_grants *grants, vk_userop_request *request,
                               const vk_grant **out) {
    vk_exit exit = vk_grants_load(cli, key, grants);
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_operation(cli, grants, text, request);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_grants_choose(cli, grants, request, out);
    }
    return exit == VK_EXIT_OK && *out == NULL ? vk_grants_none(cli, key, grants, request) : exit;
}

vk_exit vk_owner_read(vk_cli *cli, vk_owner *out) {
    vk_buf point = {0};
    *out = (vk_owner){0};
    if (strlen(vk_opt(cli, VK_OPT_OWNER)) <= 42) {
        return vk_read_address(cli, VK_OPT_OWNER, &out->address);
    }
    vk_exit exit = vk_read_hex(cli, VK_OPT_OWNER, 65, &point);
    bool prefixed = point.len == 65 && point.data[0] == 0x04;
    if (exit == VK_EXIT_OK && point.len != 64 && !prefixed) {
        exit = vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--owner must be an address, or the x and y of a passkey in 64 bytes");
    }
    if (exit == VK_EXIT_OK) {
        out->passkey = true;
        memcpy(out->x, point.data + prefixed, 32);
        memcpy(out->y, point.data + prefixed + 32, 32);
    }
    vk_buf_clear(&point);
    return exit;
}

void vk_owner_put(const vk_owner *owner, vk_buf *out) {
    vk_buf_put_text(out, owner->passkey ? ",\"owner\":{\"x\":\"" : ",\"owner\":\"");
    if (owner->passkey) {
        vk_hex_put(out, (vk_bytes){owner->x, 32});
        vk_buf_put_text(out, "\",\"y\":\"");
        vk_hex_put(out, (vk_bytes){owner->y, 32});
        vk_buf_put_text(out, "\"}");
    } else {
        vk_hex_put(out, (vk_bytes){owner->address.b, 20});
        vk_buf_put_text(out, "\"");
    }
}

vk_exit vk_grant_start_read(vk_cli *cli, vk_grant_start *out) {
    vk_exit exit = VK_EXIT_OK;
    *out = (vk_grant_start){.at = 0};
    if (vk_opt_flag(cli, VK_OPT_SPENT)) {
        exit = vk_read_wei(cli, VK_OPT_SPENT, &out->spent);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_USED)) {
        exit = vk_read_u64(cli, VK_OPT_USED, UINT32_MAX, &out->used);
    }
    if (vk_opt_flag(cli, VK_OPT_SPENT) || vk_opt_flag(cli, VK_OPT_USED)) {
        out->at = (uint64_t)time(NULL);
    }
    return exit;
}

void vk_grant_text_write(const vk_grant_text *grant, vk_buf *out) {
    char spent[79];
    vk_buf_printf(out, "{\"chainId\":%" PRIu64, grant->chain_id);
    if (grant->kernel != VK_KERNEL_UNKNOWN) {
        vk_buf_printf(out, ",\"kernelVersion\":\"%s\"", vk_kernel_text(grant->kernel));
    }
    if (grant->entry_point != VK_ENTRY_POINT_UNKNOWN) {
        vk_address entry_point = vk_entry_point_address(grant->entry_point);
        vk_buf_put_text(out, ",\"entryPoint\":\"");
        vk_hex_put(out, (vk_bytes){entry_point.b, 20});
        vk_buf_put_byte(out, '"');
    }
    vk_buf_put_text(out, ",\"serializedAccount\":\"");
    vk_buf_put(out, grant->serialized.data, grant->serialized.len);
    vk_buf_put_text(out, "\"");
    if (grant->owner != NULL) {
        vk_owner_put(grant->owner, out);
    }
    if (grant->enable_nonce != 0) {
        vk_buf_printf(out, ",\"enableNonce\":%" PRIu64, grant->enable_nonce);
    }
    if (grant->installed_at != 0) {
        vk_buf_printf(out, ",\"installedAt\":%" PRIu64, grant->installed_at);
    }
    if (grant->start.at != 0) {
        vk_u256_decimal(&grant->start.spent, spent);
        vk_buf_printf(out, ",\"start\":{\"spent\":\"%s\",\"used\":%" PRIu64 ",\"at\":%" PRIu64 "}",
                      spent, grant->start.used, grant->start.at);
    }
    vk_buf_put_text(out, "}");
}

vk_exit vk_grant_add(vk_cli *cli, vk_bytes label, vk_bytes json) {
    vk_template t = {0};
    CK_OBJECT_HANDLE object;
    vk_template_ulong(&t, CKA_CLASS, &vk_class_data);
    vk_template_bool(&t, CKA_TOKEN, true);
    vk_template_bool(&t, CKA_PRIVATE, false);
    vk_template_text(&t, CKA_APPLICATION, VK_APPLICATION_GRANT);
    vk_template_bytes(&t, CKA_LABEL, label);
    vk_template_bytes(&t, CKA_VALUE, json);
    CK_RV rv = cli->module.f->C_CreateObject(cli->session, t.attrs, t.count, &object);
    return rv == CKR_OK ? VK_EXIT_OK : vk_cli_fail_rv(cli, "cannot add the grant", rv);
}
