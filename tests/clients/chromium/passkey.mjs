// A Chromium with a virtual authenticator on doc/examples/passkey.html, for chromium.sh: serves the
// page on localhost, prints its origin, and then does what each line of standard input says:
//   create FILE ANSWER     pastes the options in FILE, presses the button, saves the answer
//   get FILE ANSWER        the same of an assertion
//   open-get FILE ANSWER   the same with the options in the page's address
//   refused FILE           pastes creation options, and prints what the page says of its failure
//   look PNG               a picture of the page
// and answers each with a line.
import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const [pagePath, profile] = process.argv.slice(2);
const PATIENCE = 20000;

const page_text = readFileSync(pagePath);
const server = createServer((request, response) => {
  const known = new URL(request.url, "http://localhost").pathname === "/passkey.html";
  response.writeHead(known ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" });
  response.end(known ? page_text : "");
});
await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
const origin = `http://localhost:${server.address().port}`;

// As root, and without a network: what this needs of Chromium is in its own process.
const browser = await puppeteer.launch({
  executablePath: "/usr/bin/chromium",
  userDataDir: profile,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]
});
const page = await browser.newPage();
await page.setViewport({ width: 760, height: 900 });
const faults = [];
page.on("pageerror", error => faults.push(error.message));
page.on("console", message => {
  if (message.type() === "error" && !message.location().url?.endsWith("/favicon.ico")) {
    faults.push(message.text());
  }
});
const devtools = await page.createCDPSession();
await devtools.send("WebAuthn.enable");
await devtools.send("WebAuthn.addVirtualAuthenticator", {
  options: {
    protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true
  }
});
await page.goto(`${origin}/passkey.html`);

async function press(name) {
  await page.click(`#${name} button[type=submit]`);
  await page.waitForFunction(form => {
    const status = document.getElementById(`${form}-status`);
    return document.getElementById(`${form}-answer`).value || status.classList.contains("bad");
  }, { timeout: PATIENCE }, name);
  return page.evaluate(form => ({
    status: document.getElementById(`${form}-status`).textContent,
    answer: document.getElementById(`${form}-answer`).value
  }), name);
}

async function paste(name, file) {
  await page.$eval(`#${name}-options`, (area, text) => { area.value = text; },
    readFileSync(file, "utf8"));
}

async function answered(name, answer) {
  const said = await press(name);
  if (said.answer === "") {
    throw new Error(said.status);
  }
  writeFileSync(answer, said.answer);
  return said.status;
}

const commands = {
  async create(file, answer) {
    await paste("create", file);
    return answered("create", answer);
  },
  async get(file, answer) {
    await paste("get", file);
    return answered("get", answer);
  },
  async "open-get"(file, answer) {
    const options = Buffer.from(readFileSync(file)).toString("base64url");
    await page.goto(`${origin}/passkey.html?get=${options}`);
    return answered("get", answer);
  },
  async refused(file) {
    await paste("create", file);
    const said = await press("create");
    if (said.answer !== "") {
      throw new Error("the page did not fail");
    }
    return said.status;
  },
  async look(png) {
    await page.screenshot({ path: png, fullPage: true });
    return "seen";
  }
};

console.log(origin);
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(" ");
  try {
    const said = await commands[name](...args);
    console.log(faults.length === 0 ? `ok ${said}` : `failed ${faults.join("; ")}`);
  } catch (error) {
    console.log(`failed ${error.message.replace(/\n/g, " ")}`);
  }
}
await browser.close();
server.close();
