#!/usr/bin/env python3
"""Signs an operation with the token's own mechanism (PyKCS11).

vendor-way.py MODULE TOKEN LABEL OPERATION-FILE <PIN-FILE
prints the finished signature, in 0x hex.
"""
import sys

import PyKCS11 as p11

CKM_VALETKEY_USEROP = 0x80564B01


def main(module, token, label, operation):
    pin = sys.stdin.readline().rstrip("\n")
    lib = p11.PyKCS11Lib()
    lib.load(module)
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.rstrip() == token)
    session = lib.openSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login(pin)
    key = session.findObjects([(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), (p11.CKA_LABEL, label)])[0]
    with open(operation, "rb") as file:
        signature = session.sign(key, file.read(), p11.Mechanism(CKM_VALETKEY_USEROP))
    print("0x" + bytes(signature).hex())
    session.logout()
    session.closeSession()


if __name__ == "__main__":
    main(*sys.argv[1:])
