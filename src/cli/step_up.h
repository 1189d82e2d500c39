/* Step-up rules: from the options of a new key, and as they are shown. */
#ifndef VK_CLI_STEP_UP_H
#define VK_CLI_STEP_UP_H

#include "cli/keyinfo.h"

/* Are there options about it? */
bool vk_step_up_given(const vk_cli *cli);
/* The rule of --step-up; or that of --step-up-device, on which a credential is made: wants a touch.
 * Checked; appends JSON. Nothing without options. */
VK_MUST_USE vk_exit vk_step_up_from_options(vk_cli *cli, vk_buf *json);

/* The rule of a key, for people and as a JSON member. */
void vk_step_up_say(vk_out *out, const vk_key_info *key);

/* Tells the person at the terminal what the key will ask for: nothing, if it needs no touch. grant
 * NULL: not known. */
void vk_step_up_announce(const vk_key_info *key, const vk_grant *grant, const vk_userop *op);
/* The same of what always wants the touch: "the message". */
void vk_step_up_announce_other(const vk_key_info *key, const char *what);

#endif
