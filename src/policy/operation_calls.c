/* The calls of an operation, read as far as anybody can. */
#include "policy/execute_read.h"
#include "policy/operation_text.h"
#include "thirdweb/calls.h"

#include <valetkey/thirdweb.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECTOR_LEN 4

static void note_fault(vk_operation_calls *out, vk_status status, const vk_error *err) {
    snprintf(out->fault, sizeof out->fault, "%s",
             err->message[0] != '\0' ? err->message : vk_status_text(status));
}

/* Any other function that the EntryPoint calls is one of the account itself. */
static vk_status take_own(const vk_userop *op, vk_operation_calls *out) {
    vk_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return VK_ERR_MEMORY;
    }
    *call = (vk_call){.target = op->sender, .data = op->call_data};
    out->execution = (vk_execution){.call_type = VK_CALL_SINGLE, .call_count = 1, .calls = call};
    out->is_own = true;
    out->fault[0] = '\0';
    return VK_OK;
}

static bool is_execute(const vk_userop *op) {
    return op->call_data.len >= SELECTOR_LEN &&
           memcmp(op->call_data.data, vk_kernel_execute_selector, SELECTOR_LEN) == 0;
}

/* What the contracts read where the encoding is another than the one that encoders make. */
static vk_status read_loosely(const vk_userop *op, vk_operation_calls *out) {
    vk_bytes inner;
    vk_status status = vk_execute_read(op->call_data, &out->execution, &inner);
    if (status != VK_OK) {
        out->execution = (vk_execution){0};
    }
    return status == VK_ERR_MEMORY ? status : VK_OK;
}

vk_status vk_operation_calls_read(const vk_userop *op, vk_kernel_version kernel,
                                  vk_operation_calls *out) {
    vk_kernel_version usual =
        op->entry_point == VK_ENTRY_POINT_0_6 ? VK_KERNEL_0_2_4 : VK_KERNEL_0_3_1;
    vk_kernel_version version = kernel == VK_KERNEL_UNKNOWN ? usual : kernel;
    vk_error err = {0};
    *out = (vk_operation_calls){.is_own = false};
    vk_status status = vk_execution_decode_for(version, op->call_data, &out->execution, &err);
    if (status == VK_OK || status == VK_ERR_MEMORY || op->call_data.len == 0) {
        return status == VK_ERR_MEMORY ? status : VK_OK;
    }
    out->execution = (vk_execution){0};
    note_fault(out, status, &err);
    bool is_0_3 = version >= VK_KERNEL_0_3_0;
    if (is_0_3 && is_execute(op)) {
        return read_loosely(op, out);
    }
    return op->call_data.len >= SELECTOR_LEN ? take_own(op, out) : VK_OK;
}

vk_status vk_operation_calls_read_thirdweb(const vk_userop *op, vk_operation_calls *out) {
    vk_thirdweb_calls calls = {0};
    vk_error err = {0};
    *out = (vk_operation_calls){.is_own = false};
    vk_status status = vk_thirdweb_calls_decode(op->call_data, &calls, &err);
    if (status != VK_OK) {
        bool is_own = op->call_data.len >= SELECTOR_LEN && !vk_thirdweb_is_execute(op->call_data);
        note_fault(out, status, &err);
        return status == VK_ERR_MEMORY ? status : is_own ? take_own(op, out) : VK_OK;
    }
    out->execution = (vk_execution){.call_type = calls.batch ? VK_CALL_BATCH : VK_CALL_SINGLE,
                                    .call_count = calls.count,
                                    .calls = calls.calls};
    if (!calls.canonical) {
        snprintf(out->fault, sizeof out->fault,
                 "not the encoding that ordinary encoders make of these calls");
    }
    return VK_OK;
}

void vk_operation_calls_clear(vk_operation_calls *calls) {
    vk_execution_clear(&calls->execution);
}
