/*
 * execute calldata as the policies' contracts read it: more than the one canonical encoding that
 * vk_execution_decode takes. Source: zerodevapp/kernel-7579-plugins CallPolicy.sol.
 */
#ifndef VK_POLICY_EXECUTE_READ_H
#define VK_POLICY_EXECUTE_READ_H

#include <valetkey/kernel.h>

/*
 * Reads execute(bytes32,bytes): *inner is executionCalldata, execution its calls (none for a call
 * type that is unknown; one that is not hooked). A delegatecall is read as from call policy 0.0.3
 * on: without a value. The views point into call_data. VK_ERR_FORMAT where a contract reverts, and
 * where offsets or lengths lead out of the call data.
 */
VK_MUST_USE vk_status vk_execute_read(vk_bytes call_data, vk_execution *out, vk_bytes *inner);

/* A delegatecall as call policy 0.0.1 and 0.0.2 read it: as if there were a value. False where they
 * revert. */
bool vk_execute_old_delegate(vk_bytes inner, vk_call *out);

/* Is there a call of a function of the account itself? That can make other calls, or let others
 * make them, which nobody sees here. */
bool vk_execution_calls_itself(const vk_execution *execution, const vk_address *account);

#endif
