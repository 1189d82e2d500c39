#include "policy/spend_text.h"

#include <string.h>

#define ETHER_DECIMALS 18

static const vk_asset *find_token(const vk_spend_asset *asset) {
    return asset->native ? NULL : vk_asset_find(asset->chain_id, &asset->token);
}

/* Of a token that nobody here knows, its smallest units. */
static void put_number(vk_buf *out, const vk_spend_asset *asset, const vk_u256 *amount) {
    const vk_asset *known = find_token(asset);
    char text[82];
    if (asset->native) {
        vk_put_ether(out, amount);
        return;
    }
    vk_u256_scaled(amount, known != NULL ? known->decimals : 0, text);
    vk_buf_put_text(out, text);
    if (known != NULL) {
        vk_buf_printf(out, " %s", known->symbol);
    }
}

void vk_put_spend_amount(vk_buf *out, const vk_spend_asset *asset, const vk_u256 *amount) {
    put_number(out, asset, amount);
    if (!asset->native && find_token(asset) == NULL) {
        vk_buf_put_text(out, " units of ");
        vk_put_address(out, &asset->token);
    }
}

void vk_put_spend_asset(vk_buf *out, const vk_spend_asset *asset) {
    if (asset->native) {
        vk_buf_put_text(out, "native value");
    } else {
        vk_put_contract(out, asset->chain_id, &asset->token);
    }
    vk_buf_put_text(out, " on ");
    vk_put_chain(out, asset->chain_id);
}

/* ---- Reading ---- */

typedef struct unit {
    const char *name;
    unsigned decimals;
} unit;

static vk_status read_in(const char *text, const unit *units, size_t count, vk_u256 *out) {
    size_t len = strspn(text, "0123456789."), space = strspn(text + len, " ");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text + len + space, units[i].name) == 0) {
            return vk_u256_read_scaled(text, len, units[i].decimals, out);
        }
    }
    return VK_ERR_FORMAT;
}

vk_status vk_spend_read_amount(const vk_spend_asset *asset, const char *text, vk_u256 *out) {
    static const unit native[] = {{"", 0}, {"wei", 0}, {"gwei", 9}, {"ether", ETHER_DECIMALS}};
    const vk_asset *known = find_token(asset);
    unit token[2] = {{"", 0}};
    if (asset->native) {
        return read_in(text, native, sizeof native / sizeof native[0], out);
    }
    if (known != NULL) {
        token[1] = (unit){known->symbol, known->decimals};
    }
    return read_in(text, token, known != NULL ? 2 : 1, out);
}

/* ---- Standing ---- */

bool vk_spend_fits(const vk_spend_standing *standing) {
    vk_u256 after;
    return vk_u256_is_zero(&standing->more) ||
           (vk_u256_add(&standing->spent, &standing->more, &after) &&
            vk_u256_cmp(&after, &standing->limit) <= 0);
}

void vk_put_spend_standing(vk_buf *out, const vk_spend_standing *standing) {
    const vk_spend_asset *asset = &standing->asset;
    vk_buf_printf(out, "the spend rule \"%s\" allows ", standing->name);
    vk_put_spend_amount(out, asset, &standing->limit);
    vk_buf_put_text(out, " in ");
    vk_put_duration(out, standing->period);
    vk_buf_put_text(out, "; ");
    put_number(out, asset, &standing->spent);
    vk_buf_put_text(out, " are spent or reserved, this operation takes ");
    put_number(out, asset, &standing->more);
    vk_buf_put_text(out, " more");
}

const char vk_spend_no_message[] =
    "a spend rule names this grant: what a message spends cannot be counted (it may be a permit), "
    "so none is signed";
const char vk_spend_no_digest[] =
    "a spend rule names a grant of this key: a digest hides what it spends, so the key signs one "
    "only for an operation that was written as a valetkey-userop data object";
