/* authenticatorCredentialManagement (CTAP 2.1, 6.8). */
#include "internal.h"

#include <string.h>

enum subcommand {
    GET_METADATA = 1,
    ENUMERATE_RPS = 2,
    NEXT_RP = 3,
    ENUMERATE_CREDENTIALS = 4,
    NEXT_CREDENTIAL = 5,
    DELETE_CREDENTIAL = 6,
    UPDATE_USER = 7,
};

typedef struct request {
    uint8_t subcommand;
    wire_item parameters;
    vk_bytes rp_id_hash, credential_id;
    wire_item user;
    uint64_t protocol;
    vk_bytes auth_param;
} request;

static bool continues(uint64_t subcommand) {
    return subcommand == NEXT_RP || subcommand == NEXT_CREDENTIAL;
}

/* ---- The request ---- */

static void read_parameters(wire_map *members, request *out) {
    wire_map parameters = wire_open(&out->parameters);
    wire_need of_user = out->subcommand == UPDATE_USER ? WIRE_REQUIRED : WIRE_OPTIONAL;
    wire_need of_id = out->subcommand == DELETE_CREDENTIAL ? WIRE_REQUIRED : of_user;
    wire_need of_rp = out->subcommand == ENUMERATE_CREDENTIALS ? WIRE_REQUIRED : WIRE_OPTIONAL;
    out->rp_id_hash = wire_get_bytes(&parameters, KEY(1), of_rp);
    wire_require(&parameters, out->rp_id_hash.data == NULL || out->rp_id_hash.len == 32,
                 CTAP_INVALID_LENGTH);
    wire_item descriptor = wire_get(&parameters, KEY(2), WIRE_MAP, of_id);
    if (descriptor.encoded.data != NULL) {
        wire_map names = wire_open(&descriptor);
        out->credential_id = wire_get_bytes(&names, NAME("id"), WIRE_REQUIRED);
        wire_get_text(&names, NAME("type"), WIRE_REQUIRED);
        wire_require(&parameters, names.status == CTAP_OK, names.status);
    }
    out->user = wire_get(&parameters, KEY(3), WIRE_MAP, of_user);
    wire_require(members, parameters.status == CTAP_OK, parameters.status);
}

static uint8_t read_request(const wire_item *map, request *out) {
    wire_map members = wire_open(map);
    *out = (request){0};
    uint64_t subcommand = wire_get_unsigned(&members, KEY(1), WIRE_REQUIRED, 0);
    wire_require(&members, subcommand >= GET_METADATA && subcommand <= UPDATE_USER,
                 CTAP_INVALID_SUBCOMMAND);
    out->subcommand = (uint8_t)subcommand;
    wire_need of_auth = continues(subcommand) ? WIRE_OPTIONAL : WIRE_REQUIRED;
    out->parameters = wire_get(&members, KEY(2), WIRE_MAP, WIRE_OPTIONAL);
    out->protocol = wire_get_unsigned(&members, KEY(3), WIRE_OPTIONAL, 0);
    out->auth_param = wire_get_bytes(&members, KEY(4), WIRE_OPTIONAL);
    wire_require(&members, of_auth == WIRE_OPTIONAL || out->auth_param.data != NULL,
                 CTAP_PUAT_REQUIRED);
    wire_require(&members, of_auth == WIRE_OPTIONAL || out->protocol != 0, CTAP_MISSING_PARAMETER);
    read_parameters(&members, out);
    return members.status;
}

/* The message is the subcommand with its parameters. A token for one relying party is good for
 * that party only: rp_id_hash32 is the one in question, NULL for all. */
static uint8_t authorize(authn *a, const request *r, const uint8_t *rp_id_hash32) {
    vk_buf message = {0};
    if (!pin_protocol_supported(a, r->protocol)) {
        return CTAP_INVALID_PARAMETER;
    }
    vk_buf_put_byte(&message, r->subcommand);
    vk_buf_put(&message, r->parameters.encoded.data, r->parameters.encoded.len);
    bool ok =
        token_verify(a, r->protocol, vk_buf_view(&message), r->auth_param, CTAP_PERMIT_CRED_MGMT);
    vk_buf_clear(&message);
    if (ok && a->token.has_rp) {
        ok = rp_id_hash32 != NULL && memcmp(rp_id_hash32, a->token.rp_id_hash32, 32) == 0;
    }
    return ok ? CTAP_OK : CTAP_PIN_AUTH_INVALID;
}

/* ---- Listing ---- */

static uint8_t get_metadata(authn *a, vk_buf *reply) {
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(1));
    wire_put_int(reply, (int64_t)a->store.count);
    wire_member(&map, KEY(2));
    wire_put_int(reply, (int64_t)(a->store.max - a->store.count));
    return CTAP_OK;
}

/* total: 0 for those that follow the first. */
static uint8_t put_rp(const credential *c, size_t total, vk_buf *reply) {
    if (c == NULL) {
        return CTAP_NOT_ALLOWED;
    }
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(3));
    wire_writer rp = wire_begin(reply);
    wire_member(&rp, NAME("id"));
    wire_put_text(reply, c->rp_id);
    if (c->rp_name.present) {
        wire_member(&rp, NAME("name"));
        wire_put_text_len(reply, c->rp_name.text, c->rp_name.len);
    }
    wire_member(&map, KEY(4));
    wire_put_bytes(reply, c->rp_id_hash32, 32);
    if (total > 0) {
        wire_member(&map, KEY(5));
        wire_put_int(reply, (int64_t)total);
    }
    return CTAP_OK;
}

static uint8_t put_credential(authn *a, const credential *c, size_t total, vk_buf *reply) {
    uint8_t key32[32];
    if (c == NULL) {
        return CTAP_NOT_ALLOWED;
    }
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(6));
    credential_put_user(reply, c, true);
    wire_member(&map, KEY(7));
    credential_put_descriptor(reply, c, c->id);
    wire_member(&map, KEY(8));
    credential_put_public_key(reply, &c->key);
    if (total > 0) {
        wire_member(&map, KEY(9));
        wire_put_int(reply, (int64_t)total);
    }
    wire_member(&map, KEY(10));
    wire_put_int(reply, c->protect);
    if (c->large_blob) {
        credential_derive(a, c, "large blob", key32);
        wire_member(&map, KEY(11));
        wire_put_bytes(reply, key32, 32);
    }
    return CTAP_OK;
}

static bool is_first_of_rp(const credential_store *store, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (memcmp(store->items[i].rp_id_hash32, store->items[index].rp_id_hash32, 32) == 0) {
            return false;
        }
    }
    return true;
}

static uint8_t enumerate_rps(authn *a, vk_buf *reply) {
    walk_begin(a, CTAP_CREDENTIAL_MANAGEMENT, ENUMERATE_RPS);
    for (size_t i = 0; i < a->store.count; i++) {
        if (is_first_of_rp(&a->store, i)) {
            walk_add(a, i);
        }
    }
    if (a->walk.count == 0) {
        return CTAP_NO_CREDENTIALS;
    }
    return put_rp(walk_next(a, CTAP_CREDENTIAL_MANAGEMENT, ENUMERATE_RPS), a->walk.count, reply);
}

static uint8_t enumerate_credentials(authn *a, const request *r, vk_buf *reply) {
    walk_begin(a, CTAP_CREDENTIAL_MANAGEMENT, ENUMERATE_CREDENTIALS);
    for (size_t i = 0; i < a->store.count; i++) {
        if (memcmp(a->store.items[i].rp_id_hash32, r->rp_id_hash.data, 32) == 0) {
            walk_add(a, i);
        }
    }
    if (a->walk.count == 0) {
        return CTAP_NO_CREDENTIALS;
    }
    const credential *c = walk_next(a, CTAP_CREDENTIAL_MANAGEMENT, ENUMERATE_CREDENTIALS);
    return put_credential(a, c, a->walk.count, reply);
}

static uint8_t next(authn *a, const request *r, vk_buf *reply) {
    if (r->subcommand == NEXT_RP) {
        return put_rp(walk_next(a, CTAP_CREDENTIAL_MANAGEMENT, ENUMERATE_RPS), 0, reply);
    }
    const credential *c = walk_next(a, CTAP_CREDENTIAL_MANAGEMENT, ENUMERATE_CREDENTIALS);
    return put_credential(a, c, 0, reply);
}

/* ---- Changing ---- */

static credential *find(authn *a, vk_bytes id) {
    for (size_t i = 0; i < a->store.count; i++) {
        credential *c = &a->store.items[i];
        if (c->id_len == id.len && memcmp(c->id, id.data, id.len) == 0) {
            return c;
        }
    }
    return NULL;
}

static uint8_t update_user(credential *c, const wire_item *user) {
    wire_map names = wire_open(user);
    vk_bytes id = wire_get_bytes(&names, NAME("id"), WIRE_REQUIRED);
    vk_bytes user_name = wire_get_text(&names, NAME("name"), WIRE_OPTIONAL);
    vk_bytes display_name = wire_get_text(&names, NAME("displayName"), WIRE_OPTIONAL);
    wire_require(&names, id.len == c->user_id_len && memcmp(id.data, c->user_id, id.len) == 0,
                 CTAP_INVALID_PARAMETER);
    if (names.status == CTAP_OK) {
        name_set(&c->user_name, user_name);
        name_set(&c->display_name, display_name);
    }
    return names.status;
}

static uint8_t change(authn *a, const request *r) {
    credential *c = find(a, r->credential_id);
    uint8_t status = authorize(a, r, c == NULL ? NULL : c->rp_id_hash32);
    if (status != CTAP_OK) {
        return status;
    }
    if (c == NULL) {
        return CTAP_NO_CREDENTIALS;
    }
    if (r->subcommand == UPDATE_USER) {
        return update_user(c, &r->user);
    }
    credential_delete(a, (size_t)(c - a->store.items));
    return CTAP_OK;
}

uint8_t ctap_credential_management(authn *a, const wire_item *map, vk_buf *reply) {
    request r;
    uint8_t status = read_request(map, &r);
    if (status == CTAP_OK && continues(r.subcommand)) {
        return next(a, &r, reply);
    }
    walk_end(a);
    if (status == CTAP_OK && r.subcommand >= DELETE_CREDENTIAL) {
        return change(a, &r);
    }
    if (status == CTAP_OK) {
        status = authorize(a, &r, r.rp_id_hash.data);
    }
    if (status != CTAP_OK) {
        return status;
    }
    switch (r.subcommand) {
    case GET_METADATA:
        return get_metadata(a, reply);
    case ENUMERATE_RPS:
        return enumerate_rps(a, reply);
    default:
        return enumerate_credentials(a, &r, reply);
    }
}
