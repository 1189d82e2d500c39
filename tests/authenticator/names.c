#include "internal.h"

#include <string.h>

typedef struct named {
    const char *name;
    uint32_t bit;
} named;

static const named mistakes[] = {
    {"counter-back", AUTHN_COUNTER_BACK},
    {"counter-stays", AUTHN_COUNTER_STAYS},
    {"wrong-rp-id", AUTHN_WRONG_RP_ID},
    {"no-up", AUTHN_NO_UP},
    {"no-uv", AUTHN_NO_UV},
    {"bs-without-be", AUTHN_BS_WITHOUT_BE},
    {"wrong-blob", AUTHN_WRONG_BLOB},
    {"off-curve", AUTHN_OFF_CURVE},
    {"high-s", AUTHN_HIGH_S},
    {"wrong-key", AUTHN_WRONG_KEY},
    {"bad-attestation", AUTHN_BAD_ATTESTATION},
    {"wrong-id", AUTHN_WRONG_ID},
    {"garbage", AUTHN_GARBAGE},
    {"truncated", AUTHN_TRUNCATED},
    {"indefinite", AUTHN_INDEFINITE},
    {"long-reply", AUTHN_LONG_REPLY},
    {"unplug", AUTHN_UNPLUG},
    {"stall", AUTHN_STALL},
    {"wrong-error", AUTHN_WRONG_ERROR},
    {"everywhere", AUTHN_EVERYWHERE},
};

static const named features[] = {
    {"clientPin", AUTHN_CLIENT_PIN},
    {"credMgmt", AUTHN_CRED_MGMT},
    {"credProtect", AUTHN_CRED_PROTECT},
    {"hmac-secret", AUTHN_HMAC_SECRET},
    {"credBlob", AUTHN_CRED_BLOB},
    {"largeBlobs", AUTHN_LARGE_BLOBS},
    {"rk", AUTHN_RESIDENT_KEYS},
    {"makeCredUvNotRqd", AUTHN_MAKE_CRED_UV_NOT_RQD},
    {"pin-protocol-1", AUTHN_PIN_PROTOCOL_1},
    {"pin-protocol-2", AUTHN_PIN_PROTOCOL_2},
    {"minPinLength", AUTHN_MIN_PIN_LENGTH},
    {"pinUvAuthToken", AUTHN_PERMISSIONS},
    {"alwaysUv", AUTHN_ALWAYS_UV},
    {"x5c", AUTHN_X5C},
    {"synced", AUTHN_SYNCED},
};

static uint32_t find(const named *list, size_t count, const char *name, size_t len) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i].name) == len && memcmp(list[i].name, name, len) == 0) {
            return list[i].bit;
        }
    }
    return 0;
}

uint32_t authn_mistake_named(const char *name, size_t len) {
    return find(mistakes, sizeof mistakes / sizeof mistakes[0], name, len);
}

uint32_t authn_feature_named(const char *name, size_t len) {
    return find(features, sizeof features / sizeof features[0], name, len);
}
