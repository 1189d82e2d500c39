/* A thirdweb account and the admin who has it do something. */
#include "cli/admin.h"

#include "cli/input.h"

#include <inttypes.h>

bool vk_admin_is_asked(const vk_cli *cli) {
    return vk_opt_flag(cli, VK_OPT_OWNER_KEY) || vk_opt_flag(cli, VK_OPT_OWNER_PIN_FILE);
}

void vk_admin_clear(vk_admin_job *job) {
    if (job->key == &job->own_key) {
        vk_owner_key_close(&job->own_key);
    }
    for (size_t i = 0; i < VK_ADMIN_CALLS_MAX; i++) {
        vk_buf_clear(&job->calls[i]);
    }
    vk_account_entry_clear(&job->account);
    vk_sending_clear(&job->s);
}

/* ---- The account ---- */

/* What is kept of it is good to have, not needed: one that does not hold says nothing. */
static vk_exit find_kept(vk_cli *cli, vk_admin_job *job) {
    const vk_smart_account like = {.kind = VK_SMART_ACCOUNT_THIRDWEB,
                                   .entry_point = job->about.entry_point_version,
                                   .account = job->about.account.account};
    vk_exit exit = vk_account_find_kept(cli, &like, &job->account);
    job->is_kept = job->account.name != NULL;
    return exit;
}

/* The EntryPoint is told what to do by an operation of these members. */
static vk_exit settle(vk_cli *cli, vk_admin_job *job) {
    job->about.kind = VK_GRANT_THIRDWEB;
    job->about.root.kind = VK_ROOT_ECDSA;
    job->s.as_owner = true;
    job->s.grant = &job->about;
    job->s.op.entry_point = job->about.entry_point_version;
    job->s.op.sender = job->about.account.account;
    return vk_send_read_caps(cli, &job->s);
}

vk_exit vk_admin_of_grant(vk_cli *cli, const vk_grant *grant, vk_admin_job *out) {
    out->about.chain_id = grant->chain_id;
    out->about.entry_point_version = grant->entry_point_version;
    out->about.entry_point = grant->entry_point;
    out->about.account.account = grant->account.account;
    vk_exit exit = settle(cli, out);
    return exit == VK_EXIT_OK ? find_kept(cli, out) : exit;
}

vk_exit vk_admin_of_account(vk_cli *cli, vk_admin_job *out) {
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &out->about.chain_id);
    if (exit == VK_EXIT_OK) {
        exit = vk_account_find(cli, &out->account);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    const vk_smart_account *account = &out->account.account;
    if (account->kind != VK_SMART_ACCOUNT_THIRDWEB) {
        return vk_cli_fail(cli, VK_EXIT_INPUT, "the account \"%s\" is none of thirdweb's",
                           out->account.name);
    }
    out->is_kept = true;
    out->about.entry_point_version = account->entry_point;
    out->about.entry_point = vk_entry_point_address(account->entry_point);
    out->about.account.account = account->account;
    return settle(cli, out);
}

/* ---- The key ---- */

vk_exit vk_admin_take_key(vk_cli *cli, const vk_owner_key *key, vk_admin_job *job) {
    vk_owner_facts facts;
    job->key = key;
    vk_exit exit = vk_owner_key_look(key, &facts);
    if (exit == VK_EXIT_OK && facts.p256) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT,
                           "the admin of a thirdweb account signs with a secp256k1 key; the key of "
                           "--owner-key is P-256");
    }
    if (exit == VK_EXIT_OK) {
        job->admin = vk_address_of_point(facts.point65);
        job->about.root.owner = job->admin;
    }
    return exit;
}

vk_exit vk_admin_open_key(vk_cli *cli, vk_admin_job *job) {
    const char *uri = vk_opt(cli, VK_OPT_OWNER_KEY);
    if (uri == NULL && job->is_kept) {
        uri = job->account.account.owner_key;
    }
    if (uri == NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say which key an admin of the account signs with: --owner-key URI");
    }
    job->key = &job->own_key;
    vk_exit exit = vk_owner_key_open(cli, uri, VK_OWNER_SIGN, &job->own_key);
    return exit == VK_EXIT_OK ? vk_admin_take_key(cli, &job->own_key, job) : exit;
}

/* ---- The chain ---- */

static vk_exit fail_no_admin(vk_cli *cli, const vk_admin_job *job) {
    char text[43];
    vk_address_text(&job->admin, text);
    return vk_cli_fail(cli, VK_EXIT_REFUSED,
                       "%s, whose key --owner-key is, is no admin of the account on chain %" PRIu64,
                       text, job->about.chain_id);
}

static vk_exit check_admin(vk_cli *cli, const vk_admin_job *job) {
    vk_error err = {0};
    bool is_admin = false;
    if (job->key == NULL) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_node_thirdweb_is_admin(job->s.node, &job->about.account.account,
                                                 &job->admin, &is_admin, &err);
    if (status != VK_OK) {
        return vk_send_fail(cli, "cannot ask for the account's admins", status, &err);
    }
    return is_admin ? VK_EXIT_OK : fail_no_admin(cli, job);
}

/* Its first operation deploys it. */
static vk_exit deploy(vk_cli *cli, vk_admin_job *job) {
    const vk_smart_account *account = &job->account.account;
    if (!job->is_kept) {
        vk_exit exit = vk_cli_fail(cli, VK_EXIT_NOT_FOUND,
                                   "the account is not deployed on chain %" PRIu64
                                   ", and the token does not keep how",
                                   job->about.chain_id);
        return vk_cli_hint(cli, exit, "keep it: \"valetkey account create --help\"");
    }
    if (job->key != NULL && !vk_address_equal(&account->root.owner, &job->admin)) {
        return fail_no_admin(cli, job);
    }
    return vk_send_put_factory(cli, &job->s, &account->factory,
                               vk_buf_view(&account->factory_data));
}

vk_exit vk_admin_check(vk_cli *cli, vk_admin_job *job) {
    return job->s.state.is_deployed ? check_admin(cli, job) : deploy(cli, job);
}

vk_exit vk_admin_connect(vk_cli *cli, vk_admin_job *job) {
    vk_sending *s = &job->s;
    vk_error err = {0};
    vk_exit exit = vk_send_connect(cli, s);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_node_has_code(s->node, &s->op.sender, &s->state.is_deployed, &err);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_send_fail(cli, "cannot ask for the account", status, &err);
}
