#include "cli/audit_record.h"

#include "base/json.h"
#include "policy/text.h"
#include "token/receipt.h"
#include <inttypes.h>
#include <string.h>

#define POINT_LEN 65

void vk_audit_put_name(vk_buf *out, const vk_key_labels *labels, vk_bytes point) {
    if (point.len != POINT_LEN) {
        vk_buf_put_text(out, "(the token)");
        return;
    }
    const vk_key_label *key = vk_key_label_of(labels, point.data);
    if (key != NULL) {
        vk_buf_put_text(out, key->label);
        return;
    }
    vk_buf hex = {0};
    vk_hex_put(&hex, (vk_bytes){point.data + 1, 6});
    vk_buf_printf(out, "(removed, %.*s...)", (int)hex.len, (const char *)hex.data);
    vk_buf_clear(&hex);
}

/* ---- For people ---- */

static void say_text(vk_out *out, vk_bytes text) {
    vk_buf clean = {0};
    vk_put_clean(&clean, text);
    vk_say(out, "%.*s", (int)clean.len, (const char *)clean.data);
    vk_buf_clear(&clean);
}

static void say_hex(vk_out *out, vk_bytes bytes) {
    vk_buf hex = {0};
    vk_hex_put(&hex, bytes);
    vk_say(out, "%.*s", (int)hex.len, (const char *)hex.data);
    vk_buf_clear(&hex);
}

static void say_head(vk_out *out, const vk_key_labels *labels, const vk_journal_record *r) {
    vk_buf time = {0}, name = {0};
    vk_put_time(&time, r->time);
    vk_audit_put_name(&name, labels, r->point);
    vk_say(out, "%.*s  %-20.*s  %5" PRId64 "  ", (int)time.len, (const char *)time.data,
           (int)name.len, (const char *)name.data, r->sequence);
    vk_say_in(out,
              r->event == VK_EVENT_SIGNED   ? VK_STYLE_GOOD
              : r->event == VK_EVENT_DENIED ? VK_STYLE_BAD
                                            : VK_STYLE_HEAD,
              vk_journal_event_name(r->event));
    vk_buf_clear(&time);
    vk_buf_clear(&name);
}

/* What one rule spent, if it spent anything. */
static void say_change(vk_out *out, size_t index, const vk_rule_state *before,
                       const vk_rule_state *after) {
    vk_buf from = {0}, to = {0};
    vk_put_ether(&from, &before->spent);
    vk_put_ether(&to, &after->spent);
    if (vk_u256_cmp(&before->spent, &after->spent) != 0) {
        vk_say(out, "    rule %zu spent %.*s, then %.*s\n", index + 1, (int)from.len,
               (const char *)from.data, (int)to.len, (const char *)to.data);
    }
    if (before->used != after->used) {
        vk_say(out, "    rule %zu used %" PRIu64 ", then %" PRIu64 "\n", index + 1, before->used,
               after->used);
    }
    vk_buf_clear(&from);
    vk_buf_clear(&to);
}

static void say_budget(vk_out *out, const vk_journal_record *r) {
    vk_rule_state before, after;
    for (size_t i = 0;
         vk_journal_rule_state(r->before, i, &before) && vk_journal_rule_state(r->after, i, &after);
         i++) {
        say_change(out, i, &before, &after);
    }
}

static void say_receipt(vk_out *out, const vk_receipt *receipt, const vk_journal_record *r) {
    char cost[82];
    vk_u256_scaled(&receipt->actual_gas_cost, 18, cost);
    vk_say(out, "    %s in block %" PRIu64 ", for %s ether, says ",
           receipt->success ? "done" : "included, but its calls failed,", receipt->block, cost);
    say_text(out, r->rule);
    vk_say(out, ": ");
    say_hex(out, (vk_bytes){receipt->transaction.b, sizeof receipt->transaction.b});
    vk_say(out, "\n");
    if (r->reason.len > 0) {
        vk_say(out, "    ");
        say_text(out, r->reason);
        vk_say(out, "\n");
    }
}

static void say_reason(vk_out *out, const vk_journal_record *r) {
    vk_receipt receipt;
    if (vk_journal_receipt(r, &receipt)) {
        say_receipt(out, &receipt, r);
    } else if (r->reason.len > 0) {
        vk_say(out, "    ");
        say_text(out, r->rule);
        vk_say(out, "%s", r->rule.len > 0 ? ": " : "");
        say_text(out, r->reason);
        vk_say(out, "\n");
    }
}

void vk_audit_say_record(vk_out *out, const vk_key_labels *labels, const vk_journal_record *r) {
    say_head(out, labels, r);
    if (r->form.len > 0) {
        vk_say(out, "  ");
        say_text(out, r->form);
    }
    if (r->operation.len > 0 && r->event != VK_EVENT_CHECKPOINT) {
        vk_say(out, "  ");
        say_hex(out, r->operation);
    }
    if (r->account.len > 0) {
        vk_say(out, "  chain %" PRIu64, r->chain_id);
    }
    vk_say(out, "\n");
    say_reason(out, r);
    if (r->event == VK_EVENT_SIGNED || r->event == VK_EVENT_GIVEN_BACK) {
        say_budget(out, r);
    }
}

/* ---- JSON ---- */

static void put_member(vk_buf *out, const char *name) {
    vk_buf_printf(out, ",\"%s\":", name);
}

static void put_int(vk_buf *out, const char *name, uint64_t value) {
    put_member(out, name);
    vk_buf_printf(out, "%" PRIu64, value);
}

static void put_hex(vk_buf *out, const char *name, vk_bytes bytes) {
    if (bytes.len > 0) {
        put_member(out, name);
        vk_buf_put_byte(out, '"');
        vk_hex_put(out, bytes);
        vk_buf_put_byte(out, '"');
    }
}

static void put_address(vk_buf *out, const char *name, vk_bytes bytes) {
    char text[43];
    vk_address address;
    if (bytes.len != sizeof address.b) {
        put_hex(out, name, bytes);
        return;
    }
    memcpy(address.b, bytes.data, sizeof address.b);
    vk_address_text(&address, text);
    put_member(out, name);
    vk_buf_printf(out, "\"%s\"", text);
}

/* Bytes that are no UTF-8 are an edited record's: they are shown as what can be shown of them. */
static void put_text(vk_buf *out, const char *name, vk_bytes text) {
    vk_buf clean = {0};
    if (text.len == 0) {
        return;
    }
    vk_put_clean(&clean, text);
    char *copy = vk_buf_take_text(&clean);
    put_member(out, name);
    vk_json_put_string(out, copy != NULL ? copy : "");
    vk_text_free(copy);
}

static void put_states(vk_buf *out, const char *name, vk_bytes states) {
    vk_rule_state state;
    if (states.len == 0) {
        return;
    }
    put_member(out, name);
    for (size_t i = 0; vk_journal_rule_state(states, i, &state); i++) {
        char spent[79];
        vk_u256_decimal(&state.spent, spent);
        vk_buf_printf(out, "%c{\"spent\":\"%s\",\"used\":%" PRIu64 ",\"window\":%" PRIu64 "}",
                      i == 0 ? '[' : ',', spent, state.used, state.window);
    }
    vk_buf_put_text(out, states.len < VK_RULE_STATE_LEN ? "[]" : "]");
}

static void put_key(vk_buf *out, const vk_key_labels *labels, vk_bytes point) {
    const vk_key_label *key = point.len == POINT_LEN ? vk_key_label_of(labels, point.data) : NULL;
    put_hex(out, "key", point);
    if (key != NULL) {
        put_member(out, "label");
        vk_json_put_string(out, key->label);
    }
}

static void put_receipt(vk_buf *out, const vk_receipt *receipt) {
    char nonce[67], cost[79];
    vk_u256_hex(&receipt->nonce, nonce);
    vk_u256_decimal(&receipt->actual_gas_cost, cost);
    vk_buf_printf(out, ",\"nonce\":\"%s\",\"success\":%s", nonce,
                  receipt->success ? "true" : "false");
    put_hex(out, "transaction", (vk_bytes){receipt->transaction.b, sizeof receipt->transaction.b});
    put_int(out, "block", receipt->block);
    vk_buf_printf(out, ",\"actualGasCost\":\"%s\"", cost);
}

static void put_budget(vk_buf *out, const vk_journal_record *r) {
    vk_receipt receipt;
    if (r->event == VK_EVENT_RECEIPT) {
        if (vk_journal_receipt(r, &receipt)) {
            put_receipt(out, &receipt);
        }
        return;
    }
    if (r->event == VK_EVENT_CHECKPOINT) {
        put_hex(out, "checkpoint", r->before);
        return;
    }
    put_states(out, "before", r->before);
    put_states(out, "after", r->after.len > 0 ? r->after : r->before);
}

void vk_audit_put_json(vk_buf *out, const vk_key_labels *labels, const vk_journal_record *r) {
    vk_buf_printf(out, "{\"number\":%" PRId64 ",\"sequence\":%" PRId64, r->number, r->sequence);
    put_key(out, labels, r->point);
    put_int(out, "time", r->time);
    put_text(out, "event",
             (vk_bytes){(const uint8_t *)vk_journal_event_name(r->event),
                        strlen(vk_journal_event_name(r->event))});
    put_text(out, "form", r->form);
    put_hex(out, "policy", r->policy);
    if (r->account.len > 0) {
        put_int(out, "chainId", r->chain_id);
    }
    put_address(out, "account", r->account);
    put_hex(out, "permissionId", r->permission_id);
    put_hex(out, "operation", r->operation);
    put_text(out, r->event == VK_EVENT_RECEIPT ? "bundler" : "rule", r->rule);
    put_text(out, "reason", r->reason);
    put_text(out, "hardening", r->hardening);
    put_budget(out, r);
    put_hex(out, "previous", r->previous);
    put_hex(out, "last", r->last);
    put_hex(out, "hash", r->hash);
    put_hex(out, "mac", r->mac);
    vk_buf_put_byte(out, '}');
}
