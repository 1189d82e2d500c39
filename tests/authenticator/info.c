/* authenticatorGetInfo (CTAP 2.1, 6.4). */
#include "internal.h"

static void put_versions(const authn *a, vk_buf *out) {
    bool newer = has_feature(a, AUTHN_PERMISSIONS);
    wire_put_array(out, newer ? 2 : 1);
    wire_put_text(out, "FIDO_2_0");
    if (newer) {
        wire_put_text(out, "FIDO_2_1");
    }
}

static void put_extensions(const authn *a, vk_buf *out) {
    static const struct {
        authn_feature feature;
        const char *name;
    } all[] = {
        {AUTHN_CRED_BLOB, "credBlob"},          {AUTHN_CRED_PROTECT, "credProtect"},
        {AUTHN_HMAC_SECRET, "hmac-secret"},     {AUTHN_LARGE_BLOBS, "largeBlobKey"},
        {AUTHN_MIN_PIN_LENGTH, "minPinLength"},
    };
    const size_t most = sizeof all / sizeof all[0];
    size_t count = 0;
    for (size_t i = 0; i < most; i++) {
        count += has_feature(a, all[i].feature);
    }
    wire_put_array(out, count);
    for (size_t i = 0; i < most; i++) {
        if (has_feature(a, all[i].feature)) {
            wire_put_text(out, all[i].name);
        }
    }
}

static void put_option(wire_writer *options, const char *name, bool value) {
    wire_member(options, NAME(name));
    wire_put_bool(options->out, value);
}

/* Options that are absent are not supported; clientPin and uv also say whether they are set up. */
static void put_options(const authn *a, vk_buf *out) {
    bool always_uv = has_feature(a, AUTHN_ALWAYS_UV);
    wire_writer map = wire_begin(out);
    put_option(&map, "rk", has_feature(a, AUTHN_RESIDENT_KEYS));
    put_option(&map, "up", true);
    if (a->options.uv != AUTHN_UV_NONE) {
        put_option(&map, "uv", true);
    }
    put_option(&map, "plat", false);
    if (always_uv) {
        put_option(&map, "alwaysUv", true);
    }
    if (has_feature(a, AUTHN_CRED_MGMT)) {
        put_option(&map, "credMgmt", true);
    }
    if (has_feature(a, AUTHN_CLIENT_PIN)) {
        put_option(&map, "clientPin", a->pin.set);
    }
    if (has_feature(a, AUTHN_LARGE_BLOBS)) {
        put_option(&map, "largeBlobs", true);
    }
    if (has_feature(a, AUTHN_PERMISSIONS) && has_feature(a, AUTHN_CLIENT_PIN)) {
        put_option(&map, "pinUvAuthToken", true);
    }
    if (has_feature(a, AUTHN_MAKE_CRED_UV_NOT_RQD)) {
        put_option(&map, "makeCredUvNotRqd", !always_uv);
    }
    if (has_feature(a, AUTHN_CRED_MGMT)) {
        put_option(&map, "credentialMgmtPreview", true);
    }
}

/* The one that is preferred comes first. */
static void put_protocols(const authn *a, vk_buf *out) {
    wire_put_array(out, (size_t)pin_protocol_supported(a, 1) + pin_protocol_supported(a, 2));
    for (int number = 2; number >= 1; number--) {
        if (pin_protocol_supported(a, (uint64_t)number)) {
            wire_put_int(out, number);
        }
    }
}

static void put_algorithms(vk_buf *out) {
    wire_put_array(out, 1);
    wire_writer map = wire_begin(out);
    wire_member(&map, NAME("alg"));
    wire_put_int(out, CTAP_ES256);
    wire_member(&map, NAME("type"));
    wire_put_text(out, "public-key");
}

static void put_number(wire_writer *map, int key, size_t value) {
    wire_member(map, KEY(key));
    wire_put_int(map->out, (int64_t)value);
}

/* Members of CTAP 2.1. */
static void put_newer(const authn *a, wire_writer *map) {
    put_number(map, 7, CTAP_MAX_LIST);
    put_number(map, 8, CREDENTIAL_ID_MAX);
    wire_member(map, KEY(9));
    wire_put_array(map->out, 1);
    wire_put_text(map->out, "usb");
    wire_member(map, KEY(10));
    put_algorithms(map->out);
    if (has_feature(a, AUTHN_LARGE_BLOBS)) {
        put_number(map, 11, a->options.max_large_blobs);
    }
    put_number(map, 13, a->options.min_pin_length);
    put_number(map, 14, 1);
    if (has_feature(a, AUTHN_CRED_BLOB)) {
        put_number(map, 15, CTAP_MAX_BLOB);
    }
    if (a->options.uv != AUTHN_UV_NONE) {
        put_number(map, 17, 1); /* attempts the platform should make before it asks for a PIN */
        put_number(map, 18, 2); /* by fingerprint */
    }
    if (has_feature(a, AUTHN_RESIDENT_KEYS)) {
        put_number(map, 20, a->store.max - a->store.count);
    }
}

uint8_t ctap_get_info(authn *a, const wire_item *request, vk_buf *reply) {
    (void)request;
    wire_writer map = wire_begin(reply);
    wire_member(&map, KEY(1));
    put_versions(a, reply);
    wire_member(&map, KEY(2));
    put_extensions(a, reply);
    wire_member(&map, KEY(3));
    wire_put_bytes(reply, a->aaguid16, 16);
    wire_member(&map, KEY(4));
    put_options(a, reply);
    put_number(&map, 5, CTAP_MAX_MESSAGE);
    if (has_feature(a, AUTHN_CLIENT_PIN)) {
        wire_member(&map, KEY(6));
        put_protocols(a, reply);
    }
    if (has_feature(a, AUTHN_PERMISSIONS)) {
        put_newer(a, &map);
    }
    return CTAP_OK;
}
