/* What a bundler says became of an operation: no decision, and no way to the private key. */
#include "token/receipt.h"
#include "gate/denial.h"
#include "gate/internal.h"

static vk_status add(vk_gate *gate, int64_t key_id, const vk_receipt *receipt, vk_error *err) {
    vk_gate_question question = {.gate = gate};
    vk_status status = vk_gate_load(&question, key_id, err);
    if (status != VK_OK) {
        return vk_gate_explain(err, status);
    }
    const vk_loaded *loaded = question.loaded;
    if (loaded->is_journaled) {
        status = vk_token_add_receipt(gate->token, loaded->record.point65, receipt, err);
    }
    vk_loaded_put(question.loaded);
    return status;
}

vk_status vk_gate_add_receipt(vk_gate *gate, int64_t key_id, const char *json, size_t json_len,
                              vk_error *err) {
    vk_receipt receipt;
    vk_status status = vk_receipt_read(json, json_len, &receipt, err);
    return status == VK_OK ? add(gate, key_id, &receipt, err) : status;
}
