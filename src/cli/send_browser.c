/* Sending with a key that is with a browser, in two calls: the operation is kept in a file while
 * the browser is asked; its answer makes the signature. */
#include "cli/send.h"

#include "cli/input.h"
#include "cli/passkey.h"
#include "cli/session.h"

/* ---- The question ---- */

vk_exit vk_send_write_output(vk_cli *cli, vk_bytes request) {
    vk_buf line = {0};
    if (!vk_opt_flag(cli, VK_OPT_OUTPUT)) {
        return VK_EXIT_OK;
    }
    vk_buf_put(&line, request.data, request.len);
    vk_buf_put_byte(&line, '\n');
    vk_exit exit = vk_buf_status(&line) == VK_OK
                       ? vk_write_file(cli, vk_opt(cli, VK_OPT_OUTPUT), vk_buf_view(&line))
                       : vk_cli_no_memory(cli);
    vk_buf_clear(&line);
    return exit;
}

/* The command that takes the answer; vk_text_free. */
static char *next_command(const vk_cli *cli, const vk_key_info *key) {
    vk_buf text = {0};
    const char *file = vk_opt(cli, vk_opt_flag(cli, VK_OPT_OUTPUT) ? VK_OPT_OUTPUT : VK_OPT_USEROP);
    vk_buf_printf(&text, "valetkey send --label '%s' --userop %s --assertion FILE --wait",
                  key->label, file);
    return vk_buf_take_text(&text);
}

vk_exit vk_send_ask_browser(vk_cli *cli, vk_sending *s) {
    vk_buf text = {0};
    char *next = next_command(cli, &s->key);
    vk_buf_put(&text, s->request.data, s->request.len);
    vk_exit exit =
        next != NULL && vk_buf_status(&text) == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_ask(cli, &text, &s->key, next);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_write_output(cli, vk_buf_view(&s->request));
    }
    vk_buf_clear(&text);
    vk_text_free(next);
    return exit;
}

/* ---- The answer ---- */

static vk_exit answer(vk_cli *cli, vk_sending *s, const vk_assertion_response *response) {
    vk_exit exit = vk_passkey_answer(cli, &s->key, s->grant, &s->op, response, &s->signature);
    s->op.signature = vk_buf_view(&s->signature);
    return exit;
}

static vk_exit finish(vk_cli *cli, vk_sending *s, const vk_assertion_response *response) {
    vk_exit exit = vk_key_select_signing(cli, &s->key);
    if (exit == VK_EXIT_OK) {
        exit = vk_passkey_check_remote(cli, &s->key);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_take_operation(cli, s, VK_OPT_USEROP);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_connect(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_write_request(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_check_outbox(cli, s);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_send_check_caps(cli, s, VK_SERVER_NONE);
    }
    if (exit == VK_EXIT_OK) {
        exit = answer(cli, s, response);
    }
    return exit == VK_EXIT_OK ? vk_send_off(cli, s) : exit;
}

vk_exit vk_send_answered(vk_cli *cli, vk_sending *s) {
    vk_assertion_response response;
    vk_exit exit = vk_passkey_read_assertion(cli, &response);
    if (exit == VK_EXIT_OK) {
        exit = vk_session_begin_user(cli, true);
    }
    if (exit == VK_EXIT_OK) {
        exit = finish(cli, s, &response);
    }
    vk_assertion_response_clear(&response);
    return exit;
}
