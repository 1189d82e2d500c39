/* What the parts of "valetkey explain" share. */
#ifndef VK_CLI_EXPLAIN_H
#define VK_CLI_EXPLAIN_H

#include "cli/spends.h"
#include "policy/operation_text.h"

/* What one check says: the grant, the nonce, a rule of the policy. */
typedef struct vk_finding {
    int rule_index;                 /* of the policy; -1: the check is not one of its rules */
    char name[80];                  /* "grant", "1 call 0.0.4", "spend daily" */
    char rule[VK_VERDICT_RULE_MAX]; /* "grant", "call", "spend" */
    vk_rule_result result;
    char reason[VK_REASON_MAX];
    uint64_t valid_after, valid_until; /* of a rule */
} vk_finding;

#define VK_FINDINGS_MAX (VK_POLICIES_MAX + VK_GRANT_SPENDS_MAX + 5)

typedef struct vk_judgement {
    vk_finding findings[VK_FINDINGS_MAX];
    size_t count;
    const vk_finding *refusal; /* the first that says no, as the key would; NULL: it would sign */
    const char *hardening;     /* the hardening rule that says no; NULL: none does */
    char chain_error[VK_CHAIN_ERROR_MAX]; /* empty: the chain accepts, or is not known to refuse */
    uint64_t valid_after, valid_until;    /* what all rules leave open; until 0: no end */
    bool needs_touch;                     /* as the key's step-up rule says */
    char touch[VK_REASON_MAX];            /* why, or why not; empty: the key has no such rule */
} vk_judgement;

typedef struct vk_explain {
    vk_buf text; /* as read */
    vk_userop_request request;
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant; /* NULL: none is for the operation */
    vk_grant usual;        /* what the rules are asked for then */
    vk_grant_state state;  /* before the operation; no rules in it for a message */
    vk_grant_spends spends;
    uint64_t now;
    vk_operation_calls calls;
    vk_judgement judgement;
} vk_explain;

void vk_explain_clear(vk_explain *job);
/* 0: unknown */
uint64_t vk_explain_chain(const vk_explain *job);
/* The grant, or the usual one. */
const vk_grant *vk_explain_grant(const vk_explain *job);
/* The session and the key; its public half is enough, where there is one that everybody may see. */
VK_MUST_USE vk_exit vk_explain_open_key(vk_cli *cli, vk_explain *job);

/* What the operation is judged by; text, key and now are there. */
VK_MUST_USE vk_exit vk_explain_load(vk_cli *cli, vk_explain *job);
/* Fills job->judgement. */
VK_MUST_USE vk_exit vk_explain_judge(vk_cli *cli, vk_explain *job);
/* Parts of it: a refusal before the policy is asked, and what the policy says. */
void vk_explain_refuse(vk_explain *job, const char *rule, const char *reason);
/* What the spend rules that name the grant say. */
void vk_explain_spends(vk_explain *job);
/* Does it need a touch? The key's step-up rule is asked, if it has one; op NULL: of a message. */
VK_MUST_USE vk_exit vk_explain_touch(vk_cli *cli, vk_explain *job, const vk_userop *op);
void vk_explain_take_verdict(vk_explain *job, const vk_verdict *verdict);

/* The decoded operation, and what the checks found: text, or JSON members. */
VK_MUST_USE vk_exit vk_explain_operation(vk_cli *cli, const vk_explain *job);
void vk_explain_headline(vk_out *out, const vk_explain *job);
void vk_explain_findings(vk_cli *cli, const vk_explain *job);

#endif
