/* passkey options: what a browser is asked with to make a passkey. */
#include "cli/passkey.h"

#include "base/json.h"

#include <openssl/rand.h>
#include <string.h>

#define CHALLENGE_LEN 32
#define USER_ID_LEN 16

typedef struct creation {
    uint8_t challenge[CHALLENGE_LEN], user_id[USER_ID_LEN];
    const char *rp_id, *name;
} creation;

static void put_string(const char *name, const char *value, vk_buf *out) {
    vk_buf_printf(out, "\"%s\":", name);
    vk_json_put_string(out, value);
}

/* PublicKeyCredentialCreationOptionsJSON. Kernel's validators check the flag UV, so a verified user
 * is needed; formats of attestation that name the maker are asked for by whoever wants them. */
static void put_options(const creation *made, vk_buf *out) {
    vk_buf_put_text(out, "{\"rp\":{");
    put_string("id", made->rp_id, out);
    vk_buf_put_byte(out, ',');
    put_string("name", made->rp_id, out);
    vk_buf_put_text(out, "},\"user\":{");
    vk_passkey_put_base64url("id", (vk_bytes){made->user_id, sizeof made->user_id}, out);
    vk_buf_put_byte(out, ',');
    put_string("name", made->name, out);
    vk_buf_put_byte(out, ',');
    put_string("displayName", made->name, out);
    vk_buf_put_text(out, "},");
    vk_passkey_put_base64url("challenge", (vk_bytes){made->challenge, sizeof made->challenge}, out);
    vk_buf_put_text(out, ",\"pubKeyCredParams\":[{\"type\":\"public-key\",\"alg\":-7}],"
                         "\"authenticatorSelection\":{\"residentKey\":\"preferred\","
                         "\"userVerification\":\"required\"},\"attestation\":\"none\"}");
}

static void say(vk_cli *cli, const char *challenge, const vk_buf *options) {
    vk_out *out = &cli->out;
    const char *rp_id = vk_opt(cli, VK_OPT_RP_ID), *origin = vk_opt(cli, VK_OPT_ORIGIN);
    vk_say_in(out, VK_STYLE_HEAD, "Creation options\n");
    vk_say(out, "%.*s\n", (int)options->len, (const char *)options->data);
    vk_say_in(out, VK_STYLE_HEAD, "Next\n");
    vk_say(out,
           "  Paste them into doc/examples/passkey.html, opened from %s, and save\n  the answer. "
           "Then:\n  valetkey passkey import --label LABEL --registration FILE --rp-id '%s' \\\n"
           "      --origin '%s' --challenge %s\n",
           origin, rp_id, origin, challenge);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "challenge", challenge);
    vk_out_text(out, "rpId", rp_id);
    vk_out_text(out, "origin", origin);
    vk_out_raw(out, "options", vk_buf_view(options));
    vk_out_close(out, '}');
}

vk_exit vk_cmd_passkey_options(vk_cli *cli) {
    creation made = {.rp_id = vk_opt(cli, VK_OPT_RP_ID), .name = vk_opt(cli, VK_OPT_NAME)};
    vk_buf options = {0}, challenge = {0};
    if (made.name == NULL) {
        made.name = "session key";
    }
    if (RAND_bytes(made.challenge, CHALLENGE_LEN) != 1 ||
        RAND_bytes(made.user_id, USER_ID_LEN) != 1) {
        return vk_cli_fail(cli, VK_EXIT_SYSTEM, "there are no random numbers");
    }
    put_options(&made, &options);
    vk_base64url_put(&challenge, (vk_bytes){made.challenge, CHALLENGE_LEN});
    char *text = vk_buf_take_text(&challenge);
    vk_exit exit =
        vk_buf_status(&options) == VK_OK && text != NULL ? VK_EXIT_OK : vk_cli_no_memory(cli);
    if (exit == VK_EXIT_OK) {
        say(cli, text, &options);
    }
    vk_text_free(text);
    vk_buf_clear(&options);
    return exit;
}
