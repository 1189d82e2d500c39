/* Writing the SDK's serialized account: members in its order, base64 around them. */
#include <valetkey/serialized.h>

#include <string.h>

static void put_hex_member(vk_buf *out, const char *name, vk_bytes bytes) {
    vk_buf_printf(out, "\"%s\":\"", name);
    vk_hex_put(out, bytes);
    vk_buf_put_byte(out, '"');
}

static void put_address_member(vk_buf *out, const char *name, const vk_address *address) {
    char text[43];
    vk_address_text(address, text);
    vk_buf_printf(out, "\"%s\":\"%s\"", name, text);
}

/* ---- Policies ----
 *
 * Their text is split, not parsed: strings end and brackets match, so that nothing of a policy gets
 * out of its place, and what is in between is written as it stands, without the spaces.
 */

#define DEPTH_MAX 64

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_spaces(const char *p) {
    while (is_space(*p)) {
        p++;
    }
    return p;
}

/* From its first quote to behind its last; NULL if it has no end. */
static const char *skip_string(const char *p) {
    for (p++; *(p += strcspn(p, "\"\\")) == '\\'; p += 2) {
        if (p[1] == '\0') {
            return NULL;
        }
    }
    return *p == '"' ? p + 1 : NULL;
}

/* Keeps count of a bracket, or of what is none; false if it is not the one that has to come. */
static bool nest(char c, char closers[DEPTH_MAX], size_t *depth) {
    if (c == '{' || c == '[') {
        if (*depth == DEPTH_MAX) {
            return false;
        }
        closers[(*depth)++] = c == '{' ? '}' : ']';
        return true;
    }
    return (c != '}' && c != ']') || closers[--*depth] == c;
}

/* Appends the object at p; returns what is behind it, NULL if it has no end. */
static const char *put_object(const char *p, vk_buf *out) {
    char closers[DEPTH_MAX];
    const char *start = p;
    size_t depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p);
        } else if (is_space(*p)) {
            vk_buf_put(out, start, (size_t)(p - start));
            start = p = skip_spaces(p);
        } else {
            p = *p != '\0' && nest(*p, closers, &depth) ? p + 1 : NULL;
        }
    } while (p != NULL && depth > 0);
    if (p != NULL) {
        vk_buf_put(out, start, (size_t)(p - start));
    }
    return p;
}

/* [{...},...] becomes {"policyParams":{...}},... */
static const char *put_elements(const char *p, vk_buf *out) {
    while (*p == '{') {
        vk_buf_put_text(out, "{\"policyParams\":");
        p = put_object(p, out);
        if (p == NULL) {
            return NULL;
        }
        vk_buf_put_byte(out, '}');
        p = skip_spaces(p);
        if (*p != ',') {
            return p;
        }
        vk_buf_put_byte(out, ',');
        p = skip_spaces(p + 1);
    }
    return NULL;
}

static vk_status put_policies(const char *policies, vk_buf *out) {
    const char *p = policies == NULL ? "" : skip_spaces(policies);
    if (*p != '[') {
        return VK_ERR_FORMAT;
    }
    p = skip_spaces(p + 1);
    p = *p == ']' ? p : put_elements(p, out);
    return p != NULL && *p == ']' && *skip_spaces(p + 1) == '\0' ? vk_buf_status(out)
                                                                 : VK_ERR_FORMAT;
}

/* ---- The rest ---- */

static void put_action(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "\"action\":{");
    put_hex_member(out, "selector", (vk_bytes){account->selector, sizeof account->selector});
    vk_buf_put_byte(out, ',');
    put_address_member(out, "address", &account->action_target);
    if (account->has_action_hook) {
        vk_buf_put_text(out, ",\"hook\":{");
        put_address_member(out, "address", &account->action_hook);
        vk_buf_put_byte(out, '}');
    }
    vk_buf_put_byte(out, '}');
}

static vk_status put_permission(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "\"permissionParams\":{\"policies\":[");
    vk_status status = put_policies(account->policies, out);
    vk_buf_put_text(out, "],");
    put_hex_member(out, "permissionId",
                   (vk_bytes){account->permission_id, sizeof account->permission_id});
    vk_buf_put_byte(out, '}');
    return status;
}

static void put_account(const vk_serialized_account *account, vk_buf *out) {
    vk_buf_put_text(out, "\"accountParams\":{");
    put_hex_member(out, "initCode", vk_buf_view(&account->factory_data));
    vk_buf_put_byte(out, ',');
    put_address_member(out, "accountAddress", &account->account);
    vk_buf_put_byte(out, '}');
}

/* The members at the end, which are there or not. */
static void put_approval(const vk_serialized_account *account, const uint8_t *secret32,
                         vk_buf *out) {
    if (account->enable_signature.len > 0 || !account->pre_installed) {
        vk_buf_put_byte(out, ',');
        put_hex_member(out, "enableSignature", vk_buf_view(&account->enable_signature));
    }
    if (secret32 != NULL) {
        vk_buf_put_byte(out, ',');
        put_hex_member(out, "privateKey", (vk_bytes){secret32, 32});
    }
    if (account->eip7702_auth != NULL) {
        vk_buf_put_text(out, ",\"eip7702Auth\":");
        vk_buf_put_text(out, account->eip7702_auth);
    }
    if (!account->multi_chain || account->pre_installed) {
        vk_buf_printf(out, ",\"isPreInstalled\":%s", account->pre_installed ? "true" : "false");
    }
}

vk_status vk_serialized_write_json(const vk_serialized_account *account, const uint8_t *secret32,
                                   vk_buf *out) {
    vk_buf_put_byte(out, '{');
    vk_status status = put_permission(account, out);
    if (status != VK_OK) {
        return status;
    }
    vk_buf_put_byte(out, ',');
    put_action(account, out);
    vk_buf_put_text(out, ",\"validityData\":{\"validAfter\":0,\"validUntil\":0},");
    put_account(account, out);
    put_approval(account, secret32, out);
    vk_buf_put_byte(out, '}');
    return vk_buf_status(out);
}

vk_status vk_serialized_write(const vk_serialized_account *account, vk_buf *out) {
    vk_buf json = {0};
    vk_status status = vk_serialized_write_json(account, NULL, &json);
    if (status == VK_OK) {
        vk_base64_put(out, vk_buf_view(&json));
        status = vk_buf_status(out);
    }
    vk_buf_clear(&json);
    return status;
}
