/*
 * Vendor attributes and mechanisms of valetkey-pkcs11.so.
 *
 * Include it after a PKCS#11 header: it uses CKA_VENDOR_DEFINED and CKM_VENDOR_DEFINED only.
 * Numbers are never reused. Integers are big-endian byte arrays of the length given, not CK_ULONG,
 * so that they mean the same on every machine. Text is UTF-8 without a final NUL.
 *
 * "set: creation" may be in a template of C_GenerateKeyPair or C_CreateObject by the user and never
 * changes afterwards. "set: -" is read-only. An attribute that does not apply to a key (no policy,
 * no rule of that kind, the other curve) is CKR_ATTRIBUTE_TYPE_INVALID.
 */
#ifndef VALETKEY_PKCS11_H
#define VALETKEY_PKCS11_H

#define VK_VENDOR_BASE 0x564B00UL
#define VK_CKA(n) (CKA_VENDOR_DEFINED | (VK_VENDOR_BASE + (n)))
#define VK_CKM(n) (CKM_VENDOR_DEFINED | (VK_VENDOR_BASE + (n)))

/* ---- Attributes of a session key (private and public key object) ---- */

/* The policy, JSON. set: creation; later by the SO through a valetkey-policy data object. */
#define CKA_VALETKEY_POLICY VK_CKA(0x01)
/* SHA-256 of CKA_VALETKEY_POLICY, 32 bytes. set: - */
#define CKA_VALETKEY_POLICY_DIGEST VK_CKA(0x02)
/* The policy in sentences, text, one rule a line. set: - */
#define CKA_VALETKEY_POLICY_TEXT VK_CKA(0x03)
/* permissionId of this policy and this key, 4 bytes. Not of a thirdweb session, as the two below.
 * set: - */
#define CKA_VALETKEY_PERMISSION_ID VK_CKA(0x04)
/* Permission flag, 2 bytes. set: - */
#define CKA_VALETKEY_PERMISSION_FLAG VK_CKA(0x05)
/* Enable data (what the owner approves), bytes. set: - */
#define CKA_VALETKEY_ENABLE_DATA VK_CKA(0x06)
/* Names of the rules, text, separated by commas: "call,gas,timestamp". set: - */
#define CKA_VALETKEY_RULES VK_CKA(0x07)

/* Ethereum address of a secp256k1 key, 20 bytes. set: - */
#define CKA_VALETKEY_ADDRESS VK_CKA(0x10)
/* P-256: relying party id, text, at most 253 bytes; default "localhost". set: creation */
#define CKA_VALETKEY_RP_ID VK_CKA(0x11)
/* P-256: origin, text, at most 255 printable ASCII bytes without " and \; default "https://" and
 * the rpId. Over 47 bytes, or 15 where CKA_VALETKEY_DEVICE_POLICY_DIGEST is there, the session
 * part of a signature is longer than 512 bytes, which pkcs11-tool cannot take. set: creation */
#define CKA_VALETKEY_ORIGIN VK_CKA(0x12)
/* P-256: credential id, bytes, 1 to 1023; default SHA-256 of the public point. set: creation */
#define CKA_VALETKEY_CREDENTIAL_ID VK_CKA(0x13)
/* P-256: Keccak-256 of the credential id, 32 bytes. set: creation instead of CREDENTIAL_ID, for a
 * key made elsewhere whose credential id is not known */
#define CKA_VALETKEY_AUTHENTICATOR_ID_HASH VK_CKA(0x14)
/* P-256: CK_BBOOL, count signatures in the assertions; default CK_FALSE: the count stays 0.
 * set: creation */
#define CKA_VALETKEY_USE_SIGN_COUNT VK_CKA(0x15)
/* P-256: sign count of the last assertion, 4 bytes. set: - */
#define CKA_VALETKEY_SIGN_COUNT VK_CKA(0x16)

/*
 * Of a key on a FIDO2 security key, as its credential was made. C_GenerateKeyPair there wants the
 * user's touch, and its policy, if it has one, never changes: where the security key keeps a
 * credBlob, it keeps CKA_VALETKEY_POLICY_DIGEST, and tells it with every assertion.
 */
/* User handle, 1 to 64 bytes: what a server knows the user by; default on a security key: 16 random
 * ones, otherwise none. Of any P-256 key. set: creation */
#define CKA_VALETKEY_USER_HANDLE VK_CKA(0x17)
/* CK_BBOOL, the credential is stored on the security key; default CK_FALSE. set: creation */
#define CKA_VALETKEY_DISCOVERABLE VK_CKA(0x18)
/* Level of credProtect, 1 byte, 1 to 3; default 3, where it is supported. set: creation */
#define CKA_VALETKEY_CRED_PROTECT VK_CKA(0x19)
/* CK_BBOOL, the credential has a hmac-secret; default CK_FALSE. set: creation */
#define CKA_VALETKEY_HMAC_SECRET VK_CKA(0x1A)
/* The model of the security key, 16 bytes. set: - */
#define CKA_VALETKEY_AAGUID VK_CKA(0x1B)
/* The attestation object of WebAuthn, bytes, and the clientDataJSON that its statement is of. set:
 * creation, of a browser's passkey; else - */
#define CKA_VALETKEY_ATTESTATION VK_CKA(0x1C)
#define CKA_VALETKEY_ATTESTATION_CLIENT_DATA VK_CKA(0x1D)
/* What the credential's credBlob holds: SHA-256 of the policy, 32 bytes. set: - */
#define CKA_VALETKEY_DEVICE_POLICY_DIGEST VK_CKA(0x1E)
/* Where the private key is, text: "token", "fido2" (on a security key), "remote" (with a browser
 * or another authenticator; the token only judges). set: - */
#define CKA_VALETKEY_HOME VK_CKA(0x1F)

/* Window of the policy: seconds since 1970, 8 bytes; VALID_UNTIL 0: no end. set: - */
#define CKA_VALETKEY_VALID_AFTER VK_CKA(0x20)
#define CKA_VALETKEY_VALID_UNTIL VK_CKA(0x21)
/* Gas rule: wei, 32 bytes. The paymaster it enforces, 20 bytes. set: - */
#define CKA_VALETKEY_GAS_ALLOWED VK_CKA(0x22)
#define CKA_VALETKEY_PAYMASTER VK_CKA(0x23)
/* Rate limit: operations, 8 bytes; seconds between them, 8 bytes; first time, 8 bytes. set: - */
#define CKA_VALETKEY_COUNT_ALLOWED VK_CKA(0x24)
#define CKA_VALETKEY_INTERVAL VK_CKA(0x25)
#define CKA_VALETKEY_START_AT VK_CKA(0x26)
/* Call rule: one a permission, in order: addresses (20 bytes each), selectors (4 bytes each), wei
 * (32 bytes each), call types (1 byte each). set: - */
#define CKA_VALETKEY_CALL_TARGETS VK_CKA(0x27)
#define CKA_VALETKEY_CALL_SELECTORS VK_CKA(0x28)
#define CKA_VALETKEY_CALL_VALUE_LIMITS VK_CKA(0x29)
#define CKA_VALETKEY_CALL_TYPES VK_CKA(0x2A)
/* Call rule: version text, "0.0.4". set: - */
#define CKA_VALETKEY_CALL_VERSION VK_CKA(0x2B)
/* Signature caller rule: addresses, 20 bytes each. set: - */
#define CKA_VALETKEY_ALLOWED_CALLERS VK_CKA(0x2C)
/* Session of a thirdweb account: addresses, 20 bytes each; wei for one call, 32 bytes. Its window
 * is in VALID_AFTER and VALID_UNTIL (the last second that is in it). set: - */
#define CKA_VALETKEY_APPROVED_TARGETS VK_CKA(0x2D)
#define CKA_VALETKEY_NATIVE_LIMIT VK_CKA(0x2E)

/* ---- Grants of a session key, one entry a grant in the order in which they were made ---- */

/* Chain ids, 8 bytes each. set: - */
#define CKA_VALETKEY_CHAIN_IDS VK_CKA(0x30)
/* Accounts, 20 bytes each. A search for one account finds every key that has a grant for it.
 * set: - */
#define CKA_VALETKEY_ACCOUNTS VK_CKA(0x31)
/* EntryPoints, 20 bytes each. set: - */
#define CKA_VALETKEY_ENTRY_POINTS VK_CKA(0x32)
/* Kernel versions, or "thirdweb", text, separated by commas. set: - */
#define CKA_VALETKEY_KERNEL_VERSIONS VK_CKA(0x33)
/* What the key is to the account, text, separated by commas: "permission", "plugin", "owner",
 * "thirdweb" (see valetkey/grant.h). set: - */
#define CKA_VALETKEY_GRANT_KINDS VK_CKA(0x34)
/* Who keeps the key to its policy, text, separated by commas: "account", or "token" where the
 * account has no permission plug-in: whoever has another copy of the key is not bound then.
 * set: - */
#define CKA_VALETKEY_KEPT_BY VK_CKA(0x35)
/* The same in sentences, one line a grant. set: - */
#define CKA_VALETKEY_KEPT_BY_TEXT VK_CKA(0x36)

/* ---- Live state, one entry a grant ---- */

/* Gas left: wei, 32 bytes each. set: - */
#define CKA_VALETKEY_GAS_LEFT VK_CKA(0x38)
/* Operations left: 8 bytes each. set: - */
#define CKA_VALETKEY_COUNT_LEFT VK_CKA(0x39)
/* The earliest time of the next operation: seconds since 1970, 8 bytes each. set: - */
#define CKA_VALETKEY_NEXT_TIME VK_CKA(0x3A)
/* Rules' memory for tools, JSON, one member a grant, in each one a member of rules for every rule:
 * [{"chainId":31337,"account":"0x..","entryPoint":"0x..","permissionId":"0x..",
 *   "installed":true|false,"enabled":true|false,"enableNonce":"0x..",
 *   "rules":[{"spent":"<decimal wei>","used":N,"window":N},...]}].
 * Chain ids, used and window are JSON numbers, spent is decimal text, hex is in lower case. set: -
 */
#define CKA_VALETKEY_STATE VK_CKA(0x3B)
/* Why the last refused operation was refused, text: "rule: reason"; empty when none was. Also what
 * C_SignInit refuses with CKR_KEY_FUNCTION_NOT_PERMITTED, and a key that fails its integrity check
 * ("integrity: ..."), and what a security key did not sign ("device: ...", "touch: ..."); not what
 * is malformed. Behind the reason stand " (hardening rule NAME)" where valetkey is stricter than
 * the chain, and " (account 0x... on chain N)" of a key with several grants. On a token that cannot
 * be written the process that was refused reads its own. set: - */
#define CKA_VALETKEY_LAST_DENIAL VK_CKA(0x3C)
/* The SO's spend rules that name the grants, as they stand now, JSON, one member a grant, in each
 * one a member of rules for every rule:
 * [{"chainId":31337,"account":"0x..","entryPoint":"0x..","permissionId":"0x..",
 *   "rules":[{"name":"daily","token":"0x..","limit":"<decimal>","period":86400,
 *             "open":"<decimal>","included":"<decimal>"},...]}].
 * A rule about native value has no token. Amounts are in the asset's smallest unit: open, of
 * operations of which nobody knows whether they are on the chain; included, in the period that ends
 * now. period is in seconds. Under a grant that is named messages are refused, and so are digests
 * of a key with one. set: - (valetkey spend) */
#define CKA_VALETKEY_SPENDS VK_CKA(0x3D)

/* ---- The token ---- */

/* Hardening rules that the SO turned off on the key's token, text, separated by commas:
 * "open-signature,unknown-caller"; empty when none is. set: - (valetkey token set) */
#define CKA_VALETKEY_RELAXED VK_CKA(0x40)

/* ---- Logins with a passkey server ---- */

/* P-256: CK_BBOOL, does the key answer logins (CKM_VALETKEY_PASSKEY_LOGIN) although it has a grant?
 * Without a grant it does in any case. Default CK_FALSE. set: by the SO, through a valetkey-logins
 * data object. */
#define CKA_VALETKEY_LOGIN_ALLOWED VK_CKA(0x41)

/*
 * The step-up rule of a key in software: when it wants a touch of a security key before it signs,
 * JSON of at most 64 KiB:
 * {"device":{"name":"..","rpId":"..","credentialId":"0x..","publicKey":"0x04..","verified":true},
 *  "above":"<decimal wei>","unless":{"name":"..","policies":[<call rules, policyParams>]}}
 * verified may be left out (false: whoever touches), and one of above and unless: a touch where the
 * calls of an operation move more native value in all, and unless they all satisfy every one of
 * these rules. Messages, logins, bare digests, and calls that cannot be read always want the touch.
 * C_Sign asks for it when its verdict is yes, before anything is spent; a length query does not.
 * CKR_FUNCTION_REJECTED with CKA_VALETKEY_LAST_DENIAL "touch: ..." if it was declined,
 * CKR_FUNCTION_CANCELED if it did not come in time or was cancelled (C_SessionCancel, C_Finalize),
 * CKR_DEVICE_REMOVED if the security key is not plugged in, CKR_FUNCTION_FAILED if another program
 * uses one that may be it. A key with a rule is in the journal, under sudo too, and agrees on no
 * secrets (CKM_ECDH1_DERIVE). set: creation; later by the SO through a valetkey-step-up data object
 */
#define CKA_VALETKEY_STEP_UP VK_CKA(0x43)

/* ---- Operations that wait to be signed as digests ---- */

/* userOpHash of the operation, 32 bytes, on each of its three data objects. set: - */
#define CKA_VALETKEY_USEROP_HASH VK_CKA(0x50)

/* ---- Passkeys of browsers ---- */

/*
 * C_CreateObject of a CKO_PUBLIC_KEY token object (user login) with CKA_VALETKEY_ATTESTATION brings
 * in a passkey that a browser, or another authenticator, has made. The template has the answer of
 * navigator.credentials.create(), CKA_VALETKEY_ATTESTATION and
 * CKA_VALETKEY_ATTESTATION_CLIENT_DATA, and what was asked for: CKA_VALETKEY_RP_ID,
 * CKA_VALETKEY_ORIGIN and the challenge; and, if wanted, CKA_VALETKEY_POLICY. The token verifies
 * the registration itself: type, challenge, origin, rpId, flags UP and UV, the attestation
 * statement; point and credential id are those of the attestation. CKR_ATTRIBUTE_VALUE_INVALID for
 * one that does not hold, and nothing is kept of it; CKR_ACTION_PROHIBITED for a flag that is
 * missing.
 *
 * Such a key has a public half alone: CKA_VALETKEY_HOME is "remote". It has policy, grants, budgets
 * and live state like any other, all of them readable on the public object, and signs by
 * CKM_VALETKEY_USEROP_ASSERTION alone. C_DestroyObject of it removes the grants as well (user
 * login).
 */
/* The challenge of the registration, 16 to 1024 bytes; also of a server that wants to see the
 * attestation of a key that C_GenerateKeyPair makes on a security key, where a random one is the
 * default. It is in CKA_VALETKEY_ATTESTATION_CLIENT_DATA. Not readable. set: creation */
#define CKA_VALETKEY_REGISTRATION_CHALLENGE VK_CKA(0x60)
/* Whom to believe: certificates in DER, one behind another, at most 16. With them, the attestation
 * must chain to one of them. Not kept, not readable. set: creation */
#define CKA_VALETKEY_TRUST_ANCHORS VK_CKA(0x61)

/* ---- Mechanisms ---- */

/* C_Sign takes a UserOperation (JSON or ABI) and gives the finished signature field. */
#define CKM_VALETKEY_USEROP VK_CKM(1)
/* The same decision; gives only the session key's part: 0xff and the signer's bytes. */
#define CKM_VALETKEY_USEROP_SESSION VK_CKM(2)
/*
 * C_Sign takes a message and gives the account's signature of it (ERC-1271), for a key with one
 * grant: a text, which is the bytes as they are, whatever they look like (EIP-191); or EIP-712
 * JSON (types, domain, primaryType, message). The token parses and hashes them itself. Under a
 * grant of another kind than "permission" it signs none.
 */
#define CKM_VALETKEY_MESSAGE VK_CKM(3)
#define CKM_VALETKEY_TYPED_DATA VK_CKM(4)
/* C_Digest: Keccak-256. */
#define CKM_VALETKEY_KECCAK256 VK_CKM(5)
/* The same as 3 and 4 for a key with any number of grants; JSON says which of them is meant:
 * {"chainId":N,"account":"0x..","message":"text" | {"raw":"0x.."}} or, instead of message,
 * "typedData":{...}. "deployed":false wraps the signature as ERC-6492 does, "replayable":true makes
 * it good on every chain. */
#define CKM_VALETKEY_MESSAGE_REQUEST VK_CKM(6)
/*
 * C_Sign, with the public key of a browser's passkey (user login), takes an operation and the
 * assertion that the browser made for it, and gives the finished signature field. JSON, at most
 * 1280 KiB, these members and no others, none twice:
 * {"chainId":N,"entryPoint":"0x..","userOp":{...},
 *  "assertion":{"authenticatorData":B,"clientDataJSON":B,"signature":B}}
 * where B is "0x.." hex, or base64url without padding as browsers write it; the signature is in
 * DER. The challenge of the assertion is the operation's userOpHash. The token verifies the
 * assertion as the relying party (type, challenge, origin, rpId, flags UP and UV, signature) and as
 * the chain will, then judges the operation, reserves the budget and writes the journal as for
 * CKM_VALETKEY_USEROP. CKR_FUNCTION_REJECTED for what does not hold: CKA_VALETKEY_LAST_DENIAL has
 * the rule "assertion" then, or "signCount" where an authenticator that counts does not count
 * higher than before.
 */
#define CKM_VALETKEY_USEROP_ASSERTION VK_CKM(7)
/*
 * C_Sign answers the challenge of a server that asks who one is, with a P-256 key of a token or a
 * security key. It takes
 *   {"challenge":"<base64url, 16 to 1024 bytes>","rpId":"..."[,"origin":"..."]}
 * with the rpId, and the origin if it is there, of the key, and gives
 *   {"authenticatorData":"0x..","clientDataJSON":"..","signature":"0x<DER>"}
 * No account takes the assertion for an operation's, whatever the challenge is: the client data has
 * the origin where the contracts look for the challenge. A key with a grant answers only if the SO
 * allowed it (CKA_VALETKEY_LOGIN_ALLOWED). The length that is told beforehand is the longest that
 * the answer can have. CKR_KEY_TYPE_INCONSISTENT for another curve.
 */
#define CKM_VALETKEY_PASSKEY_LOGIN VK_CKM(8)

/* ---- CKA_APPLICATION texts of data objects ---- */

/* The policy of the key with the same label. The SO may create one until the first grant. */
#define VK_APPLICATION_POLICY "valetkey-policy"
/* "allowed" or "refused": does the key with the same label answer logins when it has a grant? The
 * SO may create one at any time; the newest counts. */
#define VK_APPLICATION_LOGINS "valetkey-logins"
/* The step-up rule of the key with the same label and CKA_ID. The SO may create one at any time,
 * which takes the place of the one that is there, and destroy it. */
#define VK_APPLICATION_STEP_UP "valetkey-step-up"
/* A grant, JSON (see valetkey/grant.h). The user may create one: it is checked first. */
#define VK_APPLICATION_GRANT "valetkey-grant"
/* The serialized account of a grant of a permission, the SDK's text. Read-only. */
#define VK_APPLICATION_ACCOUNT "valetkey-account"

/*
 * A smart account for which sessions are made, JSON (see valetkey/smart_account.h): an ordinary
 * public data object whose CKA_LABEL is the account's name. The module takes any value: whoever
 * reads it computes it again with vk_smart_account_read.
 */
#define VK_APPLICATION_SMART_ACCOUNT "valetkey-smart-account"

/*
 * The standard way, for clients without vendor mechanisms. The user writes an operation (JSON or
 * ABI, at most 128 KiB) as a token object with CKA_APPLICATION valetkey-userop and the CKA_LABEL of
 * the key, its CKA_ID (needed where keys share a label), or both. C_CreateObject judges it:
 * CKR_FUNCTION_REJECTED, and CKA_VALETKEY_LAST_DENIAL of the key says why, or the operation waits,
 * for 60 seconds, until CKM_ECDSA signs its digest with that key, once. The verdict is repeated and
 * the budget reserved then; until then nothing is spent. At most 64 operations of a key wait
 * (CKR_DEVICE_MEMORY). The newest is found first.
 *
 * All objects of an operation are private, have the label and CKA_ID of the key, the CKA_OBJECT_ID
 * that the operation was written with, if any, and CKA_VALETKEY_USEROP_HASH. They are gone when the
 * digest is signed, or the time over; destroying one of them takes the operation back.
 */
/* The operation as it was written. */
#define VK_APPLICATION_USEROP "valetkey-userop"
/* The 32 bytes that CKM_ECDSA signs: EIP-191 hash of the userOpHash; P-256: SHA-256 of
 * authenticatorData and SHA-256 of clientDataJSON. Read-only. */
#define VK_APPLICATION_DIGEST "valetkey-digest"
/* P-256: what the digest is of, {"authenticatorData":"0x...","clientDataJSON":"..."}. Under
 * CKA_VALETKEY_USE_SIGN_COUNT its count is above those of the operations that were written before,
 * so they are to be signed in that order. Read-only. */
#define VK_APPLICATION_ASSERTION "valetkey-assertion"

/*
 * What a bundler says became of an operation, JSON (see valetkey/receipt.h), for the journal. The
 * user writes it, with the CKA_LABEL of the key that signed the operation, its CKA_ID, or both, and
 * C_CreateObject adds a record, once for each operation: the same again changes nothing, and what
 * says something else of it is CKR_ACTION_PROHIBITED. CKR_TEMPLATE_INCONSISTENT: the journal has no
 * record that the key signed it (it may have dropped it); CKR_ATTRIBUTE_VALUE_INVALID: the JSON is
 * wrong, or was signed for another account or chain. Where the key's signatures are not journaled,
 * neither is this: CKR_OK, and no record.
 *
 * The record is what stays. The object that comes back is the session's, whatever CKA_TOKEN said
 * (CK_TRUE needs a read/write session): destroy it. A receipt gives no budget back and settles
 * nothing, since a bundler may lie.
 */
#define VK_APPLICATION_RECEIPT "valetkey-receipt"

#endif
