/* All of libvaletkey. The PKCS#11 vendor numbers are in valetkey/pkcs11.h. */
#ifndef VALETKEY_VALETKEY_H
#define VALETKEY_VALETKEY_H

#include <valetkey/account.h>
#include <valetkey/bytes.h>
#include <valetkey/eth.h>
#include <valetkey/grant.h>
#include <valetkey/kernel.h>
#include <valetkey/permission.h>
#include <valetkey/policy.h>
#include <valetkey/serialized.h>
#include <valetkey/status.h>
#include <valetkey/userop.h>
#include <valetkey/validator.h>
#include <valetkey/webauthn.h>

#endif
