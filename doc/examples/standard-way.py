#!/usr/bin/env python3
"""Signs an operation with nothing but standard PKCS#11 (PyKCS11).

standard-way.py MODULE TOKEN LABEL OPERATION-FILE <PIN-FILE
prints {"signature":"0x<r and s>","assertion":{...} or null} for "valetkey userop attach".
"""
import json
import os
import sys

import PyKCS11 as p11


def main(module, token, label, operation):
    pin = sys.stdin.readline().rstrip("\n")
    lib = p11.PyKCS11Lib()
    lib.load(module)
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.rstrip() == token)
    session = lib.openSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login(pin)
    tag = os.urandom(16)  # tells our objects from those of other operations
    with open(operation, "rb") as file:
        session.createObject([
            (p11.CKA_CLASS, p11.CKO_DATA),
            (p11.CKA_TOKEN, p11.CK_TRUE),
            (p11.CKA_APPLICATION, "valetkey-userop"),
            (p11.CKA_LABEL, label),
            (p11.CKA_OBJECT_ID, tag),
            (p11.CKA_VALUE, file.read()),
        ])

    def value(application):
        found = session.findObjects([(p11.CKA_CLASS, p11.CKO_DATA),
                                     (p11.CKA_APPLICATION, application),
                                     (p11.CKA_OBJECT_ID, tag)])
        return bytes(session.getAttributeValue(found[0], [p11.CKA_VALUE])[0]) if found else None

    digest, assertion = value("valetkey-digest"), value("valetkey-assertion")
    key = session.findObjects([(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), (p11.CKA_LABEL, label)])[0]
    signature = bytes(session.sign(key, digest, p11.Mechanism(p11.CKM_ECDSA)))
    print(json.dumps({"signature": "0x" + signature.hex(),
                      "assertion": assertion and json.loads(assertion)}))
    session.logout()
    session.closeSession()


if __name__ == "__main__":
    main(*sys.argv[1:])
