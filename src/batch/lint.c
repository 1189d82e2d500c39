/* Kind lint: what is probably not meant in a policy, or in a request of thirdweb. */
#include "batch/in_policy.h"
#include "batch/in_thirdweb.h"
#include "batch/kinds.h"

#define SURROUNDINGS "now", "account", "entryPoint", "entryPointVersion"

/* account: memory for the context's. */
static vk_lint_context read_context(const vk_in *in, vk_address *account) {
    vk_lint_context out = {.now = vk_in_u64_or(in, "now", UINT64_MAX / 1000, 0)};
    if (vk_in_has(in, "account")) {
        *account = vk_in_address(in, "account");
        out.account = account;
    }
    if (vk_in_has(in, "entryPoint") || vk_in_has(in, "entryPointVersion")) {
        out.entry_point = vk_in_entry_point(in, NULL);
    }
    return out;
}

static void lint_policies(const vk_in *in, bool sdk, const vk_lint_context *context,
                          vk_lint_findings *out) {
    static const char *const members[] = {"policies", "flag", SURROUNDINGS, NULL};
    vk_in_only(in, members);
    const vk_policy *policy = vk_in_policies(in, "policies", "flag", sdk);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, vk_lint_policy(policy, context, out));
    }
}

/* Requests of before October 2023 have no isAdmin. */
static void lint_request(const vk_in *in, const vk_lint_context *context, vk_lint_findings *out) {
    static const char *const members[] = {"request", SURROUNDINGS, NULL};
    vk_in_only(in, members);
    vk_in object = vk_in_object(in, "request");
    bool v1 = !vk_in_has(&object, "isAdmin");
    vk_thirdweb_request request =
        vk_in_thirdweb_request(&object, v1 ? VK_THIRDWEB_ABI_V1 : VK_THIRDWEB_ABI_IS_ADMIN);
    if (vk_in_status(in) == VK_OK) {
        vk_in_check(in, NULL, vk_lint_thirdweb(&request, context, out));
    }
}

static void put_findings(const vk_lint_findings *findings, vk_reply *reply) {
    vk_reply_array(reply, "findings");
    for (size_t i = 0; i < findings->count; i++) {
        vk_reply_object(reply, NULL);
        vk_reply_text(reply, "code", vk_lint_code_text(findings->list[i].code));
        vk_reply_text(reply, "path", findings->list[i].path);
        vk_reply_text(reply, "message", findings->list[i].message);
        vk_reply_object_end(reply);
    }
    vk_reply_array_end(reply);
    if (findings->more > 0) {
        vk_reply_number(reply, "more", findings->more);
    }
}

vk_status vk_batch_lint(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)err;
    vk_address account;
    vk_lint_findings findings = {0};
    vk_lint_context context = read_context(in, &account);
    if (vk_in_has(in, "request")) {
        lint_request(in, &context, &findings);
    } else {
        lint_policies(in, sdk, &context, &findings);
    }
    put_findings(&findings, reply);
    vk_lint_clear(&findings);
    return vk_in_status(in);
}
