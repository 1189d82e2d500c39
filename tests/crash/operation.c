#include "crash/operation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool held, const char *what) {
    if (!held) {
        fprintf(stderr, "operation: %s\n", what);
        abort();
    }
}

static char *taken(vk_buf *text) {
    char *out = vk_buf_take_text(text);
    must(out != NULL, "no memory");
    return out;
}

/* ---- Policies ---- */

static void put_count(vk_buf *out, const ledger_key *key) {
    vk_buf_printf(out,
                  "{\"type\":\"rate-limit\",\"interval\":0,\"count\":%" PRIu64 ",\"startAt\":0}",
                  key->count_allowed);
}

static const char transfers[] =
    "[{\"type\":\"call\",\"policyVersion\":\"0.0.4\",\"permissions\":[{\"target\":"
    "\"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48\",\"selector\":\"0xa9059cbb\",\"rules\":["
    "{\"condition\":0,\"offset\":0,\"params\":["
    "\"0x00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8\"]}]}]}]";

char *operation_policy(const ledger_key *key) {
    vk_buf out = {0};
    if (key->policy_text != NULL) {
        vk_buf_put_text(&out, key->policy_text);
        return taken(&out);
    }
    switch (key->kind) {
    case KIND_FREE:
        vk_buf_put_text(&out, transfers);
        break;
    case KIND_SUDO:
        vk_buf_put_text(&out, "[{\"type\":\"sudo\"}]");
        break;
    case KIND_DIGEST:
        vk_buf_put_text(&out, "[{\"type\":\"sudo\"},");
        put_count(&out, key);
        vk_buf_put_text(&out, "]");
        break;
    default:
        vk_buf_printf(&out, "[{\"type\":\"gas\",\"allowed\":\"%" PRIu64 "\"},", key->gas_allowed);
        put_count(&out, key);
        vk_buf_put_text(&out, "]");
    }
    return taken(&out);
}

/* ---- Grants ---- */

static const uint8_t owner_secret[32] = {[31] = 0x0e};

static vk_address account_of(const ledger *l, const ledger_key *key) {
    vk_address account = {{0x11}};
    account.b[19] = (uint8_t)(key - l->keys);
    return account;
}

static void put_grant(vk_buf *out, const vk_serialized_account *account, uint64_t chain_id) {
    vk_buf text = {0};
    char entry_point[43];
    vk_address address = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    vk_address_text(&address, entry_point);
    must(vk_serialized_write(account, &text) == VK_OK, "the account");
    vk_buf_printf(out,
                  "{\"chainId\":%" PRIu64 ",\"kernelVersion\":\"0.3.1\",\"entryPoint\":\"%s\","
                  "\"serializedAccount\":\"%.*s\"",
                  chain_id, entry_point, (int)text.len, (const char *)text.data);
    vk_buf_clear(&text);
    if (!account->pre_installed) {
        vk_address owner;
        char owner_text[43];
        must(vk_ecdsa_address(owner_secret, &owner) == VK_OK, "the owner");
        vk_address_text(&owner, owner_text);
        vk_buf_printf(out, ",\"owner\":\"%s\"", owner_text);
    }
    vk_buf_put_byte(out, '}');
}

/* The owner's signature over what the grant says. */
static vk_buf approval(const char *json, const vk_policy *policy, const vk_signer *signer) {
    vk_grant grant;
    vk_enable enable;
    vk_hash digest;
    uint8_t signature65[65];
    vk_buf out = {0};
    must(vk_grant_read_checked(json, strlen(json), policy, signer, &grant, NULL) == VK_OK,
         "the grant");
    vk_grant_enable(&grant, &enable);
    must(vk_enable_digest(&enable, &digest) == VK_OK &&
             vk_ecdsa_sign(owner_secret, &digest, signature65) == VK_OK,
         "the approval");
    vk_grant_clear(&grant);
    vk_buf_put(&out, signature65, sizeof signature65);
    return out;
}

static void approve(vk_serialized_account *account, uint64_t chain_id, const vk_policy *policy,
                    const vk_signer *signer) {
    vk_buf json = {0};
    vk_buf_put_zeros(&account->enable_signature, 65);
    put_grant(&json, account, chain_id);
    vk_buf_clear(&account->enable_signature);
    char *text = taken(&json);
    account->enable_signature = approval(text, policy, signer);
    vk_text_free(text);
}

vk_signer operation_signer(const uint8_t address20[20]) {
    vk_address address;
    memcpy(address.b, address20, sizeof address.b);
    return vk_signer_ecdsa(&address);
}

char *operation_grant(const ledger *l, const ledger_key *key, uint64_t chain_id,
                      const vk_signer *signer) {
    char *policies = operation_policy(key);
    vk_policy policy;
    vk_serialized_account account = {.policies = policies,
                                     .account = account_of(l, key),
                                     .pre_installed = key->kind != KIND_ENABLE};
    must(vk_policy_read(policies, strlen(policies), &policy, NULL) == VK_OK, "the policy");
    must(vk_policy_permission_id(&policy, signer, account.permission_id) == VK_OK,
         "the permissionId");
    memcpy(account.selector, vk_kernel_execute_selector, 4);
    if (!account.pre_installed) {
        approve(&account, chain_id, &policy, signer);
    }
    vk_buf json = {0};
    put_grant(&json, &account, chain_id);
    vk_buf_clear(&account.enable_signature);
    vk_policy_clear(&policy);
    vk_text_free(policies);
    return taken(&json);
}

/* ---- Operations ---- */

static const char call_data[] =
    "0xe9ae5c53000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000040000000000000000000000000000000000000000000000000"
    "0000000000000078a0b86991c6218b36c1d19d4a2e9eb0ce3606eb4800000000000000000000000000000000"
    "00000000000000000000000000000000a9059cbb00000000000000000000000070997970c51812dc3a010c7d"
    "01b50e0d17dc79c800000000000000000000000000000000000000000000000000000000017d784000000000"
    "00000000";

#define VERIFICATION_GAS 1200000
#define PRE_VERIFICATION_GAS 80000

static uint64_t between(dice *d, uint64_t first, uint64_t last) {
    return first + dice_next(d) % (last - first + 1);
}

void operation_price(ledger_signature *signature, dice *d) {
    signature->gas = between(d, OPERATION_GAS_MIN, OPERATION_GAS_MAX);
    signature->fee = between(d, OPERATION_FEE_MIN, OPERATION_FEE_MAX);
}

static void put_operation(const ledger *l, const ledger_signature *s, vk_buf *out) {
    const ledger_key *key = &l->keys[s->key];
    vk_address account = account_of(l, key);
    char sender[43];
    vk_address_text(&account, sender);
    vk_buf_printf(out, "{\"sender\":\"%s\",\"nonce\":\"0x%02x02%02x%02x%02x%02x%052x\",", sender,
                  s->mode == MODE_ENABLE, key->permission_id[0], key->permission_id[1],
                  key->permission_id[2], key->permission_id[3], s->nonce);
    vk_buf_printf(out,
                  "\"callData\":\"%s\",\"callGasLimit\":\"0x%" PRIx64 "\","
                  "\"verificationGasLimit\":\"0x%x\",\"preVerificationGas\":\"0x%x\","
                  "\"maxFeePerGas\":\"0x%" PRIx64 "\",\"maxPriorityFeePerGas\":\"0x1\"}",
                  call_data, s->gas - VERIFICATION_GAS - PRE_VERIFICATION_GAS, VERIFICATION_GAS,
                  PRE_VERIFICATION_GAS, s->fee);
}

static vk_buf digest_of(const ledger_signature *s) {
    vk_buf out = {0};
    vk_buf_put_zeros(&out, 28);
    vk_buf_put(&out, &(uint32_t){s->nonce + 1}, 4);
    return out;
}

vk_buf operation_payload(const ledger *l, const ledger_signature *signature, uint64_t chain_id) {
    vk_buf out = {0};
    if (signature->mode == MODE_DIGEST) {
        return digest_of(signature);
    }
    char entry_point[43];
    vk_address address = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    vk_address_text(&address, entry_point);
    vk_buf_printf(&out, "{\"chainId\":%" PRIu64 ",\"entryPoint\":\"%s\",\"userOp\":", chain_id,
                  entry_point);
    put_operation(l, signature, &out);
    vk_buf_put_byte(&out, '}');
    must(vk_buf_status(&out) == VK_OK, "no memory");
    return out;
}

/* ---- Verifying ---- */

static bool is_by(const vk_hash *digest, const uint8_t signature65[65],
                  const uint8_t address20[20]) {
    vk_address signer;
    return vk_ecdsa_recover(digest, signature65, &signer) == VK_OK &&
           memcmp(signer.b, address20, sizeof signer.b) == 0;
}

/* r || s does not say which of two keys made it. */
static bool verifies_digest(const ledger_signature *s, const uint8_t address20[20]) {
    uint8_t signature65[65];
    vk_hash digest;
    vk_buf bytes = digest_of(s);
    memcpy(digest.b, bytes.data, sizeof digest.b);
    vk_buf_clear(&bytes);
    memcpy(signature65, s->bytes, 64);
    bool found = false;
    for (uint8_t v = 27; v <= 28 && !found; v++) {
        signature65[64] = v;
        found = is_by(&digest, signature65, address20);
    }
    return found;
}

bool operation_verifies(const ledger *l, const ledger_signature *signature,
                        const uint8_t address20[20]) {
    if (signature->mode == MODE_DIGEST) {
        return verifies_digest(signature, address20);
    }
    vk_userop_request request;
    vk_hash hash;
    vk_buf payload = operation_payload(l, signature, OPERATION_CHAIN_ID);
    vk_address entry_point = vk_entry_point_address(VK_ENTRY_POINT_0_7);
    must(vk_userop_read_request(vk_buf_view(&payload), VK_ENTRY_POINT_0_7, &request, NULL) ==
                 VK_OK &&
             vk_userop_hash(&request.op, OPERATION_CHAIN_ID, &entry_point, &hash) == VK_OK,
         "the operation's hash");
    vk_userop_clear(&request.op);
    vk_buf_clear(&payload);
    vk_hash digest = vk_eip191_hash(&hash);
    return signature->bytes[0] == 0xff && is_by(&digest, signature->bytes + 1, address20);
}
