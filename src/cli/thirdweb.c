/* thirdweb ...: requests about admins and sessions, and the call that carries one out. */
#include "cli/input.h"
#include "cli/keyinfo.h"
#include "cli/session.h"
#include "cli/thirdweb_request.h"
#include "cli/thirdweb_send.h"

#include <inttypes.h>
#include <stdlib.h>

#define SIGNATURE_LEN 65

/* Where a request is for. */
typedef struct subject {
    uint64_t chain_id;
    vk_address account, signer;
} subject;

static vk_exit read_account(vk_cli *cli, subject *out) {
    vk_exit exit = vk_read_u64(cli, VK_OPT_CHAIN_ID, UINT64_MAX, &out->chain_id);
    return exit == VK_EXIT_OK ? vk_read_address(cli, VK_OPT_ACCOUNT, &out->account) : exit;
}

/* ---- Requests ---- */

static vk_exit key_address(vk_cli *cli, vk_address *out) {
    vk_key_info key = {0};
    vk_exit exit = vk_key_select(cli, CKO_PUBLIC_KEY, &key);
    if (exit == VK_EXIT_OK && key.p256) {
        exit = vk_cli_fail(cli, VK_EXIT_INPUT, "the key \"%s\" has no address, so it is no signer",
                           key.label);
    }
    *out = key.signer.address;
    vk_key_info_clear(&key);
    return exit;
}

static vk_exit read_signer(vk_cli *cli, vk_address *out) {
    bool key = vk_opt_flag(cli, VK_OPT_LABEL) || vk_opt_flag(cli, VK_OPT_ID);
    if (key == vk_opt_flag(cli, VK_OPT_SIGNER)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "say whom the request is about: --signer ADDRESS, or a key with --label "
                           "or --id");
    }
    return key ? key_address(cli, out) : vk_read_address(cli, VK_OPT_SIGNER, out);
}

static vk_exit say(vk_cli *cli, const vk_thirdweb_request *request, const subject *about,
                   const char *what) {
    vk_out *out = &cli->out;
    char account[43], signer[43];
    vk_address_text(&about->account, account);
    vk_address_text(&about->signer, signer);
    vk_say(out, "An admin of the account %s on chain %" PRIu64 " signs to %s %s.\n", account,
           about->chain_id, what, signer);
    vk_out_open(out, NULL, '{');
    vk_out_u64(out, "chainId", about->chain_id);
    vk_out_address(out, "account", &about->account);
    vk_exit exit = vk_request_say(cli, request, about->chain_id, &about->account);
    vk_out_close(out, '}');
    return exit;
}

/* For others to sign: admins are the SO's business. */
static vk_exit print(vk_cli *cli, const vk_request_kind *kind) {
    subject about = {0};
    vk_hash uid;
    vk_exit exit = read_account(cli, &about);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_so(cli);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_signer(cli, &about.signer);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_request_uid(cli, &uid);
    }
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_thirdweb_request request = kind->make(&about.signer, 0, &uid);
    vk_request_window(&request, VK_REQUEST_SECONDS);
    exit = say(cli, &request, &about, kind->what);
    return exit == VK_EXIT_OK ? vk_request_write(cli, &request) : exit;
}

/* The admin's own PIN says that he may. */
static vk_exit send_new(vk_cli *cli, const vk_request_kind *kind) {
    vk_admin_job job = {.key = NULL};
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = read_signer(cli, &job.s.key.signer.address);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_request_send_new(cli, &job, kind);
    }
    vk_admin_clear(&job);
    return exit;
}

static vk_exit run(vk_cli *cli, const vk_request_kind *kind) {
    bool is_sent;
    vk_exit exit = vk_request_is_sent(cli, false, &is_sent);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    return is_sent ? send_new(cli, kind) : print(cli, kind);
}

vk_exit vk_cmd_thirdweb_add_admin(vk_cli *cli) {
    return run(cli, &vk_request_add_admin);
}

vk_exit vk_cmd_thirdweb_remove_admin(vk_cli *cli) {
    return run(cli, &vk_request_remove_admin);
}

vk_exit vk_cmd_thirdweb_remove_session(vk_cli *cli) {
    return run(cli, &vk_request_remove_session);
}

/* ---- The call ---- */

/* Who signed it; with --owner, it must be he. */
static vk_exit check_signature(vk_cli *cli, const vk_thirdweb_request *request,
                               const subject *about, const uint8_t signature65[SIGNATURE_LEN],
                               vk_address *admin) {
    vk_thirdweb_hashes hashes;
    vk_error err = {0};
    vk_address wanted;
    vk_exit exit = VK_EXIT_OK;
    vk_status status =
        vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, about->chain_id, &about->account,
                         VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT, &hashes, &err);
    if (status != VK_OK) {
        return vk_cli_fail_error(cli, "the request cannot be hashed", &err);
    }
    if (vk_ecdsa_s_is_high(signature65 + 32) ||
        vk_ecdsa_recover(&hashes.digest, signature65, admin) != VK_OK) {
        return vk_cli_fail(cli, VK_EXIT_INPUT,
                           "nobody can have made this signature: it must have 65 bytes, a low s, "
                           "and v 27 or 28");
    }
    if (vk_opt_flag(cli, VK_OPT_OWNER)) {
        exit = vk_read_address(cli, VK_OPT_OWNER, &wanted);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_OWNER) && !vk_address_equal(&wanted, admin)) {
        char text[43];
        vk_address_text(admin, text);
        exit =
            vk_cli_fail(cli, VK_EXIT_INPUT,
                        "%s signed this, or somebody for another request, chain or account", text);
    }
    return exit;
}

static vk_exit read_signature(vk_cli *cli, vk_buf *out) {
    vk_exit exit = vk_read_hex(cli, VK_OPT_SIGNATURE, SIGNATURE_LEN, out);
    if (exit == VK_EXIT_OK && out->len != SIGNATURE_LEN) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--signature has %zu bytes, not 65", out->len);
    }
    /* Some wallets write the recovery id as 0 or 1; the contracts want 27 or 28. */
    if (exit == VK_EXIT_OK && out->data[SIGNATURE_LEN - 1] < 2) {
        out->data[SIGNATURE_LEN - 1] = (uint8_t)(out->data[SIGNATURE_LEN - 1] + 27);
    }
    return exit;
}

static vk_exit tell_call(vk_cli *cli, const vk_thirdweb_request *request, const subject *about,
                         const uint8_t signature65[SIGNATURE_LEN], const vk_address *admin) {
    vk_out *out = &cli->out;
    const char *path = vk_opt(cli, VK_OPT_OUTPUT);
    char text[43];
    vk_buf call = {0}, hex = {0};
    vk_exit exit = VK_EXIT_OK;
    vk_status status = vk_thirdweb_set_permissions(request, VK_THIRDWEB_ABI_IS_ADMIN,
                                                   VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT,
                                                   signature65, &call, NULL);
    vk_hex_put(&hex, vk_buf_view(&call));
    vk_buf_put_byte(&hex, '\n');
    status = status == VK_OK ? vk_buf_status(&hex) : status;
    if (status == VK_OK && path != NULL) {
        exit = vk_write_file(cli, path, vk_buf_view(&hex));
    } else if (status == VK_OK && !out->json) {
        vk_out_hex_line(out, vk_buf_view(&call));
    }
    vk_address_text(admin, text);
    vk_out_open(out, NULL, '{');
    vk_out_address(out, "to", &about->account);
    vk_out_u64(out, "chainId", about->chain_id);
    vk_out_text(out, "admin", text);
    vk_out_bytes(out, "callData", vk_buf_view(&call));
    vk_out_close(out, '}');
    vk_buf_clear(&call);
    vk_buf_clear(&hex);
    return status == VK_OK ? exit : vk_cli_fail_status(cli, "cannot make the call", status);
}

/* With the request already read. */
static vk_exit print_call(vk_cli *cli, const vk_thirdweb_request *request,
                          const uint8_t signature65[SIGNATURE_LEN]) {
    subject about = {0};
    vk_address admin;
    vk_exit exit = read_account(cli, &about);
    if (exit == VK_EXIT_OK) {
        exit = check_signature(cli, request, &about, signature65, &admin);
    }
    return exit == VK_EXIT_OK ? tell_call(cli, request, &about, signature65, &admin) : exit;
}

static vk_exit send_call(vk_cli *cli, const vk_thirdweb_request *request,
                         const uint8_t signature65[SIGNATURE_LEN]) {
    vk_admin_job job = {.key = NULL};
    vk_address admin;
    vk_exit exit = vk_session_begin(cli, false);
    if (exit == VK_EXIT_OK) {
        exit = vk_admin_of_account(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        const subject about = {.chain_id = job.about.chain_id,
                               .account = job.about.account.account};
        exit = check_signature(cli, request, &about, signature65, &admin);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_request_send_signed(cli, &job, request, signature65);
    }
    vk_admin_clear(&job);
    return exit;
}

vk_exit vk_cmd_thirdweb_call(vk_cli *cli) {
    vk_thirdweb_request request = {0};
    vk_address *targets = NULL;
    vk_buf signature = {0};
    bool is_sent = false;
    vk_exit exit = vk_request_is_sent(cli, true, &is_sent);
    if (exit == VK_EXIT_OK) {
        exit = vk_request_read(cli, &request, &targets);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_signature(cli, &signature);
    }
    if (exit == VK_EXIT_OK) {
        exit = is_sent ? send_call(cli, &request, signature.data)
                       : print_call(cli, &request, signature.data);
    }
    vk_buf_clear(&signature);
    free(targets);
    return exit;
}
