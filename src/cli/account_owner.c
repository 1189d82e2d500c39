/* The owner of a new account: given, or read from the token that has his key. */
#include "cli/account.h"

#include "cli/grants.h"
#include "cli/input.h"
#include "cli/owner_key.h"
#include <string.h>
#include <valetkey/pkcs11.h>

/* ---- From options ---- */

static vk_exit read_id_hash(vk_cli *cli, vk_root *root) {
    vk_buf id = {0};
    vk_exit exit = VK_EXIT_OK;
    if (vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID)) {
        exit = vk_read_authenticator_id(cli, &id);
        root->authenticator_id_hash = vk_keccak256(vk_buf_view(&id));
    } else {
        exit = vk_read_hex(cli, VK_OPT_AUTHENTICATOR_ID_HASH, 32, &id);
        if (exit == VK_EXIT_OK && id.len != 32) {
            exit = vk_cli_fail(cli, VK_EXIT_USAGE, "--authenticator-id-hash has 32 bytes, not %zu",
                               id.len);
        }
        if (exit == VK_EXIT_OK) {
            memcpy(root->authenticator_id_hash.b, id.data, sizeof root->authenticator_id_hash.b);
        }
    }
    vk_buf_clear(&id);
    return exit;
}

static bool has_id(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID) ||
           vk_opt_flag(cli, VK_OPT_AUTHENTICATOR_ID_HASH);
}

static vk_exit take_owner(vk_cli *cli, vk_root *root) {
    vk_owner owner;
    vk_exit exit = vk_owner_read(cli, &owner);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    root->kind = owner.passkey ? VK_ROOT_PASSKEY : VK_ROOT_ECDSA;
    root->owner = owner.address;
    if (owner.passkey) {
        root->point65[0] = 0x04;
        memcpy(root->point65 + 1, owner.x, sizeof owner.x);
        memcpy(root->point65 + 33, owner.y, sizeof owner.y);
    }
    return VK_EXIT_OK;
}

/* ---- From a token ---- */

static vk_exit take_texts(const vk_owner_key *key, vk_smart_account *out) {
    vk_buf rp_id = {0}, origin = {0};
    vk_owner_key_text(key, CKA_VALETKEY_RP_ID, &rp_id);
    vk_owner_key_text(key, CKA_VALETKEY_ORIGIN, &origin);
    out->rp_id = rp_id.len > 0 ? vk_buf_take_text(&rp_id) : NULL;
    out->origin = origin.len > 0 ? vk_buf_take_text(&origin) : NULL;
    vk_buf_clear(&rp_id);
    vk_buf_clear(&origin);
    return VK_EXIT_OK;
}

static vk_exit take_facts(const vk_owner_key *key, vk_smart_account *out, bool *has_hash) {
    vk_owner_facts facts;
    vk_exit exit = vk_owner_key_facts(key, &facts);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_root *root = &out->root;
    *has_hash = facts.has_id_hash;
    root->kind = facts.p256 ? VK_ROOT_PASSKEY : VK_ROOT_ECDSA;
    if (!facts.p256) {
        root->owner = vk_address_of_point(facts.point65);
        return VK_EXIT_OK;
    }
    memcpy(root->point65, facts.point65, sizeof root->point65);
    root->authenticator_id_hash = facts.authenticator_id_hash;
    return take_texts(key, out);
}

static vk_exit take_key(vk_cli *cli, vk_smart_account *out, bool *has_hash) {
    vk_owner_key key;
    const char *uri = vk_opt(cli, VK_OPT_OWNER_KEY);
    vk_exit exit = vk_owner_key_open(cli, uri, VK_OWNER_LOOK, &key);
    if (exit == VK_EXIT_OK) {
        exit = take_facts(&key, out, has_hash);
    }
    vk_owner_key_close(&key);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    out->owner_key = vk_owner_uri_plain(uri);
    return out->owner_key != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

/* ---- Both ---- */

static bool is_same(const vk_root *a, const vk_root *b) {
    return a->kind == b->kind && vk_address_equal(&a->owner, &b->owner) &&
           memcmp(a->point65, b->point65, sizeof a->point65) == 0;
}

/* --owner beside --owner-key says what is expected. */
static vk_exit compare(vk_cli *cli, const vk_root *root) {
    vk_root said = {.kind = VK_ROOT_UNKNOWN};
    vk_buf text = {0};
    if (!vk_opt_flag(cli, VK_OPT_OWNER)) {
        return VK_EXIT_OK;
    }
    vk_exit exit = take_owner(cli, &said);
    if (exit == VK_EXIT_OK && !is_same(&said, root)) {
        vk_root_put_owner(root, &text);
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key of --owner-key is %.*s, not --owner",
                           (int)text.len, (const char *)text.data);
    }
    vk_buf_clear(&text);
    return exit;
}

static vk_exit settle_id(vk_cli *cli, vk_root *root, bool has_hash) {
    if (root->kind != VK_ROOT_PASSKEY) {
        return has_id(cli) ? vk_cli_fail(cli, VK_EXIT_USAGE,
                                         "--authenticator-id is for passkey owners only")
                           : VK_EXIT_OK;
    }
    if (has_id(cli)) {
        return read_id_hash(cli, root);
    }
    return has_hash ? VK_EXIT_OK
                    : vk_cli_fail(cli, VK_EXIT_USAGE,
                                  "the address of a passkey's account depends on its credential "
                                  "id: give --authenticator-id TEXT or --authenticator-id-hash "
                                  "HEX");
}

static vk_exit set_text(vk_cli *cli, vk_option option, char **text) {
    vk_buf copy = {0};
    if (!vk_opt_flag(cli, option)) {
        return VK_EXIT_OK;
    }
    vk_text_free(*text);
    vk_buf_put_text(&copy, vk_opt(cli, option));
    *text = vk_buf_take_text(&copy);
    return *text != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

static vk_exit set_texts(vk_cli *cli, vk_smart_account *out) {
    bool given = vk_opt_flag(cli, VK_OPT_RP_ID) || vk_opt_flag(cli, VK_OPT_ORIGIN);
    if (given && out->root.kind != VK_ROOT_PASSKEY) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--rp-id and --origin are for passkey owners only");
    }
    vk_exit exit = set_text(cli, VK_OPT_RP_ID, &out->rp_id);
    return exit == VK_EXIT_OK ? set_text(cli, VK_OPT_ORIGIN, &out->origin) : exit;
}

vk_exit vk_account_owner(vk_cli *cli, vk_smart_account *out) {
    bool has_hash = false, by_key = vk_opt_flag(cli, VK_OPT_OWNER_KEY);
    if (!by_key && !vk_opt_flag(cli, VK_OPT_OWNER)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say who owns the account: --owner-key URI or --owner ADDRESS|POINT");
    }
    vk_exit exit = by_key ? take_key(cli, out, &has_hash) : take_owner(cli, &out->root);
    if (exit == VK_EXIT_OK && by_key) {
        exit = compare(cli, &out->root);
    }
    if (exit == VK_EXIT_OK) {
        exit = settle_id(cli, &out->root, has_hash);
    }
    return exit == VK_EXIT_OK ? set_texts(cli, out) : exit;
}
