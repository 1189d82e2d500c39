/* CKA_VALETKEY_SPENDS: the spend rules that name a grant, and how they stand. */
#include "base/json.h"
#include "pkcs11/live.h"
#include "token/clock.h"
#include "token/spend.h"

#include <inttypes.h>

static void put_amount(vk_buf *out, const char *name, const vk_u256 *amount) {
    char text[79];
    vk_u256_decimal(amount, text);
    vk_buf_printf(out, ",\"%s\":\"%s\"", name, text);
}

static void put_rule(vk_buf *out, const vk_spend_rule *rule) {
    vk_u256 included = vk_spend_included(rule, vk_clock_now());
    vk_buf_put_text(out, "{\"name\":");
    vk_json_put_string(out, rule->name);
    if (!rule->asset.native) {
        vk_buf_put_text(out, ",\"token\":\"");
        vk_hex_put(out, (vk_bytes){rule->asset.token.b, sizeof rule->asset.token.b});
        vk_buf_put_text(out, "\"");
    }
    put_amount(out, "limit", &rule->limit);
    vk_buf_printf(out, ",\"period\":%" PRIu64, rule->period);
    put_amount(out, "open", &rule->open);
    put_amount(out, "included", &included);
    vk_buf_put_text(out, "}");
}

static void put_rules(vk_buf *out, const vk_spend_set *set, const vk_hash *subject) {
    const char *comma = "";
    for (size_t i = 0; i < set->count; i++) {
        if (vk_spend_names(&set->rules[i], subject)) {
            vk_buf_put_text(out, comma);
            put_rule(out, &set->rules[i]);
            comma = ",";
        }
    }
}

CK_RV vk_put_spends(const vk_object *object, const vk_grant_record *grant, vk_buf *out) {
    vk_spend_set set;
    vk_hash subject;
    vk_error err = {0};
    vk_status status = vk_budget_subject(object->view->record.point65, grant, &subject);
    if (status != VK_OK) {
        return vk_ck(status, &err);
    }
    status = vk_token_spends(object->slot->token, &set, &err);
    if (status == VK_OK) {
        vk_put_grant_head(grant, out);
        vk_buf_put_text(out, ",\"rules\":[");
        put_rules(out, &set, &subject);
        vk_buf_put_text(out, "]}");
        vk_spend_set_clear(&set);
    }
    return vk_ck(status, &err);
}
