// What a page of a wallet does with the SDK, bundled for the browser by passkey.mjs.
import { Buffer } from "buffer";
import { toWebAuthnKey } from "@zerodev/webauthn-key";

globalThis.Buffer = Buffer;

// toWebAuthnKey with what JSON can say of its result.
globalThis.useServer = async options => {
  const key = await toWebAuthnKey(options);
  return { ...key, pubX: key.pubX.toString(), pubY: key.pubY.toString() };
};
