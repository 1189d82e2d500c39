// nid-webauthn-emulator behind pipes: a frame is its length (4 bytes, big-endian) and a message of
// CTAP2, on standard input a command, on standard output its status and reply.
//
// emulator.mjs [no-uv]: without user verification. What users do depends on their names: "declined"
// says no, "unverified" is not verified, "absent" not even there.
import cbor from "cbor";
import emulator from "nid-webauthn-emulator";

const { AuthenticatorEmulator } = emulator;
const OTHER_ERROR = 0x7f;

function interaction(user) {
    if (user.name === "declined") {
        return undefined;
    }
    const up = user.name !== "absent";
    return { user, options: { uv: up && user.name !== "unverified", up } };
}

const device = new AuthenticatorEmulator({
    verifications: { userPresent: true, userVerified: process.argv[2] !== "no-uv" },
    userMakeCredentialInteraction: interaction,
    userGetAssertionInteraction: interaction,
});

// It encodes members that are undefined, which CTAP2 does not know, and in no particular order.
function tidy(value) {
    if (value instanceof Map || (value?.constructor === Object)) {
        const entries = value instanceof Map ? [...value] : Object.entries(value);
        return new Map(entries.filter(([, v]) => v !== undefined).map(([k, v]) => [k, tidy(v)]));
    }
    return Array.isArray(value) ? value.map(tidy) : value;
}

function canonical(encoded) {
    return cbor.encodeCanonical(tidy(cbor.decodeFirstSync(Buffer.from(encoded))));
}

function answer(message) {
    const data = message.length > 1 ? new Uint8Array(message.subarray(1)) : undefined;
    try {
        const reply = device.command({ command: message[0], data });
        const body = reply.data?.length > 0 ? canonical(reply.data) : Buffer.alloc(0);
        return Buffer.concat([Buffer.from([reply.status]), body]);
    } catch (error) {
        return Buffer.from([error.status ?? OTHER_ERROR]);
    }
}

function send(message) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(message.length);
    process.stdout.write(Buffer.concat([head, message]));
}

let pending = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE()) {
        const end = 4 + pending.readUInt32BE();
        send(answer(pending.subarray(4, end)));
        pending = pending.subarray(end);
    }
});
