/* lint: what is probably not meant in a policy, or in a request of thirdweb. */
#include "cli/findings.h"
#include "cli/input.h"

#include "batch/in_thirdweb.h"
#include <string.h>
#include <time.h>

typedef struct lint_job {
    vk_buf text;
    vk_lint_context context;
    vk_address account;
} lint_job;

/* ---- What is known ---- */

static vk_exit read_context(vk_cli *cli, lint_job *job) {
    vk_exit exit = VK_EXIT_OK;
    if (vk_opt_flag(cli, VK_OPT_ENTRY_POINT)) {
        exit = vk_read_entry_point(cli, &job->context.entry_point);
    }
    if (exit == VK_EXIT_OK && vk_opt_flag(cli, VK_OPT_ACCOUNT)) {
        exit = vk_read_address(cli, VK_OPT_ACCOUNT, &job->account);
        job->context.account = &job->account;
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_read_time(cli, VK_OPT_AT, (uint64_t)time(NULL), &job->context.now);
    }
    return exit == VK_EXIT_OK ? vk_findings_allowed(cli, &job->context.allowed) : exit;
}

/* ---- What is looked at ---- */

static vk_exit lint_policy(vk_cli *cli, const lint_job *job) {
    vk_policy policy;
    vk_error err = {0};
    if (vk_policy_read((const char *)job->text.data, job->text.len, &policy, &err) != VK_OK) {
        return vk_cli_fail_error(cli, "the policy is not accepted", &err);
    }
    vk_status status = vk_lint_policy(&policy, &job->context, &cli->findings);
    vk_policy_clear(&policy);
    return status == VK_OK ? VK_EXIT_OK : vk_cli_no_memory(cli);
}

/* Requests of before October 2023 have no isAdmin. */
static vk_status lint_members(const vk_in *in, const lint_job *job, vk_lint_findings *out) {
    bool v1 = !vk_in_has(in, "isAdmin");
    vk_thirdweb_request request =
        vk_in_thirdweb_request(in, v1 ? VK_THIRDWEB_ABI_V1 : VK_THIRDWEB_ABI_IS_ADMIN);
    vk_status status = vk_in_status(in);
    return status == VK_OK ? vk_lint_thirdweb(&request, &job->context, out) : status;
}

static vk_exit lint_request(vk_cli *cli, const cJSON *json, const lint_job *job) {
    vk_error err = {0};
    vk_in_line *line = vk_in_line_new(false, &err);
    if (line == NULL) {
        return vk_cli_no_memory(cli);
    }
    vk_in in = vk_in_root(line, json, "");
    vk_status status = lint_members(&in, job, &cli->findings);
    vk_in_line_free(line);
    return status == VK_OK ? VK_EXIT_OK
                           : vk_cli_fail_with(cli, "the request cannot be read", status, &err);
}

/* A policy is a list, or has one; a request has the contract's names. */
static vk_exit look(vk_cli *cli, const lint_job *job) {
    cJSON *json = NULL;
    vk_exit exit;
    if (vk_json_parse(vk_buf_view(&job->text), VK_POLICY_JSON_MAX, &json, NULL) == VK_OK &&
        vk_json_get(json, "approvedTargets") != NULL) {
        exit = lint_request(cli, json, job);
    } else {
        exit = lint_policy(cli, job);
    }
    cJSON_Delete(json);
    return exit;
}

/* ---- What is said ---- */

static void say(vk_cli *cli) {
    const vk_lint_findings *findings = &cli->findings;
    for (size_t i = 0; i < findings->count; i++) {
        vk_say_in(&cli->out, VK_STYLE_HEAD, findings->list[i].path);
        vk_say(&cli->out, ": %s [%s]\n", findings->list[i].message,
               vk_lint_code_text(findings->list[i].code));
    }
    if (findings->more > 0) {
        vk_say(&cli->out, "%zu more findings are left out.\n", findings->more);
    }
    if (findings->count == 0) {
        vk_say(&cli->out, "Nothing was found.\n");
    }
    vk_out_open(&cli->out, NULL, '{');
    vk_out_findings(&cli->out, findings);
    vk_out_close(&cli->out, '}');
}

vk_exit vk_cmd_lint(vk_cli *cli) {
    lint_job job = {0};
    vk_exit exit = read_context(cli, &job);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_file(cli, vk_opt(cli, VK_OPT_POLICY), VK_POLICY_JSON_MAX, &job.text);
    }
    if (exit == VK_EXIT_OK) {
        exit = look(cli, &job);
    }
    if (exit == VK_EXIT_OK) {
        say(cli);
        exit = cli->findings.count > 0 ? VK_EXIT_INPUT : VK_EXIT_OK;
    }
    vk_buf_clear(&job.text);
    return exit;
}
