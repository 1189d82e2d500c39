/*
 * Keys of the token, and certificates of such keys, that this process does not see, because
 * programs come to grief over them: those of the curve that VALETKEY_HIDE in the environment names
 * ("secp256k1", or "P-256"). The environment of a program with raised rights is not looked at.
 */
#ifndef VK_PKCS11_HIDE_H
#define VK_PKCS11_HIDE_H

#include "base/curve.h"

#include <stdbool.h>

/* Reads the environment: once in C_Initialize. */
void vk_hide_init(void);
bool vk_hides(vk_curve curve);
bool vk_hides_anything(void);

#endif
