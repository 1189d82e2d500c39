// A Chromium with a virtual authenticator on a page with the SDK, for zerodev.sh: serves the page,
// prints its origin, and then does what each line of standard input says:
//   use OPTIONS        toWebAuthnKey with these options (JSON); prints its key
//   from-elsewhere OPTIONS   the same from a page of another origin
// and answers each with a line.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import puppeteer from "puppeteer-core";

const [profile] = process.argv.slice(2);

const bundle = await build({
  entryPoints: [new URL("page.js", import.meta.url).pathname], bundle: true, write: false,
  format: "iife", platform: "browser", logLevel: "silent"
});
const script = bundle.outputFiles[0].contents;
const server = createServer((request, response) => {
  const files = {
    "/": ["text/html", "<!doctype html><title>wallet</title><script src=page.js></script>"],
    "/page.js": ["text/javascript", script]
  };
  const [type, body] = files[request.url] ?? ["text/plain", ""];
  response.writeHead(files[request.url] ? 200 : 404, { "Content-Type": type });
  response.end(body);
});
await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
const port = server.address().port;

// As root, and without a network: what this needs of Chromium is in its own process.
const browser = await puppeteer.launch({
  executablePath: "/usr/bin/chromium",
  userDataDir: profile,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]
});

async function open(url) {
  const page = await browser.newPage();
  const devtools = await page.createCDPSession();
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
      hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true
    }
  });
  await page.goto(url);
  return page;
}

const page = await open(`http://localhost:${port}/`);
const use = (on, options) => on.evaluate(o => globalThis.useServer(o), JSON.parse(options));
const commands = {
  use: options => use(page, options),
  async "from-elsewhere"(options) {
    const other = await open(`http://127.0.0.1:${port}/`);
    try {
      return await use(other, options);
    } finally {
      await other.close();
    }
  }
};

console.log(`http://localhost:${port}`);
for await (const line of createInterface({ input: process.stdin })) {
  const at = line.indexOf(" ");
  try {
    const said = await commands[line.slice(0, at)](line.slice(at + 1));
    console.log(`ok ${JSON.stringify(said)}`);
  } catch (error) {
    console.log(`failed ${error.message.replace(/\n/g, " ")}`);
  }
}
await browser.close();
server.close();
