#!/usr/bin/env node
// Signs an operation with the token's own mechanism (pkcs11js).
//
// vendor-way.mjs MODULE TOKEN LABEL OPERATION-FILE <PIN-FILE
// prints the finished signature, in 0x hex.
import { readFileSync } from "node:fs";
import pkcs11js from "pkcs11js";

const CKM_VALETKEY_USEROP = 0x80564b01;
const LONGEST = 64 * 1024; // in enable mode a signature has the policy in it
const [path, token, label, operation] = process.argv.slice(2);
const pin = readFileSync(0, "utf8").split("\n")[0];
const pkcs11 = new pkcs11js.PKCS11();
pkcs11.load(path);
pkcs11.C_Initialize();
try {
    const slot = pkcs11
        .C_GetSlotList(true)
        .find((s) => pkcs11.C_GetTokenInfo(s).label.trimEnd() === token);
    const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
    const session = pkcs11.C_OpenSession(slot, flags);
    pkcs11.C_Login(session, pkcs11js.CKU_USER, pin);
    pkcs11.C_FindObjectsInit(session, [
        { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
        { type: pkcs11js.CKA_LABEL, value: label },
    ]);
    const key = pkcs11.C_FindObjects(session, 1)[0];
    pkcs11.C_FindObjectsFinal(session);
    pkcs11.C_SignInit(session, { mechanism: CKM_VALETKEY_USEROP }, key);
    const signature = pkcs11.C_Sign(session, readFileSync(operation), Buffer.alloc(LONGEST));
    console.log(`0x${signature.toString("hex")}`);
    pkcs11.C_Logout(session);
    pkcs11.C_CloseSession(session);
} finally {
    pkcs11.C_Finalize();
}
