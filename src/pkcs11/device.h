/*
 * Slots of security keys. A device's slot stays when the device goes; it is the same slot when the
 * device comes back with the same store, or to the same place. Its token file is the store, which
 * is not there before the first key is made: until then slot->token is NULL, also after a login.
 */
#ifndef VK_PKCS11_DEVICE_H
#define VK_PKCS11_DEVICE_H

#include "pkcs11/session.h"

/* The listing lock is held for these two. */
/* Looks for devices that came and went, and asks those that came what they are. The first look
 * makes no events. */
CK_RV vk_devices_refresh(vk_module *module);
/* A slot whose device came or went since this was told last. */
bool vk_devices_take_event(const vk_module *module, CK_SLOT_ID *id);

/* Those that are plugged in now, at most max; looks for them first. No lock of a slot is held. */
size_t vk_devices_present(vk_device **out, size_t max);
/* Was any plugged in when that was looked at last; with built-in user verification? */
bool vk_devices_are_present(bool with_uv);

/* Ends whatever waits for a touch. No slots are added meanwhile. */
void vk_devices_cancel(vk_module *module);

/* Of a device's slot, whose lock is held. */
CK_RV vk_device_token_info(vk_slot *slot, CK_TOKEN_INFO *info);
CK_RV vk_device_login(vk_slot *slot, vk_role role, const CK_BYTE *pin, CK_ULONG len);
CK_RV vk_device_set_pin(vk_slot *slot, vk_bytes from, vk_bytes to);
/* C_InitToken: wipes the device, if valetkey.conf lets it. */
CK_RV vk_device_wipe(vk_slot *slot);

/* ---- Keys on it (device_key.c) ---- */

struct vk_key_template;
/* C_GenerateKeyPair on a device's slot; the user is logged in. Makes the store unless there is one.
 */
CK_RV vk_device_generate(vk_session *session, const struct vk_key_template *public_half,
                         const struct vk_key_template *private_half, int64_t *key_id);
/* Another process may have made the store since the device came: then it is the slot's. The slot's
 * lock is held. */
CK_RV vk_device_seek_store(vk_slot *slot);
/* Are there attributes that only a key on a device can have? */
bool vk_device_is_wished(const struct vk_key_template *key);
/* Deletes the credential of a key that is about to be removed, if it is stored on the device. The
 * slot's lock is held. */
VK_MUST_USE vk_status vk_device_forget_key(vk_slot *slot, int64_t key_id, vk_error *err);

/* ---- Other credentials on it (device_resident.c) ---- */

struct vk_object;
/* Makes objects of them, once a login. */
void vk_device_list_residents(vk_slot *slot);
CK_RV vk_device_destroy_resident(vk_session *session, const struct vk_object *object,
                                 CK_OBJECT_HANDLE handle);

#endif
