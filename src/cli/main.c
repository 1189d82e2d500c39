#include "cli/findings.h"
#include "cli/session.h"

#include "base/json.h"
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *exit_kind(vk_exit code) {
    static const char *const kinds[] = {"ok",        "usage",  "input",    "refused", "pin",
                                        "not-found", "system", "tampered", "server",  "reverted"};
    return kinds[code];
}

static void report_json(vk_cli *cli, vk_exit code) {
    vk_out *out = &cli->out;
    const vk_report *report = &cli->report;
    vk_buf_clear(&out->text);
    out->depth = 0;
    out->has_member = false;
    vk_out_open(out, NULL, '{');
    vk_out_open(out, "error", '{');
    vk_out_u64(out, "exitStatus", code);
    vk_out_text(out, "kind", exit_kind(code));
    vk_out_text(out, "message", report->message);
    if (report->field[0] != '\0') {
        vk_out_text(out, "field", report->field);
    }
    if (code == VK_EXIT_REFUSED) {
        vk_out_text(out, "rule", report->rule);
        vk_out_text(out, "reason", report->reason);
    }
    if (report->by_lint) {
        vk_out_findings(out, &cli->findings);
    }
    if (report->hint[0] != '\0') {
        vk_out_text(out, "hint", report->hint);
    }
    vk_out_close(out, '}');
    vk_out_close(out, '}');
}

static void report_text(const vk_cli *cli) {
    fprintf(stderr, "valetkey: %s\n", cli->report.message);
    if (cli->report.hint[0] != '\0') {
        fprintf(stderr, "valetkey: %s\n", cli->report.hint);
    }
}

/* Writes what the command has to say; a failure keeps nothing of its output. */
static vk_exit finish(vk_cli *cli, vk_exit code) {
    bool failed = cli->report.message[0] != '\0';
    if (failed) {
        report_text(cli);
    }
    if (failed && cli->out.json) {
        report_json(cli, code);
    }
    if (vk_buf_status(&cli->out.text) != VK_OK) {
        fputs("valetkey: there is no memory left for the output\n", stderr);
        return VK_EXIT_SYSTEM;
    }
    if (failed && !cli->out.json) {
        return code;
    }
    size_t len = cli->out.text.len;
    if ((len > 0 && fwrite(cli->out.text.data, 1, len, stdout) != len) || fflush(stdout) != 0) {
        fprintf(stderr, "valetkey: cannot write the output: %s\n", strerror(errno));
        return VK_EXIT_SYSTEM;
    }
    return code;
}

static vk_exit run(vk_cli *cli) {
    if (vk_opt_flag(cli, VK_OPT_HELP)) {
        vk_options_help(cli->options.command, stdout);
        return VK_EXIT_OK;
    }
    if (vk_opt_flag(cli, VK_OPT_VERSION)) {
        fputs("valetkey " VK_VERSION "\n", stdout);
        return VK_EXIT_OK;
    }
    return cli->options.command->run(cli);
}

static bool wants_colour(void) {
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;
    return isatty(STDOUT_FILENO) && !dumb && (no_colour == NULL || no_colour[0] == '\0');
}

int main(int argc, char **argv) {
    static vk_cli cli;
    setlocale(LC_CTYPE, "");
    vk_exit code = vk_options_parse(&cli, argc, argv);
    cli.out.json = vk_opt_flag(&cli, VK_OPT_JSON);
    cli.out.colour = !cli.out.json && wants_colour();
    if (code == VK_EXIT_OK) {
        code = run(&cli);
    }
    vk_session_end(&cli);
    code = finish(&cli, code);
    vk_buf_clear(&cli.out.text);
    vk_lint_clear(&cli.findings);
    return (int)code;
}
