#!/usr/bin/python3
"""python3-fido2 0.9.1 as a second client of the authenticator: independent of libfido2, and strict
about canonical CBOR (it encodes every reply anew and compares).

python_client.py SOCKET pin1|pin2|x5c|uv: what is tried; pin1 and pin2 are the PIN protocols, and
want a fresh authenticator without a PIN, x5c one with an attestation certificate and the PIN 1234,
uv one with built-in verification that succeeds. Each step says what was seen; exit status 0 only if
all of it was right.
"""

import hashlib
import os
import socket
import sys
import threading

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.attestation import AttestationType, PackedAttestation
from fido2.cose import ES256
from fido2.ctap import CtapError
from fido2.ctap2.base import AuthenticatorData, Ctap2
from fido2.ctap2.blob import LargeBlobs
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

REPORT = 64
RP = "valetkey.test"
PARAMS = [{"type": "public-key", "alg": -7}]
PIN = "1234"
ERR = CtapError.ERR
PERMISSION = ClientPin.PERMISSION
RESULT = CredentialManagement.RESULT
FLAG = AuthenticatorData.FLAG


class SocketConnection(CtapHidConnection):
    """One CTAPHID report a packet."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self.socket.settimeout(30)

    def read_packet(self):
        packet = self.socket.recv(REPORT + 1)
        if len(packet) != REPORT:
            raise OSError("a packet of %d bytes" % len(packet))
        return packet

    def write_packet(self, data):
        if self.socket.send(data) != REPORT:
            raise OSError("a packet was not sent whole")

    def close(self):
        self.socket.close()


def open_device(path):
    return CtapHidDevice(HidDescriptor(path, 0, 0, REPORT, REPORT), SocketConnection(path))


# ---- Assertions about what is seen ----


def say(text):
    print(text, flush=True)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_equal(got, wanted, what):
    check(got == wanted, "%s: %r, not %r" % (what, got, wanted))


def check_error(code, what, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except CtapError as error:
        check_equal(error.code, code, what)
        return
    raise AssertionError("%s: no error, not %r" % (what, code))


# ---- Operations ----


class Client:
    def __init__(self, path, protocol=None):
        self.path = path
        self.device = open_device(path)
        self.ctap = Ctap2(self.device)
        self.pin = None
        if "clientPin" in self.ctap.info.options:
            self.pin = ClientPin(self.ctap, protocol)

    def reload(self):
        """getInfo anew: it tells what has changed."""
        self.ctap._info = self.ctap.get_info()

    def auth(self, challenge, permission, rp=RP):
        """The members that show that the user is verified."""
        token = self.pin.get_pin_token(PIN, permission, rp)
        return {
            "pin_uv_protocol": self.pin.protocol.VERSION,
            "pin_uv_param": self.pin.protocol.authenticate(token, challenge),
        }

    def make(self, user, rp=RP, rk=False, extensions=None, exclude=None, verified=True, **more):
        challenge = os.urandom(32)
        if verified:
            more.update(self.auth(challenge, PERMISSION.MAKE_CREDENTIAL, rp))
        options = more.pop("options", {})
        if rk:
            options["rk"] = True
        made = self.ctap.make_credential(
            challenge,
            {"id": rp, "name": "Valetkey"},
            {"id": user, "name": user.decode(), "displayName": "A user"},
            PARAMS,
            exclude,
            extensions,
            options or None,
            **more
        )
        data = made.auth_data
        check_equal(made.fmt, "packed", "format")
        check_equal(data.rp_id_hash, hashlib.sha256(rp.encode()).digest(), "rpIdHash")
        check(data.flags & FLAG.USER_PRESENT and data.flags & FLAG.ATTESTED, "flags")
        check_equal(data.credential_data.aaguid, self.ctap.info.aaguid, "aaguid")
        result = PackedAttestation().verify(made.att_statement, data, challenge)
        made.result = result
        return made

    def get(self, allow=None, rp=RP, extensions=None, verified=True, **more):
        """All assertions, in their order; checked but for their signatures."""
        self.challenge = os.urandom(32)
        if verified:
            more.update(self.auth(self.challenge, PERMISSION.GET_ASSERTION, rp))
        given = self.ctap.get_assertions(rp, self.challenge, allow, extensions, **more)
        for one in given:
            check_equal(one.auth_data.rp_id_hash, hashlib.sha256(rp.encode()).digest(), "rpIdHash")
        return given

    def check_signature(self, one, made):
        """It is this credential's, and of nothing else."""
        data = made.auth_data.credential_data
        check_equal(one.credential["id"], data.credential_id, "credential")
        one.verify(self.challenge, data.public_key)
        try:
            one.verify(b"\0" * 32, data.public_key)
        except InvalidSignature:
            return
        raise AssertionError("the signature is good for another challenge")


def descriptor(made):
    return {"type": "public-key", "id": made.auth_data.credential_data.credential_id}


# ---- Steps ----


def try_info(client):
    info = client.ctap.info
    check("FIDO_2_1" in info.versions and "FIDO_2_0" in info.versions, "versions")
    for name in "credProtect", "hmac-secret", "credBlob", "largeBlobKey", "minPinLength":
        check(name in info.extensions, name)
    for name in "rk", "up", "credMgmt", "largeBlobs", "pinUvAuthToken", "makeCredUvNotRqd":
        check_equal(info.options.get(name), True, name)
    check_equal(info.options.get("clientPin"), False, "clientPin")
    check_equal(info.pin_uv_protocols, [2, 1], "PIN protocols")
    check_equal(info.max_cred_blob_length, 32, "maxCredBlobLength")
    check_equal(info.min_pin_length, 4, "minPINLength")
    check_equal(info.remaining_disc_creds, 25, "remainingDiscoverableCredentials")
    check_equal(cbor.encode(cbor.decode(bytes(info))), bytes(info), "canonical CBOR")
    check_equal(client.device.ping(b"p" * 300), b"p" * 300, "ping")
    client.device.wink()
    say("getInfo: %d members, canonical; ping and wink" % len(info.data))


def try_pin(client):
    pin = client.pin
    check_error(ERR.PIN_NOT_SET, "no PIN", pin.get_pin_token, PIN, PERMISSION.GET_ASSERTION, RP)
    pin.set_pin("0000")
    client.reload()
    check_equal(client.ctap.info.options["clientPin"], True, "clientPin")
    check_error(ERR.PIN_AUTH_INVALID, "second first PIN", pin.set_pin, PIN)
    check_equal(pin.get_pin_retries()[0], 8, "retries")
    check_error(ERR.PIN_INVALID, "wrong PIN", pin.get_pin_token, "9999",
                PERMISSION.GET_ASSERTION, RP)
    check_error(ERR.PIN_INVALID, "wrong PIN", pin.change_pin, "9999", PIN)
    check_equal(pin.get_pin_retries()[0], 6, "retries")
    check_equal(pin.get_pin_retries()[1] or False, False, "power cycle")
    pin.change_pin("0000", PIN)
    check_equal(len(pin.get_pin_token(PIN, PERMISSION.GET_ASSERTION, RP)), 32, "token")
    check_equal(pin.get_pin_retries()[0], 8, "retries")
    say("PIN, protocol %d: set, changed, counted" % pin.protocol.VERSION)


def try_make(client):
    plain = client.make(b"plain")
    check_equal(plain.auth_data.flags, FLAG.USER_PRESENT | FLAG.USER_VERIFIED | FLAG.ATTESTED,
                "flags")
    check_equal(plain.auth_data.extensions, None, "extensions")
    check_equal(plain.result.attestation_type, AttestationType.SELF, "attestation")
    check(ES256.ALGORITHM == plain.auth_data.credential_data.public_key[3], "ES256")
    unverified = client.make(b"unverified", verified=False)
    check_equal(unverified.auth_data.flags & FLAG.USER_VERIFIED, 0, "flag UV")
    check_error(ERR.PIN_REQUIRED, "rk without a token", client.make, b"x", rk=True, verified=False)
    check_error(ERR.CREDENTIAL_EXCLUDED, "excluded", client.make, b"x", exclude=[descriptor(plain)])
    stranger = {"type": "public-key", "id": os.urandom(64)}
    client.make(b"plain", exclude=[stranger])
    check_error(ERR.UNSUPPORTED_ALGORITHM, "RS256", client.ctap.make_credential, b"\0" * 32,
                {"id": RP}, {"id": b"u"}, [{"type": "public-key", "alg": -257}])
    check_error(ERR.PIN_AUTH_INVALID, "a token of another rpId", client.ctap.make_credential,
                b"\0" * 32, {"id": RP}, {"id": b"u"}, PARAMS,
                **client.auth(b"\0" * 32, PERMISSION.MAKE_CREDENTIAL, "another.test"))
    check_error(ERR.PIN_AUTH_INVALID, "a token for assertions", client.ctap.make_credential,
                b"\0" * 32, {"id": RP}, {"id": b"u"}, PARAMS,
                **client.auth(b"\0" * 32, PERMISSION.GET_ASSERTION))
    say("makeCredential: attested, excluded, refused without the right token")
    return plain


def try_get(client, plain):
    one, = client.get([descriptor(plain)])
    client.check_signature(one, plain)
    check_equal(one.auth_data.flags, FLAG.USER_PRESENT | FLAG.USER_VERIFIED, "flags")
    count = one.auth_data.counter
    check(count > plain.auth_data.counter, "counter")
    one, = client.get([{"type": "public-key", "id": os.urandom(64)}, descriptor(plain)])
    client.check_signature(one, plain)
    check(one.auth_data.counter > count, "counter")
    one, = client.get([descriptor(plain)], verified=False)
    check_equal(one.auth_data.flags, FLAG.USER_PRESENT, "flags")
    one, = client.get([descriptor(plain)], verified=False, options={"up": False})
    check_equal(one.auth_data.flags, 0, "flags")
    client.check_signature(one, plain)
    check_error(ERR.NO_CREDENTIALS, "another rpId", client.get, [descriptor(plain)],
                rp="another.test")
    check_error(ERR.NO_CREDENTIALS, "nothing discoverable", client.get)
    check_error(ERR.NOT_ALLOWED, "getNextAssertion", client.ctap.get_next_assertion)
    say("getAssertion: verified in Python; flags and counter as asked")


def try_accounts(client):
    """Several accounts at one relying party: the newest comes first."""
    made = [client.make(b"user-%d" % i, rk=True) for i in range(3)]
    given = client.get()
    check_equal(given[0].number_of_credentials, 3, "numberOfCredentials")
    for i, one in enumerate(given):
        client.check_signature(one, made[2 - i])
        check_equal(one.user["id"], b"user-%d" % (2 - i), "user")
        check_equal(one.user["name"], "user-%d" % (2 - i), "user's name")
    for one in client.get(verified=False):
        check_equal(sorted(one.user), ["id"], "what is shown without verification")
    again = client.make(b"user-1", rk=True)
    check_equal(len(client.get()), 3, "one of the same user is replaced")
    check_error(ERR.NO_CREDENTIALS, "the replaced one", client.get, [descriptor(made[1])])
    one, = client.get([descriptor(again)])
    client.check_signature(one, again)
    say("discoverable credentials: three accounts, one replaced")
    return [made[0], again, made[2]]


def try_protect(client):
    """credProtect: what is found without verification, with its id and without."""
    found = []
    for level in 1, 2, 3:
        rp = "protect-%d.test" % level
        made = client.make(b"u", rp, rk=True, extensions={"credProtect": level})
        check_equal(made.auth_data.extensions, {"credProtect": level}, "credProtect")
        for allow in None, [descriptor(made)]:
            try:
                client.check_signature(client.get(allow, rp, verified=False)[0], made)
                found.append(True)
            except CtapError as error:
                check_equal(error.code, ERR.NO_CREDENTIALS, "credProtect")
                found.append(False)
        client.check_signature(client.get(None, rp)[0], made)
    check_equal(found, [True, True, False, True, False, False], "credProtect")
    say("credProtect: levels 1 to 3")


def try_blob(client):
    blob = os.urandom(32)
    made = client.make(b"u", "blob.test", rk=True, extensions={"credBlob": blob})
    check_equal(made.auth_data.extensions, {"credBlob": True}, "credBlob")
    one, = client.get(None, "blob.test", {"credBlob": True})
    check_equal(one.auth_data.extensions, {"credBlob": blob}, "credBlob")
    client.check_signature(one, made)
    made = client.make(b"v", "blob.test", rk=True, extensions={"credBlob": os.urandom(33)})
    check_equal(made.auth_data.extensions, {"credBlob": False}, "credBlob of 33 bytes")
    say("credBlob: 32 bytes kept and signed, 33 refused")


def get_secrets(client, made, salts, verified):
    extension = HmacSecretExtension(client.ctap, client.pin.protocol)
    wanted = extension.process_get_input({"hmacGetSecret": salts})
    one, = client.get([descriptor(made)], extensions={"hmac-secret": wanted}, verified=verified)
    client.check_signature(one, made)
    return extension.process_get_output(one.auth_data)["hmacGetSecret"]


def try_secrets(client):
    made = client.make(b"u", extensions={"hmac-secret": True})
    check_equal(made.auth_data.extensions, {"hmac-secret": True}, "hmac-secret")
    salt1, salt2 = os.urandom(32), os.urandom(32)
    one = get_secrets(client, made, {"salt1": salt1}, True)
    two = get_secrets(client, made, {"salt1": salt2, "salt2": salt1}, True)
    check_equal(sorted(one), ["output1"], "outputs for one salt")
    check_equal([len(two["output1"]), len(two["output2"])], [32, 32], "outputs for two salts")
    check_equal(one["output1"], two["output2"], "the same salt")
    check(two["output1"] != two["output2"], "another salt")
    unverified = get_secrets(client, made, {"salt1": salt1}, False)
    check(unverified["output1"] != one["output1"], "the secret without verification is another")
    other = client.make(b"v", extensions={"hmac-secret": True})
    check(get_secrets(client, other, {"salt1": salt1}, True) != one, "of another credential")
    bare = client.make(b"w")
    extension = HmacSecretExtension(client.ctap, client.pin.protocol)
    wanted = extension.process_get_input({"hmacGetSecret": {"salt1": salt1}})
    wanted[3] = bytes(len(wanted[3]))
    check_error(ERR.PIN_AUTH_INVALID, "salts that are not authenticated", client.get,
                [descriptor(bare)], extensions={"hmac-secret": wanted})
    say("hmac-secret, protocol %d: one salt and two" % client.pin.protocol.VERSION)


def manager(client):
    token = client.pin.get_pin_token(PIN, PERMISSION.CREDENTIAL_MGMT)
    return CredentialManagement(client.ctap, client.pin.protocol, token)


def try_management(client, accounts):
    client.reload()
    managed = manager(client)
    meta = managed.get_metadata()
    count, left = meta[RESULT.EXISTING_CRED_COUNT], meta[RESULT.MAX_REMAINING_COUNT]
    check_equal(count + left, 25, "credentials and what is left")
    check_equal(left, client.ctap.info.remaining_disc_creds, "what is left")
    parties = {one[RESULT.RP]["id"]: one[RESULT.RP_ID_HASH] for one in managed.enumerate_rps()}
    check_equal(sorted(parties), ["blob.test", "protect-1.test", "protect-2.test",
                                  "protect-3.test", RP], "relying parties")
    for name, rp_id_hash in parties.items():
        check_equal(rp_id_hash, hashlib.sha256(name.encode()).digest(), "rpIDHash")
    listed = managed.enumerate_creds(parties[RP])
    check_equal(sorted(one[RESULT.CREDENTIAL_ID]["id"] for one in listed),
                sorted(descriptor(made)["id"] for made in accounts), "credentials")
    total = sum(len(managed.enumerate_creds(rp_id_hash)) for rp_id_hash in parties.values())
    check_equal(total, count, "credentials in all")
    for one in listed:
        made, = [m for m in accounts if descriptor(m)["id"] == one[RESULT.CREDENTIAL_ID]["id"]]
        check_equal(one[RESULT.PUBLIC_KEY], dict(made.auth_data.credential_data.public_key), "key")
        check_equal(one[RESULT.CRED_PROTECT], 1, "credProtect")
    protected, = managed.enumerate_creds(parties["protect-3.test"])
    check_equal(protected[RESULT.CRED_PROTECT], 3, "credProtect")
    check_equal(managed.enumerate_creds(b"\0" * 32), [], "credentials of nobody")
    managed.update_user_info(descriptor(accounts[0]), {"id": b"user-0", "name": "renamed"})
    renamed, = [one for one in managed.enumerate_creds(parties[RP])
                if one[RESULT.USER]["id"] == b"user-0"]
    check_equal(renamed[RESULT.USER].get("name"), "renamed", "user's name")
    managed.delete_cred(descriptor(accounts[0]))
    check_error(ERR.NO_CREDENTIALS, "deleting it again", managed.delete_cred,
                descriptor(accounts[0]))
    check_equal(managed.get_metadata()[RESULT.EXISTING_CRED_COUNT], count - 1, "credentials")
    check_error(ERR.NO_CREDENTIALS, "the deleted one", client.get, [descriptor(accounts[0])])
    wrong = CredentialManagement(client.ctap, client.pin.protocol, os.urandom(32))
    check_error(ERR.PIN_AUTH_INVALID, "another token", wrong.get_metadata)
    say("credential management: %d credentials of %d relying parties" % (count, len(parties)))


def try_large_blobs(client):
    made = client.make(b"u", "large.test", rk=True, extensions={"largeBlobKey": True})
    key = made.large_blob_key
    check_equal(len(key), 32, "largeBlobKey")
    one, = client.get(None, "large.test", {"largeBlobKey": True})
    check_equal(one.data[7], key, "largeBlobKey of the assertion")
    token = client.pin.get_pin_token(PIN, PERMISSION.LARGE_BLOB_WRITE)
    blobs = LargeBlobs(client.ctap, client.pin.protocol, token)
    check_equal(blobs.read_blob_array(), [], "no blobs")
    text = b"a policy " * 20
    blobs.put_blob(key, text)
    check_equal(blobs.get_blob(key), text, "the blob")
    check_equal(blobs.get_blob(os.urandom(32)), None, "nobody's blob")
    unauthorised = LargeBlobs(client.ctap)
    check_error(ERR.PIN_REQUIRED, "writing without a token", unauthorised.put_blob, key, b"x")
    blobs.delete_blob(key)
    check_equal(blobs.get_blob(key), None, "the deleted blob")
    say("large blobs: %d bytes written, read and deleted" % len(text))


def try_cancel(client, control):
    """CTAPHID_CANCEL while it waits for a touch, with the keep-alive that says so."""
    seen, event = [], threading.Event()
    control("touch never")

    def keepalive(status):
        seen.append(int(status))
        event.set()

    check_error(ERR.KEEPALIVE_CANCEL, "cancelled", client.ctap.selection, event=event,
                on_keepalive=keepalive)
    check(2 in seen, "keep-alive: a touch is wanted")
    control("touch denied")
    check_error(ERR.OPERATION_DENIED, "declined", client.ctap.selection)
    control("touch now")
    client.ctap.selection()
    say("touch: waited for, cancelled, declined, given")


def try_reset(client):
    client.ctap.reset()
    client.reload()
    check_equal(client.ctap.info.options["clientPin"], False, "clientPin after a reset")
    check_equal(client.ctap.info.remaining_disc_creds, 25, "credentials after a reset")
    say("reset: nothing is left")


# ---- Scenarios ----


def everything(path, protocol):
    client = Client(path, protocol)
    control_path = path + ".control"

    def control(line):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as told:
            told.connect(control_path)
            told.sendall(line.encode() + b"\n")
            check_equal(told.makefile().readline(), "ok\n", line)

    try_info(client)
    try_pin(client)
    plain = try_make(client)
    try_get(client, plain)
    accounts = try_accounts(client)
    try_protect(client)
    try_blob(client)
    try_secrets(client)
    try_management(client, accounts)
    try_large_blobs(client)
    try_cancel(client, control)
    try_reset(client)


def with_certificate(path):
    client = Client(path)
    made = client.make(b"u")
    check_equal(made.result.attestation_type, AttestationType.BASIC, "attestation")
    certificate = x509.load_der_x509_certificate(made.result.trust_path[0])
    check(isinstance(certificate.public_key(), ec.EllipticCurvePublicKey), "certificate's key")
    check(certificate.issuer != certificate.subject, "the certificate has an issuer")
    say("attestation by a certificate of %s" % certificate.subject.rfc4514_string())


def built_in(path):
    client = Client(path)
    check_equal(client.ctap.info.options.get("uv"), True, "uv")
    challenge = os.urandom(32)
    token = client.pin.get_uv_token(PERMISSION.MAKE_CREDENTIAL, RP)
    made = client.make(b"u", verified=False, options={"uv": True})
    check(made.auth_data.flags & FLAG.USER_VERIFIED, "flag UV")
    token = client.pin.get_uv_token(PERMISSION.GET_ASSERTION, RP)
    one = client.ctap.get_assertion(
        RP, challenge, [descriptor(made)],
        pin_uv_param=client.pin.protocol.authenticate(token, challenge),
        pin_uv_protocol=client.pin.protocol.VERSION)
    one.verify(challenge, made.auth_data.credential_data.public_key)
    check_equal(one.auth_data.flags, FLAG.USER_PRESENT | FLAG.USER_VERIFIED, "flags")
    check_equal(client.pin.get_uv_retries()[0] > 0, True, "retries")
    say("built-in verification: by option and by token")


SCENARIOS = {
    "pin1": lambda path: everything(path, PinProtocolV1()),
    "pin2": lambda path: everything(path, PinProtocolV2()),
    "x5c": with_certificate,
    "uv": built_in,
}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in SCENARIOS:
        sys.exit(__doc__)
    SCENARIOS[sys.argv[2]](sys.argv[1])
