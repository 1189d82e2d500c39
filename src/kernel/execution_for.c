/* Execute calldata by version. */
#include "kernel/execution.h"

static vk_status unsupported(vk_error *err, vk_kernel_version version, const char *what) {
    return vk_fail(err, VK_ERR_UNSUPPORTED, NULL, "Kernel %s has no %s", vk_kernel_text(version),
                   what);
}

/* v1 writes the value of a delegatecall, which its contract ignores; the others have no place. */
static bool loses_value(vk_kernel_version version, const vk_execution *execution) {
    return version != VK_KERNEL_V1 && execution->call_type == VK_CALL_DELEGATE &&
           !vk_u256_is_zero(&execution->calls[0].value);
}

static vk_status check(vk_kernel_version version, const vk_execution *execution, vk_error *err) {
    if (vk_kernel_entry_point(version) == VK_ENTRY_POINT_UNKNOWN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion", "the Kernel version is unknown");
    }
    vk_status status = vk_execution_check_shape(execution);
    if (status == VK_ERR_SIZE) {
        return vk_fail(err, status, "calls", "a batch of %zu calls is over the limit of %d",
                       execution->call_count, VK_CALLS_MAX);
    }
    if (status != VK_OK) {
        return vk_fail(err, status, "calls",
                       "call type 0x%02x, exec type 0x%02x and %zu calls do not go together",
                       execution->call_type, execution->exec_type, execution->call_count);
    }
    if (loses_value(version, execution)) {
        return vk_fail(err, VK_ERR_ARGUMENT, "calls[0].value",
                       "a delegatecall of Kernel %s carries no value", vk_kernel_text(version));
    }
    return VK_OK;
}

static vk_status encode(vk_kernel_version version, const vk_execution *execution, vk_buf *out,
                        vk_error *err) {
    if (version >= VK_KERNEL_0_3_0) {
        return vk_execution_encode(execution, out);
    }
    if (execution->exec_type != VK_EXEC_REVERT) {
        return unsupported(err, version, "try mode (exec type 0x01): 0.3.0 on have it");
    }
    if (execution->hooked) {
        return unsupported(err, version, "hooks: 0.3.0 on have them");
    }
    return version >= VK_KERNEL_0_2_2 ? vk_execution_encode_v2(execution, out)
                                      : vk_execution_encode_v1(version, execution, out);
}

vk_status vk_execution_encode_for(vk_kernel_version version, const vk_address *account,
                                  const vk_execution *execution, vk_buf *out, vk_error *err) {
    vk_status status = check(version, execution, err);
    if (status != VK_OK) {
        return status;
    }
    if (account != NULL && execution->call_type == VK_CALL_SINGLE &&
        vk_address_equal(account, &execution->calls[0].target)) {
        vk_buf_put(out, execution->calls[0].data.data, execution->calls[0].data.len);
        return vk_buf_status(out);
    }
    status = encode(version, execution, out, err);
    return status == VK_ERR_MEMORY || status == VK_ERR_SIZE
               ? vk_fail(err, status, NULL, "%s", vk_status_text(status))
               : status;
}

vk_status vk_execution_decode_for(vk_kernel_version version, vk_bytes call_data, vk_execution *out,
                                  vk_error *err) {
    if (vk_kernel_entry_point(version) == VK_ENTRY_POINT_UNKNOWN) {
        return vk_fail(err, VK_ERR_UNSUPPORTED, "kernelVersion", "the Kernel version is unknown");
    }
    if (version >= VK_KERNEL_0_3_0) {
        return vk_execution_decode(call_data, out, err);
    }
    vk_execution execution = {0};
    vk_status status = version >= VK_KERNEL_0_2_2
                           ? vk_execution_decode_v2(call_data, &execution, err)
                           : vk_execution_decode_v1(version, call_data, &execution, err);
    if (status != VK_OK) {
        vk_execution_clear(&execution);
        return status;
    }
    *out = execution;
    return VK_OK;
}
