#include "cli/findings.h"

#include "token/token.h"
#include <time.h>

/* How strict to be. */
typedef struct strictness {
    vk_lint_level level;
    uint64_t allowed;
    bool by_settings; /* valetkey.conf makes findings errors */
} strictness;

/* ---- Options and settings ---- */

static vk_exit read_settings(vk_cli *cli, vk_home_settings *out) {
    char *home = NULL;
    vk_error err = {0};
    *out = (vk_home_settings){0};
    if (vk_home_path(&home) != VK_OK) {
        return VK_EXIT_OK;
    }
    vk_status status = vk_home_settings_read(home, out, &err);
    vk_text_free(home);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "cannot read the settings", status, &err);
}

static vk_exit read_level(vk_cli *cli, vk_lint_level *level) {
    const char *text = vk_opt(cli, VK_OPT_LINT);
    return text == NULL || vk_lint_level_read(text, level)
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_USAGE, "--lint is \"%s\", but must be off, warn or error",
                             text);
}

static vk_exit read_allowed(vk_cli *cli, uint64_t *out) {
    const char *text = vk_opt(cli, VK_OPT_LINT_ALLOW);
    vk_error err = {0};
    *out = 0;
    return text == NULL || vk_lint_codes_read(text, out, &err) == VK_OK
               ? VK_EXIT_OK
               : vk_cli_fail(cli, VK_EXIT_USAGE, "--lint-allow: %s", err.message);
}

static vk_exit read_strictness(vk_cli *cli, strictness *out) {
    vk_home_settings settings;
    uint64_t allowed;
    vk_exit exit = read_settings(cli, &settings);
    *out = (strictness){settings.lint, settings.lint_allowed, settings.lint == VK_LINT_ERROR};
    if (exit == VK_EXIT_OK) {
        exit = read_level(cli, &out->level);
    }
    if (exit == VK_EXIT_OK) {
        exit = read_allowed(cli, &allowed);
    }
    if (exit == VK_EXIT_OK && !out->by_settings) {
        out->allowed |= allowed;
    }
    if (out->by_settings) {
        out->level = VK_LINT_ERROR;
    }
    return exit;
}

vk_exit vk_findings_check_options(vk_cli *cli) {
    vk_lint_level level;
    uint64_t allowed;
    vk_exit exit = read_level(cli, &level);
    return exit == VK_EXIT_OK ? read_allowed(cli, &allowed) : exit;
}

vk_exit vk_findings_allowed(vk_cli *cli, uint64_t *out) {
    vk_home_settings settings;
    vk_exit exit = read_allowed(cli, out);
    if (exit == VK_EXIT_OK) {
        exit = read_settings(cli, &settings);
        *out |= settings.lint_allowed;
    }
    return exit;
}

/* ---- Saying it ---- */

static void say(const vk_lint_findings *findings, const char *kind) {
    for (size_t i = 0; i < findings->count; i++) {
        const vk_lint_finding *finding = &findings->list[i];
        fprintf(stderr, "valetkey: %s: %s: %s [%s]\n", kind, finding->path, finding->message,
                vk_lint_code_text(finding->code));
    }
    if (findings->more > 0) {
        fprintf(stderr, "valetkey: %s: %zu more findings are left out\n", kind, findings->more);
    }
}

static vk_exit refuse(vk_cli *cli, const strictness *strict) {
    size_t count = cli->findings.count + cli->findings.more;
    if (cli->report.message[0] == '\0') {
        snprintf(cli->report.field, sizeof cli->report.field, "%s", cli->findings.list[0].path);
        cli->report.by_lint = true;
    }
    vk_exit exit =
        vk_cli_fail(cli, VK_EXIT_INPUT,
                    "the policy is not accepted: lint finds %zu thing%s that %s probably "
                    "not meant",
                    count, count == 1 ? "" : "s", count == 1 ? "is" : "are");
    return vk_cli_hint(cli, exit, "%s",
                       strict->by_settings
                           ? "valetkey.conf says lint = error; its line lint-allow = CODE,... lets "
                             "pass what is meant"
                           : "correct the policy, or let pass what is meant with --lint-allow "
                             "CODE,...");
}

vk_exit vk_findings_of(vk_cli *cli, const vk_policy *policy, const vk_lint_subject *about) {
    strictness strict;
    vk_exit exit = read_strictness(cli, &strict);
    if (exit != VK_EXIT_OK || strict.level == VK_LINT_OFF) {
        return exit;
    }
    vk_lint_context context = {.now = (uint64_t)time(NULL),
                               .entry_point = about->entry_point,
                               .account = about->account,
                               .allowed = strict.allowed};
    vk_lint_clear(&cli->findings);
    if (vk_lint_policy(policy, &context, &cli->findings) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    bool error = strict.level == VK_LINT_ERROR;
    say(&cli->findings, error ? "error" : "warning");
    return error && cli->findings.count > 0 ? refuse(cli, &strict) : VK_EXIT_OK;
}

void vk_out_findings(vk_out *out, const vk_lint_findings *findings) {
    vk_out_open(out, "findings", '[');
    for (size_t i = 0; i < findings->count; i++) {
        vk_out_open(out, NULL, '{');
        vk_out_text(out, "code", vk_lint_code_text(findings->list[i].code));
        vk_out_text(out, "path", findings->list[i].path);
        vk_out_text(out, "message", findings->list[i].message);
        vk_out_close(out, '}');
    }
    vk_out_close(out, ']');
    if (findings->more > 0) {
        vk_out_u64(out, "more", findings->more);
    }
}
