"""What a PyKCS11 program does with keys. pykcs11.py MODULE <PIN"""
import sys

import PyKCS11 as p11

CURVES = {"secp256k1": bytes.fromhex("06052b8104000a"),
          "P-256": bytes.fromhex("06082a8648ce3d030107")}


def generate(session, label, params):
    public = [(p11.CKA_CLASS, p11.CKO_PUBLIC_KEY), (p11.CKA_KEY_TYPE, p11.CKK_ECDSA),
              (p11.CKA_TOKEN, p11.CK_TRUE), (p11.CKA_VERIFY, p11.CK_TRUE),
              (p11.CKA_EC_PARAMS, params), (p11.CKA_LABEL, label), (p11.CKA_ID, label.encode())]
    private = [(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), (p11.CKA_KEY_TYPE, p11.CKK_ECDSA),
               (p11.CKA_TOKEN, p11.CK_TRUE), (p11.CKA_PRIVATE, p11.CK_TRUE),
               (p11.CKA_SENSITIVE, p11.CK_TRUE), (p11.CKA_SIGN, p11.CK_TRUE),
               (p11.CKA_LABEL, label), (p11.CKA_ID, label.encode())]
    return session.generateKeyPair(public, private, p11.MechanismECGENERATEKEYPAIR)


def attempt(session, label, params):
    public, private = generate(session, label, params)
    digest = bytes(session.digest(b"to be signed", p11.Mechanism(p11.CKM_SHA256)))
    ecdsa = p11.Mechanism(p11.CKM_ECDSA)
    signature = session.sign(private, digest, ecdsa)
    assert len(signature) == 64
    assert session.verify(public, digest, signature, ecdsa)
    assert not session.verify(public, digest, bytes(signature)[::-1], ecdsa)
    signature = session.sign(private, b"to be signed", p11.Mechanism(p11.CKM_ECDSA_SHA256))
    assert session.verify(public, digest, signature, ecdsa)
    assert session.getAttributeValue(private, [p11.CKA_SENSITIVE, p11.CKA_EXTRACTABLE]) == [1, 0]
    assert session.getAttributeValue(private, [p11.CKA_VALUE]) == [None]  # not to be read
    for key in (public, private):
        session.destroyObject(key)
    assert session.findObjects([(p11.CKA_LABEL, label)]) == []


def main(module):
    lib = p11.PyKCS11Lib()
    lib.load(module)
    session = lib.openSession(lib.getSlotList(tokenPresent=True)[0],
                              p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login(sys.stdin.readline().rstrip("\n"))
    assert len(bytes(session.generateRandom(32))) == 32
    for label, params in CURVES.items():
        attempt(session, label, params)
    session.logout()
    print("both curves: made, used, verified and deleted keys; private keys stayed unread")


if __name__ == "__main__":
    main(sys.argv[1])
