/* sign, of a key that is with a browser: what the browser has to be asked with. */
#include "cli/explain.h"
#include "cli/passkey.h"

#include "base/json.h"

#include <string.h>
#include <time.h>
#include <valetkey/pkcs11.h>

typedef struct question {
    vk_explain explain;
    vk_hash hash; /* userOpHash: the challenge */
    vk_buf rp_id, origin, credential_id;
    vk_buf options;   /* JSON */
    const char *next; /* the command that takes the answer */
} question;

static void clear(question *q) {
    vk_explain_clear(&q->explain);
    vk_buf_clear(&q->rp_id);
    vk_buf_clear(&q->origin);
    vk_buf_clear(&q->credential_id);
    vk_buf_clear(&q->options);
}

/* ---- The verdict ---- */

static vk_exit refuse(vk_cli *cli, const vk_judgement *judgement) {
    const vk_finding *refusal = judgement->refusal;
    char text[sizeof refusal->rule + sizeof refusal->reason + 2];
    snprintf(text, sizeof text, "%s: %s", refusal->rule, refusal->reason);
    vk_exit exit = vk_cli_refused(cli, "refused", text);
    return vk_cli_hint(cli, exit, "\"valetkey explain\" shows what each rule says");
}

static vk_exit judge(vk_cli *cli, question *q) {
    vk_exit exit = vk_explain_load(cli, &q->explain);
    if (exit == VK_EXIT_OK) {
        exit = vk_explain_judge(cli, &q->explain);
    }
    return exit == VK_EXIT_OK && q->explain.judgement.refusal != NULL
               ? refuse(cli, &q->explain.judgement)
               : exit;
}

/* ---- The options ---- */

static vk_exit read_passkey(vk_cli *cli, question *q) {
    CK_OBJECT_HANDLE key = q->explain.key.object;
    vk_exit exit = vk_object_get(cli, key, CKA_VALETKEY_RP_ID, &q->rp_id, NULL);
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, key, CKA_VALETKEY_ORIGIN, &q->origin, NULL);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_object_get(cli, key, CKA_VALETKEY_CREDENTIAL_ID, &q->credential_id, NULL);
    }
    /* Texts from here on. */
    vk_buf_put_byte(&q->rp_id, 0);
    vk_buf_put_byte(&q->origin, 0);
    bool whole = vk_buf_status(&q->rp_id) == VK_OK && vk_buf_status(&q->origin) == VK_OK;
    return exit == VK_EXIT_OK && !whole ? vk_cli_no_memory(cli) : exit;
}

static const char *text_of(const vk_buf *buf) {
    return (const char *)buf->data;
}

static vk_exit hash_operation(vk_cli *cli, question *q) {
    const vk_grant *grant = q->explain.grant;
    vk_status status =
        vk_userop_hash(&q->explain.request.op, grant->chain_id, &grant->entry_point, &q->hash);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_status(cli, "cannot hash the operation", status);
}

/* PublicKeyCredentialRequestOptionsJSON. */
static vk_exit make_options(vk_cli *cli, question *q) {
    vk_buf *out = &q->options;
    vk_buf_put_byte(out, '{');
    vk_passkey_put_base64url("challenge", (vk_bytes){q->hash.b, sizeof q->hash.b}, out);
    vk_buf_put_text(out, ",\"rpId\":");
    vk_json_put_string(out, text_of(&q->rp_id));
    vk_buf_put_text(out, ",\"allowCredentials\":[{\"type\":\"public-key\",");
    vk_passkey_put_base64url("id", vk_buf_view(&q->credential_id), out);
    vk_buf_put_text(out, "}],\"userVerification\":\"required\"}");
    return vk_buf_status(out) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

/* ---- What is said ---- */

static void say_text(vk_cli *cli, const question *q, const char *challenge) {
    vk_out *out = &cli->out;
    const char *label = q->explain.key.label;
    vk_say(out,
           "The key \"%s\" would sign this operation, and its private key is with a browser.\n",
           label);
    vk_say_field(out, "origin", "%s", text_of(&q->origin));
    vk_say_field(out, "rpId", "%s", text_of(&q->rp_id));
    vk_say_field(out, "challenge", "%s", challenge);
    if (!out->json) {
        vk_say(out, "  %-14s ", "as hex");
        vk_out_hex_line(out, (vk_bytes){q->hash.b, sizeof q->hash.b});
    }
    vk_say_in(out, VK_STYLE_HEAD, "Request options\n");
    vk_say(out, "%.*s\n", (int)q->options.len, text_of(&q->options));
    vk_say_in(out, VK_STYLE_HEAD, "Next\n");
    vk_say(out,
           "  Paste them into doc/examples/passkey.html, opened from the origin, and save the "
           "answer.\n  Then, with the very same operation:\n  %s\n",
           q->next);
}

static void put_json(vk_cli *cli, const question *q, const char *challenge) {
    vk_out *out = &cli->out;
    const vk_grant *grant = q->explain.grant;
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "home", "remote");
    vk_out_u64(out, "chainId", grant->chain_id);
    vk_out_address(out, "account", &grant->account.account);
    vk_out_bytes(out, "userOpHash", (vk_bytes){q->hash.b, sizeof q->hash.b});
    vk_out_text(out, "challenge", challenge);
    vk_out_text(out, "origin", text_of(&q->origin));
    vk_out_text(out, "rpId", text_of(&q->rp_id));
    vk_out_bytes(out, "credentialId", vk_buf_view(&q->credential_id));
    vk_out_raw(out, "options", vk_buf_view(&q->options));
    vk_out_close(out, '}');
}

static vk_exit say(vk_cli *cli, const question *q) {
    vk_buf text = {0};
    vk_base64url_put(&text, (vk_bytes){q->hash.b, sizeof q->hash.b});
    char *challenge = vk_buf_take_text(&text);
    if (challenge == NULL) {
        return vk_cli_no_memory(cli);
    }
    say_text(cli, q, challenge);
    put_json(cli, q, challenge);
    vk_text_free(challenge);
    return VK_EXIT_OK;
}

static vk_exit check_options(vk_cli *cli) {
    static const vk_option finished[] = {VK_OPT_SESSION, VK_OPT_OPERATION};
    for (size_t i = 0; i < sizeof finished / sizeof finished[0]; i++) {
        if (vk_opt_flag(cli, finished[i])) {
            vk_exit exit = vk_cli_fail(
                cli, VK_EXIT_USAGE, "--%s is about a signature, which a browser has to make first",
                vk_opt_name(finished[i]));
            return vk_cli_hint(cli, exit, "see \"valetkey passkey assertion --help\"");
        }
    }
    return VK_EXIT_OK;
}

vk_exit vk_passkey_ask(vk_cli *cli, vk_buf *text, vk_key_info *key, const char *next) {
    question q = {.explain = {.text = *text, .key = *key, .now = (uint64_t)time(NULL)},
                  .next = next};
    *text = (vk_buf){0};
    *key = (vk_key_info){0};
    vk_exit exit = check_options(cli);
    if (exit == VK_EXIT_OK) {
        exit = judge(cli, &q);
    }
    if (exit == VK_EXIT_OK) {
        exit = hash_operation(cli, &q);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_passkey(cli, &q);
    }
    if (exit == VK_EXIT_OK) {
        exit = make_options(cli, &q);
    }
    if (exit == VK_EXIT_OK) {
        exit = say(cli, &q);
    }
    clear(&q);
    return exit;
}
