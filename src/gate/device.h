/*
 * Security keys: FIDO2 authenticators whose credentials are session keys. What they are to the
 * token: the keys' policies, grants and budgets are in a store of the device's own, a token file
 * that no PIN opens but the device: by the hmac-secret of a credential that is on it for nothing
 * else (an enrolment). So a login to the device is its PIN and, once there is a store, a touch.
 *
 * Thread safety: as vk_fido2's (keys/fido2.h). A vk_device outlives the gates that it is given to.
 */
#ifndef VK_GATE_DEVICE_H
#define VK_GATE_DEVICE_H

#include "gate/gate.h"
#include "keys/fido2.h"
#include "policy/step_up.h"
#include "token/enrolment.h"

VK_MUST_USE vk_status vk_device_new(const char *path, unsigned timeout_seconds, vk_device **out);
void vk_device_free(vk_device *device); /* NULL allowed */
/* The authenticator itself, for what concerns no keys: what it says of itself, its PIN, a cancel,
 * a reset. */
vk_fido2 *vk_device_fido2(vk_device *device);

/* ---- The store ---- */

/* Which of the home's stores is this device's? *path is NULL if none is; free it with
 * vk_text_free. Asks the device without a touch. */
VK_MUST_USE vk_status vk_device_find_store(vk_device *device, const char *home, char **path,
                                           vk_error *err);
/* Makes the store, with a credential that unlocks it; wants two touches, and that
 * vk_device_log_in was done. The user is logged in to what it gives. */
VK_MUST_USE vk_status vk_device_make_store(vk_device *device, const char *home, const char *label,
                                           vk_token **out, vk_error *err);

/* ---- Logins ---- */

/* The device's PIN, or built-in verification where pin is NULL; then, unless store is NULL, the
 * touch that logs the user in to the store. */
VK_MUST_USE vk_status vk_device_log_in(vk_device *device, vk_token *store, const uint8_t *pin,
                                       size_t len, vk_error *err);
/* Forgets the PIN, and ends what waits for a touch. The store's login is the caller's. */
void vk_device_log_out(vk_device *device);

/* Any token can be unlocked by a security key, instead of or as well as by its user PIN. */

/* Makes a credential on the device and enrols it; wants two touches and vk_device_log_in (store
 * NULL), and the user's or the SO's login to the token. VK_ERR_EXISTS if the device is. touch_only:
 * from then on a touch is enough, nobody is verified; then a device without PIN need not be logged
 * in to. */
VK_MUST_USE vk_status vk_device_enrol(vk_device *device, vk_token *token, const char *name,
                                      bool touch_only, vk_error *err);
/* Which of the token's enrolments is the device's? Asks it without a touch. VK_ERR_NOT_FOUND: none.
 * VK_ERR_ARGUMENT: its user is to be verified, which it can do with its PIN only, and has_pin is
 * false: nobody has said it. */
VK_MUST_USE vk_status vk_device_find_enrolment(vk_device *device, vk_token *token, bool has_pin,
                                               vk_enrolment *out, vk_error *err);
/* The enrolment's secret; wants a touch, and verification if the enrolment does: by this PIN, or
 * where it is empty as the device is logged in, or by built-in verification. Wipe it. */
VK_MUST_USE vk_status vk_device_ask_secret(vk_device *device, const vk_enrolment *enrolment,
                                           vk_bytes pin, uint8_t secret32[32], vk_error *err);

/* ---- Touches for keys that are elsewhere ---- */

/* Makes a credential for a step-up rule (policy/step_up.h): one of a verified user where the device
 * has built-in verification, else of a touch alone. Wants a touch, and vk_device_log_in (store
 * NULL) if the device has a PIN. name: 1 to VK_STEP_UP_NAME_MAX bytes. */
VK_MUST_USE vk_status vk_device_make_step_up(vk_device *device, const char *name,
                                             vk_step_up_device *out, vk_error *err);

/* ---- Keys on it ---- */

/* The gate signs by this device with the keys that are on it; NULL: it is gone. */
void vk_gate_set_device(vk_gate *gate, vk_device *device);

/* How a credential is to be made, besides what the record says: rpId, origin, policy. */
typedef struct vk_device_wish {
    vk_bytes user_id;   /* empty: a random one */
    vk_bytes challenge; /* of a server; empty: a random one */
    const char *user_name;
    bool discoverable, hmac_secret;
    int protect; /* VK_FIDO2_PROTECT_... */
} vk_device_wish;

/* Checks and completes the record as vk_gate_generate does, and has the credential made: wants a
 * touch. What it came to is in record and made; vk_gate_device_add then adds the key. */
VK_MUST_USE vk_status vk_gate_device_make(vk_gate *gate, vk_key_record *record,
                                          const vk_device_wish *wish, vk_fido2_made *made,
                                          vk_error *err);
VK_MUST_USE vk_status vk_gate_device_add(vk_gate *gate, vk_key_record *record,
                                         const vk_key_names *names, vk_error *err);
/* Deletes a discoverable credential from the device, before its record is removed. VK_OK too if it
 * is not there any more. */
VK_MUST_USE vk_status vk_gate_device_delete(vk_gate *gate, const vk_key_record *record,
                                            vk_error *err);

#endif
