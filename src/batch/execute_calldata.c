/* Kind execute_calldata: what an account is asked to do. */
#include "batch/kinds.h"

#include <string.h>

static const char *const members[] = {"kernelVersion", "account", "calls", "callType",
                                      "execType",      "hooked",  NULL};

static uint8_t read_call_type(const vk_in *in, size_t count) {
    const char *type = vk_in_has(in, "callType") ? vk_in_text(in, "callType") : "call";
    bool delegate = strcmp(type, "delegatecall") == 0;
    if (!delegate && strcmp(type, "call") != 0) {
        vk_in_fail(in, "callType", VK_ERR_FORMAT,
                   "\"callType\" must be \"call\" or \"delegatecall\"");
    }
    if (delegate && count > 1) {
        vk_in_fail(in, "callType", VK_ERR_UNSUPPORTED,
                   "%zu delegatecalls cannot be batched: give one", count);
    }
    if (count == 0) {
        vk_in_fail(in, "calls", VK_ERR_FORMAT, "\"calls\" is empty");
    }
    return delegate ? VK_CALL_DELEGATE : count > 1 ? VK_CALL_BATCH : VK_CALL_SINGLE;
}

static vk_call read_call(const vk_in *in) {
    static const char *const names[] = {"to", "value", "data", NULL};
    vk_call call = {0};
    vk_in_only(in, names);
    call.target = vk_in_address(in, "to");
    call.data = vk_in_bytes_or_empty(in, "data");
    if (vk_in_has(in, "value")) {
        call.value = vk_in_u256(in, "value", 256);
    }
    return call;
}

/* A delegatecall runs with the value of the account's own call, so the one given for it is dropped;
 * v1 writes it all the same. */
static void drop_value(vk_kernel_version version, vk_execution *execution) {
    if (execution->call_type == VK_CALL_DELEGATE && version != VK_KERNEL_V1) {
        execution->calls[0].value = vk_u256_from_u64(0);
    }
}

static vk_execution read_execution(const vk_in *in) {
    vk_execution out = {0};
    vk_in list = vk_in_list(in, "calls", &out.call_count);
    out.call_type = read_call_type(in, out.call_count);
    if (vk_in_has(in, "execType")) {
        vk_in_fixed(in, "execType", &out.exec_type, 1);
    }
    if (out.exec_type > VK_EXEC_TRY) {
        vk_in_fail(in, "execType", VK_ERR_FORMAT, "\"execType\" must be \"0x00\" or \"0x01\"");
    }
    out.hooked = vk_in_bool(in, "hooked", false);
    out.calls = vk_in_alloc(in, out.call_count * sizeof *out.calls);
    for (size_t i = 0; out.calls != NULL && i < out.call_count; i++) {
        vk_in call = vk_in_element(&list, i);
        out.calls[i] = read_call(&call);
    }
    return out;
}

vk_status vk_batch_execute_calldata(const vk_in *in, bool sdk, vk_reply *reply, vk_error *err) {
    (void)sdk;
    (void)err;
    vk_in_only(in, members);
    vk_kernel_version version = vk_in_kernel(in, "kernelVersion");
    vk_address account = vk_in_address_or_zero(in, "account");
    vk_execution execution = read_execution(in);
    if (vk_in_status(in) != VK_OK) {
        return vk_in_status(in);
    }
    drop_value(version, &execution);
    vk_buf data = {0};
    vk_error fault = {0};
    const vk_address *self = vk_in_has(in, "account") ? &account : NULL;
    vk_in_check_error(in, NULL, vk_execution_encode_for(version, self, &execution, &data, &fault),
                      &fault);
    vk_reply_hex(reply, "callData", vk_buf_view(&data));
    vk_buf_clear(&data);
    return vk_in_status(in);
}
