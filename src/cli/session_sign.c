/* session create: what the owner signs, and his signatures. */
#include "cli/owner_key.h"
#include "cli/session_create.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <valetkey/eth.h>

bool vk_new_session_is_signed(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_SIGNATURE) || vk_opt_flag(cli, VK_OPT_OWNER_KEY) ||
           vk_opt_flag(cli, VK_OPT_OWNER_PIN_FILE);
}

/* ---- The digests ---- */

/* One chain needs no tree: the owner can read what it signs. */
vk_exit vk_new_session_digests(vk_cli *cli, vk_new_session *s) {
    if (!s->by_root) {
        return VK_EXIT_OK;
    }
    vk_hash *leaves = calloc(s->chains.count, sizeof *leaves);
    if (leaves == NULL) {
        return vk_cli_no_memory(cli);
    }
    for (size_t i = 0; i < s->chains.count; i++) {
        leaves[i] = s->approvals[i].digest;
    }
    vk_status status = vk_merkle_build(leaves, s->chains.count, &s->tree);
    free(leaves);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make the merkle tree", status);
}

/* The signature of the root becomes one for each chain. */
static vk_exit spread(vk_cli *cli, vk_new_session *s, const vk_buf *signature) {
    vk_status status = VK_OK;
    if (signature->len != 65) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the signature of the merkle root has 65 bytes, not %zu",
                           signature->len);
    }
    for (size_t i = 0; i < s->chains.count && status == VK_OK; i++) {
        status = vk_multichain_signature(signature->data, &s->tree, i, &s->signatures[i]);
    }
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot make the approvals", status);
}

/* ---- From --signature ---- */

static size_t count_texts(const char *list) {
    size_t count = 1;
    for (; *list != '\0'; list++) {
        count += *list == ',';
    }
    return count;
}

static vk_exit check_count(vk_cli *cli, const vk_new_session *s) {
    size_t wanted = s->by_root ? 1 : s->chains.count;
    size_t given = count_texts(vk_opt(cli, VK_OPT_SIGNATURE));
    if (given == wanted) {
        return VK_EXIT_OK;
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_USAGE, "--signature has %zu signature%s, but %zu %s", given,
                    given == 1 ? "" : "s", wanted, wanted == 1 ? "is wanted" : "are wanted");
    return vk_cli_hint(cli, exit, "%s",
                       s->by_root ? "this owner signs the merkle root, once"
                                  : "one for each chain of --chain-id, in that order, separated by "
                                    "commas");
}

/* Moves *list behind the text and its comma. */
static vk_exit read_one(vk_cli *cli, const char **list, vk_buf *out) {
    size_t len = strcspn(*list, ",");
    vk_buf text = {0};
    vk_buf_put(&text, (const uint8_t *)*list, len);
    *list += len + ((*list)[len] == ',');
    char *hex = vk_buf_take_text(&text);
    if (hex == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_exit exit = vk_approval_signature(cli, hex, out);
    vk_text_free(hex);
    return exit;
}

static vk_exit read_signatures(vk_cli *cli, vk_new_session *s) {
    const char *list = vk_opt(cli, VK_OPT_SIGNATURE);
    vk_buf root = {0};
    vk_exit exit = check_count(cli, s);
    if (exit == VK_EXIT_OK && s->by_root) {
        exit = read_one(cli, &list, &root);
        exit = exit == VK_EXIT_OK ? spread(cli, s, &root) : exit;
        vk_buf_clear(&root);
        return exit;
    }
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        exit = read_one(cli, &list, &s->signatures[i]);
    }
    return exit;
}

/* ---- By the owner's key ---- */

static vk_exit sign_root(vk_cli *cli, const vk_owner_key *key, vk_new_session *s) {
    vk_buf signature = {0};
    const vk_hash digest = vk_eip191_hash(&s->tree.root);
    const vk_owner_question question = {.root = &s->account.account.root, .digest = &digest};
    vk_exit exit = vk_owner_key_sign(key, &question, &signature);
    if (exit == VK_EXIT_OK) {
        exit = spread(cli, s, &signature);
    }
    vk_buf_clear(&signature);
    return exit;
}

static vk_exit sign_each(const vk_owner_key *key, vk_new_session *s) {
    const vk_smart_account *account = &s->account.account;
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        const vk_owner_question question = {.root = &account->root,
                                            .digest = &s->approvals[i].digest,
                                            .chain_id = s->chains.list[i],
                                            .rp_id = account->rp_id,
                                            .origin = account->origin};
        exit = vk_owner_key_sign(key, &question, &s->signatures[i]);
    }
    return exit;
}

static vk_exit sign_with_key(vk_cli *cli, vk_new_session *s) {
    const char *uri = vk_opt_flag(cli, VK_OPT_OWNER_KEY) ? vk_opt(cli, VK_OPT_OWNER_KEY)
                                                         : s->account.account.owner_key;
    if (uri == NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "the account \"%s\" does not say where its owner's key is: give "
                           "--owner-key URI",
                           s->account.name);
    }
    s->has_owner_key = true;
    vk_exit exit = vk_owner_key_open(cli, uri, VK_OWNER_SIGN, &s->owner_key);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return s->by_root ? sign_root(cli, &s->owner_key, s) : sign_each(&s->owner_key, s);
}

/* ---- Both ---- */

/* Verifies each, and makes the grant. */
static vk_exit finish(vk_cli *cli, vk_new_session *s) {
    vk_exit exit = VK_EXIT_OK;
    for (size_t i = 0; i < s->chains.count && exit == VK_EXIT_OK; i++) {
        exit = vk_approval_finish(cli, &s->approvals[i], vk_buf_view(&s->signatures[i]),
                                  &s->grants[i]);
        if (exit != VK_EXIT_OK) {
            exit = vk_cli_hint(cli, exit, "that is what was signed for chain %" PRIu64,
                               s->chains.list[i]);
        }
    }
    return exit;
}

vk_exit vk_new_session_sign(vk_cli *cli, vk_new_session *s) {
    vk_exit exit =
        vk_opt_flag(cli, VK_OPT_SIGNATURE) ? read_signatures(cli, s) : sign_with_key(cli, s);
    return exit == VK_EXIT_OK ? finish(cli, s) : exit;
}
