/* The hardening rules on messages: asked only of what the account's contracts would accept. */
#include "policy/rule.h"
#include "policy/text.h"

#include <inttypes.h>

#define NO_RULE (-1)

/* A message under judgement. reason is filled by the check that denies. */
typedef struct subject {
    const vk_policy *policy;
    const vk_message_request *request;
    vk_verdict *verdict;
    int rule_index;   /* the rule of the policy that it is about, or NO_RULE */
    const char *rule; /* what the verdict is to name when there is none */
    vk_buf reason;
} subject;

static bool is_active(const vk_rule *rule) {
    return (rule->flag & VK_FLAG_NOT_FOR_SIGNATURE) == 0;
}

/* The index of the first active rule of the kind, from an index on; or NO_RULE. */
static int find_rule(const vk_policy *policy, vk_rule_kind kind, size_t from) {
    for (size_t i = from; i < policy->count; i++) {
        if (policy->rules[i].kind == kind && is_active(&policy->rules[i])) {
            return (int)i;
        }
    }
    return NO_RULE;
}

/* ---- The checks: true denies ---- */

/* What the account or the EntryPoint verifies under its own domain are approvals of plug-ins and
 * operations. The account wraps every message, so that none can be taken for one of them; whoever
 * asks for such a signature is after something else all the same. */
static bool own_domain(subject *s) {
    const vk_typed_domain *domain = s->request->domain;
    if (domain == NULL || !domain->has_verifying_contract) {
        return false;
    }
    const vk_address *contract = &domain->verifying_contract;
    bool is_account = vk_address_equal(contract, &s->request->account);
    s->rule = "domain";
    vk_buf_put_text(&s->reason, "the typed data is for ");
    vk_put_address(&s->reason, contract);
    vk_buf_put_text(&s->reason, is_account ? ", the account itself: it would be an approval of a "
                                             "plug-in of the account, not a message"
                                           : ", an EntryPoint: it would be a user operation, not a "
                                             "message");
    return is_account || vk_address_equal(contract, &s->request->entry_point) ||
           vk_entry_point_of_address(contract) != VK_ENTRY_POINT_UNKNOWN;
}

static bool foreign_chain(subject *s) {
    const vk_typed_domain *domain = s->request->domain;
    if (domain == NULL || !domain->has_chain_id) {
        return false;
    }
    char chain_id[79];
    vk_u256 own = vk_u256_from_u64(s->request->chain_id);
    vk_u256_decimal(&domain->chain_id, chain_id);
    s->rule = "domain";
    vk_buf_printf(&s->reason,
                  "the typed data is for a contract on chain %s, but the account is the one on "
                  "chain %" PRIu64,
                  chain_id, s->request->chain_id);
    return vk_u256_cmp(&domain->chain_id, &own) != 0;
}

static bool open_signature(subject *s) {
    s->rule = "signature";
    vk_buf_put_text(&s->reason,
                    "the policy does not speak of message signatures, so the account would accept "
                    "any message of this key, a token permit or an order included: give it a rule "
                    "for signature callers");
    return find_rule(s->policy, VK_RULE_SIGNATURE_CALLER, 0) == NO_RULE;
}

static bool unknown_caller(subject *s) {
    s->rule_index = find_rule(s->policy, VK_RULE_SIGNATURE_CALLER, 0);
    vk_buf_put_text(&s->reason,
                    s->request->domain == NULL
                        ? "a text names no contract that will check its signature, but the rule "
                          "allows only some: the SO can let this token sign such texts"
                        : "the typed data's domain names no verifyingContract that will check its "
                          "signature, but the rule allows only some");
    return s->rule_index != NO_RULE && !s->request->has_caller;
}

/* The contract of the timestamp rule looks at no clock when it is asked about a message. */
static bool outside_window(subject *s, int index) {
    const vk_rule *rule = &s->policy->rules[index];
    vk_rule_verdict *verdict = &s->verdict->rules[index];
    uint64_t now = s->request->now;
    verdict->valid_after = rule->u.timestamp.valid_after;
    verdict->valid_until = rule->u.timestamp.valid_until;
    if (vk_entry_point_in_window(VK_ENTRY_POINT_0_7, verdict->valid_after, verdict->valid_until,
                                 now, 0)) {
        return false;
    }
    s->rule_index = index;
    vk_rule_put_outside(rule, verdict, now < verdict->valid_after, now, VK_ENTRY_POINT_0_7,
                        &s->reason);
    return true;
}

static bool signature_window(subject *s) {
    int index = find_rule(s->policy, VK_RULE_TIMESTAMP, 0);
    while (index != NO_RULE && !outside_window(s, index)) {
        index = find_rule(s->policy, VK_RULE_TIMESTAMP, (size_t)index + 1);
    }
    return index != NO_RULE;
}

static bool replayable(subject *s) {
    s->rule = "signature";
    vk_buf_put_text(&s->reason, "a replayable signature is good for this account on every chain, "
                                "also on those that no grant names");
    return s->request->replayable;
}

/* ---- All of them, in order ---- */

static const struct {
    vk_hardening hardening;
    bool (*denies)(subject *s);
} checks[] = {
    {VK_HARDENING_OWN_DOMAIN, own_domain},
    {VK_HARDENING_FOREIGN_CHAIN, foreign_chain},
    {VK_HARDENING_OPEN_SIGNATURE, open_signature},
    {VK_HARDENING_UNKNOWN_CALLER, unknown_caller},
    {VK_HARDENING_SIGNATURE_WINDOW, signature_window},
    {VK_HARDENING_REPLAYABLE_SIGNATURE, replayable},
};

static void deny(subject *s, vk_hardening hardening) {
    vk_rule_verdict denial = {0};
    vk_rule_deny_buf(&denial, &s->reason);
    const char *rule = s->rule;
    if (s->rule_index != NO_RULE) {
        rule = vk_rule_name(s->policy->rules[s->rule_index].kind);
        vk_rule_deny(&s->verdict->rules[s->rule_index], "%s", denial.reason);
    }
    vk_verdict_deny(s->verdict, s->rule_index, rule, denial.reason);
    s->verdict->hardening = vk_hardening_name(hardening);
}

bool vk_policy_allows_messages(const vk_policy *policy, vk_hardening_set relaxed) {
    bool by_flag = (policy->permission_flag & VK_FLAG_NOT_FOR_SIGNATURE) == 0;
    bool open = (relaxed & vk_hardening_bit(VK_HARDENING_OPEN_SIGNATURE)) != 0;
    return by_flag && policy->count > 0 && !vk_policy_is_thirdweb(policy) &&
           (open || find_rule(policy, VK_RULE_SIGNATURE_CALLER, 0) != NO_RULE);
}

void vk_harden_message(const vk_policy *policy, const vk_message_request *request,
                       vk_verdict *out) {
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && out->rule[0] == '\0'; i++) {
        if ((request->relaxed & vk_hardening_bit(checks[i].hardening)) != 0) {
            continue;
        }
        subject s = {.policy = policy, .request = request, .verdict = out, .rule_index = NO_RULE};
        if (checks[i].denies(&s)) {
            deny(&s, checks[i].hardening);
        }
        vk_buf_clear(&s.reason);
    }
}
