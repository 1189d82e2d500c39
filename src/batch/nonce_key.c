/* Kind nonce_key: the nonce lane of an account, or the custom key of a text. */
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"kernelVersion", "mode",      "plugin",
                                      "identifier",    "customKey", NULL};
static const char *const text_members[] = {"string", "stringUtf8", "entryPointVersion", NULL};

static vk_status of_text(const vk_in *in, vk_reply *reply) {
    vk_in_only(in, text_members);
    const char *text = vk_in_free_text(in, "string");
    vk_bytes utf8 = {(const uint8_t *)text, strlen(text)};
    vk_in_same_bytes(in, "stringUtf8", utf8);
    vk_u256 key = vk_kernel_custom_key(vk_in_entry_point(in, NULL), utf8);
    vk_reply_decimal(reply, "customKey", &key);
    return vk_in_status(in);
}

static uint8_t mode_of(const vk_in *in, bool root) {
    const char *mode = vk_in_text(in, "mode");
    if (strcmp(mode, "enable") == 0) {
        return VK_NONCE_ENABLE;
    }
    if (strcmp(mode, "default") != 0 && !root) {
        vk_in_fail(in, "mode", VK_ERR_FORMAT,
                   "\"mode\" must be \"sudo\", \"enable\" or \"default\"");
    }
    return VK_NONCE_DEFAULT;
}

/* The SDK writes the root validator's identifier into the lane too, which the contract ignores. */
static vk_kernel_nonce read_lane(const vk_in *in) {
    bool root = strcmp(vk_in_text(in, "mode"), "sudo") == 0;
    bool permission = strcmp(vk_in_text(in, "plugin"), "permission") == 0;
    vk_kernel_nonce lane = {.mode = mode_of(in, root)};
    lane.type = root ? VK_NONCE_ROOT : permission ? VK_NONCE_PERMISSION : VK_NONCE_VALIDATOR;
    vk_in_fixed(in, "identifier", lane.identifier, permission ? 4 : sizeof lane.identifier);
    return lane;
}

vk_status vk_batch_nonce_key(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    if (vk_in_has(in, "string")) {
        return of_text(in, reply);
    }
    vk_in_only(in, members);
    vk_kernel_version version = vk_in_kernel(in, "kernelVersion");
    vk_u256 custom = {{0}};
    if (vk_in_has(in, "customKey")) {
        custom = vk_in_u256(in, "customKey", 256);
    }
    vk_kernel_nonce lane = {0};
    if (vk_kernel_has_permissions(version)) {
        lane = read_lane(in);
    }
    uint8_t key[24];
    if (vk_kernel_nonce_key(version, &lane, &custom, key) != VK_OK) {
        vk_in_fail(in, "customKey", VK_ERR_RANGE,
                   "\"customKey\" does not fit %d bits, the custom part of the nonce of Kernel %s",
                   vk_kernel_has_permissions(version) ? 16 : 192, vk_kernel_text(version));
    }
    vk_u256 number = vk_u256_from_be(key, sizeof key);
    vk_reply_decimal(reply, "nonceKey", &number);
    vk_reply_fixed(reply, "nonceKeyHex", key, sizeof key);
    return vk_in_status(in);
}
