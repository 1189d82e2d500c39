// Another's passkey server, for the command's own register and login: @simplewebauthn/server, which
// the servers of the SDK are made of. Listens on a free port and prints its URL; keeps a cookie, and
// wants it back, together with the header X-Api.
import { createServer } from "node:http";
import { randomUUID, webcrypto } from "node:crypto";
import {
  generateAuthenticationOptions, generateRegistrationOptions, verifyAuthenticationResponse,
  verifyRegistrationResponse
} from "@simplewebauthn/server";

// Debian's Node.js 18 has it under this name only where it is asked to.
globalThis.crypto ??= webcrypto;

const [rpID, origin, attestationType] = process.argv.slice(2);
const sessions = new Map(), credentials = new Map();
const expected = challenge => ({
  expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: rpID,
  requireUserVerification: true
});
const spki = key => Buffer.concat([
  Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex"), key
]);

// The point of a COSE key whose members stand where CTAP2's order puts them.
const point = cose => Buffer.concat([
  Buffer.from([4]), Buffer.from(cose).subarray(10, 42), Buffer.from(cose).subarray(45, 77)
]);

const routes = {
  async "/register/options"({ username }, session) {
    const options = await generateRegistrationOptions({
      rpName: "Another", rpID, userName: username, attestationType,
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      supportedAlgorithmIDs: [-7]
    });
    // Since version 10 the id is base64url; here it is text, as in the version of the SDK.
    options.user.id = randomUUID().replaceAll("-", "");
    Object.assign(session, { challenge: options.challenge, userId: options.user.id });
    return { options, userId: options.user.id };
  },
  async "/register/verify"({ userId, cred }, session) {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: cred, ...expected(session.challenge)
    });
    if (!verified || userId !== session.userId) {
      throw new Error("not verified");
    }
    const key = spki(point(registrationInfo.credential.publicKey));
    if (key.toString("base64url") !== cred.response.publicKey) {
      throw new Error("another public key");
    }
    console.error(`registered ${registrationInfo.fmt} ${cred.authenticatorAttachment}`);
    credentials.set(cred.id, { ...registrationInfo.credential, userId });
    return { verified };
  },
  async "/login/options"(_, session) {
    const options = await generateAuthenticationOptions({ rpID, userVerification: "required" });
    session.challenge = options.challenge;
    return options;
  },
  async "/login/verify"({ cred }, session) {
    const credential = credentials.get(cred.id);
    if (cred.response.userHandle !== credential.userId) {
      throw new Error("another user");
    }
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: cred, credential, ...expected(session.challenge)
    });
    credential.counter = authenticationInfo.newCounter;
    return { verification: { verified }, pubkey: spki(point(credential.publicKey)).toString("base64") };
  }
};

async function answer(request) {
  let body = "";
  for await (const part of request) {
    body += part;
  }
  const sid = /sid=([0-9a-f-]+)/.exec(request.headers.cookie ?? "")?.[1];
  const first = request.url.endsWith("/options");
  if (request.headers["x-api"] !== "k" || first !== (sid === undefined)) {
    throw new Error("no header, or no cookie");
  }
  const name = first ? randomUUID() : sid;
  const session = first ? {} : sessions.get(name);
  sessions.set(name, session);
  const json = await routes[request.url](JSON.parse(body), session);
  if (!first) {
    sessions.delete(name);
  }
  return [json, first ? { "Set-Cookie": `sid=${name}; Path=/; HttpOnly` } : {}];
}

const server = createServer(async (request, response) => {
  try {
    const [json, headers] = await answer(request);
    response.writeHead(200, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(json));
  } catch (error) {
    console.error(`${request.url}: ${error.message}`);
    response.writeHead(400, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ error: error.message }));
  }
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.on("SIGTERM", () => process.exit(0));
