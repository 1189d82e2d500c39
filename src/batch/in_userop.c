#include "batch/in.h"
#include "eth/userop_json.h"

static const vk_userop_dialect batch_dialect = {.number = vk_json_bigint,
                                                .authorization = "authorization"};
static const vk_userop_dialect chain_dialect = {
    .number = vk_json_bigint, .authorization = "authorization", .extra = "chainId"};

static void read(const vk_in *in, const char *name, vk_entry_point version,
                 const vk_userop_dialect *dialect, vk_userop *out) {
    *out = (vk_userop){0};
    vk_in object = vk_in_object(in, name);
    if (vk_in_status(in) != VK_OK) {
        return;
    }
    vk_error err = {0};
    vk_status status = vk_userop_read_object(object.value, NULL, version, dialect, out, &err);
    vk_in_check_error(in, name, status, &err);
}

void vk_in_userop(const vk_in *in, const char *name, vk_entry_point version, vk_userop *out) {
    read(in, name, version, &batch_dialect, out);
}

void vk_in_chain_userop(const vk_in *in, const char *name, vk_entry_point version,
                        uint64_t *chain_id, vk_userop *out) {
    read(in, name, version, &chain_dialect, out);
    vk_in object = vk_in_object(in, name);
    *chain_id = vk_in_u64(&object, "chainId", UINT64_MAX);
}
