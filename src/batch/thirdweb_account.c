#include "batch/thirdweb_account.h"

#include <string.h>

#define SIGNATURE_LEN 65

/* ---- Signers ---- */

static vk_thirdweb_signer *find(const vk_thirdweb_account *account, const vk_address *address) {
    for (size_t i = 0; i < account->signer_count; i++) {
        if (vk_address_equal(&account->signers[i].address, address)) {
            return &account->signers[i];
        }
    }
    return NULL;
}

static vk_thirdweb_signer *find_or_add(vk_thirdweb_account *account, const vk_address *address) {
    vk_thirdweb_signer *signer = find(account, address);
    if (signer == NULL) {
        signer = &account->signers[account->signer_count++];
        *signer = (vk_thirdweb_signer){.address = *address};
    }
    return signer;
}

/* An address that the account does not know has no targets. */
static vk_thirdweb_permission permission_of(const vk_thirdweb_account *account,
                                            const vk_address *address) {
    const vk_thirdweb_signer *signer = find(account, address);
    return signer == NULL ? (vk_thirdweb_permission){.is_admin = false} : signer->permission;
}

void vk_thirdweb_account_admin(vk_thirdweb_account *account, const vk_address *admin) {
    find_or_add(account, admin)->permission.is_admin = true;
}

/* OpenZeppelin's recover takes no compact form and no high s. */
static bool recover(const vk_hash *digest, vk_bytes signature, vk_address *out) {
    return signature.len == SIGNATURE_LEN && !vk_ecdsa_s_is_high(signature.data + 32) &&
           vk_ecdsa_recover(digest, signature.data, out) == VK_OK;
}

/* ---- Requests ---- */

static bool uid_used(const vk_thirdweb_account *account, const vk_hash *uid) {
    for (size_t i = 0; i < account->uid_count; i++) {
        if (memcmp(account->uids[i].b, uid->b, sizeof uid->b) == 0) {
            return true;
        }
    }
    return false;
}

static bool by_admin(const vk_thirdweb_account *account, const vk_hash *digest,
                     vk_bytes signature) {
    vk_address signer;
    return recover(digest, signature, &signer) && permission_of(account, &signer).is_admin;
}

static bool in_period(const vk_thirdweb_request *request, uint64_t now) {
    vk_u256 time = vk_u256_from_u64(now);
    return vk_u256_cmp(&request->request_start, &time) <= 0 &&
           vk_u256_cmp(&time, &request->request_end) < 0;
}

static void apply(vk_thirdweb_account *account, const vk_thirdweb_request *request) {
    vk_thirdweb_permission *permission = &find_or_add(account, &request->signer)->permission;
    account->uids[account->uid_count++] = request->uid;
    if (request->is_admin != VK_THIRDWEB_SET_PERMISSIONS) {
        permission->is_admin = request->is_admin == VK_THIRDWEB_ADD_ADMIN;
    } else {
        *permission = vk_thirdweb_permission_of(request);
    }
}

vk_status vk_thirdweb_account_request(vk_thirdweb_account *account,
                                      const vk_thirdweb_request *request, vk_bytes signature,
                                      uint64_t now) {
    static const unsigned anything =
        VK_THIRDWEB_ANY_TARGET | VK_THIRDWEB_ANY_AMOUNT | VK_THIRDWEB_ANY_IS_ADMIN;
    vk_thirdweb_hashes hashes;
    vk_status status = vk_thirdweb_hash(request, VK_THIRDWEB_ABI_IS_ADMIN, account->chain_id,
                                        &account->account, anything, &hashes, NULL);
    if (status != VK_OK) {
        return status;
    }
    bool for_admin = request->is_admin == VK_THIRDWEB_SET_PERMISSIONS &&
                     permission_of(account, &request->signer).is_admin;
    if (in_period(request, now) && !uid_used(account, &request->uid) && !for_admin &&
        by_admin(account, &hashes.digest, signature)) {
        apply(account, request);
    }
    return VK_OK;
}

/* ---- Steps ---- */

static void take_verdict(vk_verdict *verdict, vk_verdict_answer *answer) {
    if (!verdict->allowed) {
        vk_verdict_answer_deny(answer, verdict->rule, "%s", verdict->reason);
        answer->hardening = verdict->hardening;
    }
    vk_verdict_clear(verdict);
}

static vk_status evaluate(const vk_thirdweb_account *account, const vk_address *signer,
                          const vk_userop *op, uint64_t now, vk_hardening_set relaxed,
                          vk_verdict_answer *answer) {
    vk_thirdweb_permission permission = permission_of(account, signer);
    vk_verdict_request request = {
        .op = op, .chain_id = account->chain_id, .now = now, .relaxed = relaxed};
    vk_verdict verdict;
    vk_status status = vk_thirdweb_evaluate(&permission, &request, &verdict);
    if (status == VK_OK) {
        take_verdict(&verdict, answer);
    }
    return status;
}

static void deny_signature(vk_verdict_answer *answer) {
    vk_verdict_answer_deny(answer, "signature",
                           "nobody can have made this signature: it must have 65 bytes, a low s, "
                           "and v 27 or 28");
}

static vk_status judge(vk_thirdweb_account *account, const vk_userop *op, uint64_t now,
                       vk_verdict_answer *answer) {
    vk_hash hash;
    vk_address signer;
    if (!vk_address_equal(&op->sender, &account->account)) {
        vk_verdict_answer_deny(answer, "sender", "the operation is for another account");
    }
    vk_verdict_entry_point(op, &account->lanes, answer);
    if (vk_userop_hash(op, account->chain_id, &account->entry_point, &hash) != VK_OK) {
        vk_verdict_answer_deny(answer, "userOp", "the EntryPoint cannot hash the operation");
        return VK_OK;
    }
    vk_hash digest = vk_thirdweb_userop_digest(&hash);
    if (!recover(&digest, op->signature, &signer)) {
        deny_signature(answer);
        return VK_OK;
    }
    vk_status status = evaluate(account, &signer, op, now, VK_HARDENING_ALL, answer);
    if (status == VK_OK && answer->rule[0] == '\0') {
        vk_verdict_lane_use(&account->lanes, &op->nonce);
        status = evaluate(account, &signer, op, now, account->relaxed, answer);
    }
    return status;
}

vk_status vk_thirdweb_account_operation(vk_thirdweb_account *account, const vk_userop *op,
                                        uint64_t now, vk_verdict_answer *answer) {
    *answer = (vk_verdict_answer){.accept = false};
    vk_status status = judge(account, op, now, answer);
    answer->accept = status == VK_OK && answer->rule[0] == '\0';
    return status;
}

vk_status vk_thirdweb_account_message(const vk_thirdweb_account *account, const vk_address *caller,
                                      const vk_hash *hash, vk_bytes signature, uint64_t now,
                                      vk_verdict_answer *answer) {
    vk_address signer;
    vk_hash digest = vk_thirdweb_message_digest(account->chain_id, &account->account, hash);
    *answer = (vk_verdict_answer){.accept = false};
    if (!recover(&digest, signature, &signer)) {
        deny_signature(answer);
        return VK_OK;
    }
    vk_thirdweb_permission permission = permission_of(account, &signer);
    vk_message_request request = {
        .now = now, .has_caller = true, .caller = *caller, .relaxed = account->relaxed};
    vk_verdict verdict;
    vk_status status = vk_thirdweb_evaluate_message(&permission, &request, &verdict);
    if (status == VK_OK) {
        take_verdict(&verdict, answer);
    }
    answer->accept = status == VK_OK && answer->rule[0] == '\0';
    return status;
}
