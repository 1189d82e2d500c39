// What a pkcs11js program does with keys. pkcs11js.mjs MODULE <PIN
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import pkcs11js from "pkcs11js";

const curves = { secp256k1: "06052b8104000a", "P-256": "06082a8648ce3d030107" };
const pkcs11 = new pkcs11js.PKCS11();
const c = pkcs11js;

function generate(session, label, params) {
    const both = [
        { type: c.CKA_KEY_TYPE, value: c.CKK_EC },
        { type: c.CKA_TOKEN, value: true },
        { type: c.CKA_LABEL, value: label },
    ];
    return pkcs11.C_GenerateKeyPair(
        session,
        { mechanism: c.CKM_EC_KEY_PAIR_GEN, parameter: null },
        [
            { type: c.CKA_CLASS, value: c.CKO_PUBLIC_KEY },
            { type: c.CKA_VERIFY, value: true },
            { type: c.CKA_EC_PARAMS, value: Buffer.from(params, "hex") },
            ...both,
        ],
        [
            { type: c.CKA_CLASS, value: c.CKO_PRIVATE_KEY },
            { type: c.CKA_PRIVATE, value: true },
            { type: c.CKA_SENSITIVE, value: true },
            { type: c.CKA_SIGN, value: true },
            ...both,
        ],
    );
}

function find(session, label) {
    pkcs11.C_FindObjectsInit(session, [{ type: c.CKA_LABEL, value: label }]);
    const found = pkcs11.C_FindObjects(session, 10);
    pkcs11.C_FindObjectsFinal(session);
    return found;
}

function attempt(session, label, params) {
    const { publicKey, privateKey } = generate(session, label, params);
    const digest = createHash("sha256").update("to be signed").digest();
    pkcs11.C_SignInit(session, { mechanism: c.CKM_ECDSA }, privateKey);
    const signature = pkcs11.C_Sign(session, digest, Buffer.alloc(64));
    assert.equal(signature.length, 64);
    pkcs11.C_VerifyInit(session, { mechanism: c.CKM_ECDSA }, publicKey);
    assert.ok(pkcs11.C_Verify(session, digest, signature));
    signature[40] ^= 1;
    pkcs11.C_VerifyInit(session, { mechanism: c.CKM_ECDSA }, publicKey);
    assert.throws(() => pkcs11.C_Verify(session, digest, signature), /CKR_SIGNATURE_INVALID/);
    assert.throws(
        () => pkcs11.C_GetAttributeValue(session, privateKey, [{ type: c.CKA_VALUE }]),
        /CKR_ATTRIBUTE_SENSITIVE/,
    );
    pkcs11.C_DestroyObject(session, publicKey);
    pkcs11.C_DestroyObject(session, privateKey);
    assert.deepEqual(find(session, label), []);
}

pkcs11.load(process.argv[2]);
pkcs11.C_Initialize();
try {
    const slot = pkcs11.C_GetSlotList(true)[0];
    const session = pkcs11.C_OpenSession(slot, c.CKF_SERIAL_SESSION | c.CKF_RW_SESSION);
    pkcs11.C_Login(session, c.CKU_USER, readFileSync(0, "utf8").split("\n")[0]);
    for (const [label, params] of Object.entries(curves)) {
        attempt(session, label, params);
    }
    console.log("both curves: made, used, verified and deleted keys; private keys stayed unread");
} finally {
    pkcs11.C_Finalize();
}
