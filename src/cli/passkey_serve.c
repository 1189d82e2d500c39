/* passkey serve: a passkey server on the token's file. */
#include "cli/store.h"
#include "net/httpd.h"
#include "net/passkey.h"
#include "net/relying_party.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LISTEN_DEFAULT "127.0.0.1:8787"
#define RP_ID_MAX 253
#define ORIGIN_MAX 255

typedef struct serve_job {
    vk_token *token;
    vk_relying_party *rp;
    vk_httpd *httpd;
} serve_job;

/* ---- What it is for ---- */

static bool is_plain(const char *text, size_t max) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return len > 0 && len <= max;
}

/* Browsers give a page passkeys of its own host, or of a domain above it. */
static bool is_of(const char *host, size_t len, const char *rp_id) {
    size_t end = strlen(rp_id);
    return len >= end && strncmp(host + len - end, rp_id, end) == 0 &&
           (len == end || host[len - end - 1] == '.');
}

static vk_exit check_names(vk_cli *cli) {
    vk_error err = {0};
    const char *rp_id = vk_opt(cli, VK_OPT_RP_ID), *origin = vk_opt(cli, VK_OPT_ORIGIN),
               *name = vk_opt(cli, VK_OPT_NAME);
    const char *host = strstr(origin, "://");
    if (!is_plain(rp_id, RP_ID_MAX) || strpbrk(rp_id, ":/") != NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--rp-id must be a host name, like app.example");
    }
    if (!is_plain(origin, ORIGIN_MAX) || host == NULL || strchr(host + 3, '/') != NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "--origin must be a scheme and a host, like https://app.example, "
                           "without anything behind it");
    }
    if (!is_of(host + 3, strcspn(host + 3, ":"), rp_id)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "pages of %s cannot use passkeys of \"%s\": --rp-id is the host of "
                           "--origin, or a domain above it",
                           origin, rp_id);
    }
    if (name != NULL && vk_passkey_check_name(name, &err) != VK_OK) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--name: %s", err.message);
    }
    return VK_EXIT_OK;
}

/* ---- Serving ---- */

/* A line a request on standard error: which, and what became of it. */
static unsigned answer(void *context, const char *path, vk_bytes body, vk_buf *out) {
    serve_job *job = context;
    vk_buf clean = {0};
    unsigned code = vk_relying_party_answer(job->rp, path, body, out);
    vk_put_clean(&clean, (vk_bytes){(const uint8_t *)path, strnlen(path, 64)});
    fprintf(stderr, "POST %.*s %u\n", (int)clean.len, (const char *)clean.data, code);
    vk_buf_clear(&clean);
    return code;
}

static vk_exit start(vk_cli *cli, serve_job *job) {
    vk_error err = {0};
    const char *listen = vk_opt(cli, VK_OPT_LISTEN), *name = vk_opt(cli, VK_OPT_NAME);
    const vk_rp_config rp = {.rp_id = vk_opt(cli, VK_OPT_RP_ID),
                             .name = name != NULL ? name : vk_opt(cli, VK_OPT_RP_ID),
                             .origin = vk_opt(cli, VK_OPT_ORIGIN)};
    const vk_httpd_config httpd = {.listen = listen != NULL ? listen : LISTEN_DEFAULT,
                                   .origin = rp.origin,
                                   .body_max = VK_RP_BODY_MAX,
                                   .answer = answer,
                                   .context = job};
    if (vk_relying_party_new(job->token, &rp, &job->rp) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    vk_status status = vk_httpd_start(&httpd, &job->httpd, &err);
    if (status == VK_ERR_FORMAT) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--listen: %s", err.message);
    }
    return status == VK_OK ? VK_EXIT_OK : vk_cli_fail(cli, VK_EXIT_SYSTEM, "%s", err.message);
}

/* Said at once: whoever started it waits for this. */
static vk_exit say_started(vk_cli *cli, const serve_job *job) {
    vk_out *out = &cli->out;
    vk_buf url = {0};
    vk_buf_printf(&url, "http://%s", vk_httpd_address(job->httpd));
    char *text = vk_buf_take_text(&url);
    if (text == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_say(out, "Serving %s for pages of %s, with the token \"%s\".\n", text,
           vk_opt(cli, VK_OPT_ORIGIN), cli->token_label);
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "url", text);
    vk_out_text(out, "rpId", vk_opt(cli, VK_OPT_RP_ID));
    vk_out_text(out, "origin", vk_opt(cli, VK_OPT_ORIGIN));
    vk_out_text(out, "token", cli->token_label);
    vk_out_close(out, '}');
    vk_text_free(text);
    bool written = vk_buf_status(&out->text) == VK_OK &&
                   fwrite(out->text.data, 1, out->text.len, stdout) == out->text.len &&
                   fflush(stdout) == 0;
    vk_buf_clear(&out->text);
    if (!vk_httpd_is_loopback(job->httpd)) {
        fprintf(stderr, "valetkey: warning: others can reach this server, over plain HTTP: put TLS "
                        "in front of it\n");
    }
    return written ? VK_EXIT_OK : vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot write the output");
}

/* Until somebody ends it. The signals are blocked in every thread. */
static void wait_for_end(const sigset_t *signals) {
    int signal;
    while (sigwait(signals, &signal) == EINTR) {
    }
}

static vk_exit serve(vk_cli *cli, vk_token *token) {
    serve_job job = {.token = token};
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    vk_exit exit = start(cli, &job);
    if (exit == VK_EXIT_OK) {
        exit = say_started(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        wait_for_end(&signals);
    }
    vk_httpd_stop(job.httpd);
    vk_relying_party_free(job.rp);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return exit;
}

vk_exit vk_cmd_passkey_serve(vk_cli *cli) {
    vk_exit exit = check_names(cli);
    return exit == VK_EXIT_OK ? vk_store_with(cli, vk_store_open_user, serve) : exit;
}
