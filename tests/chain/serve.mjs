// node serve.mjs [--chains N] [--no-bundler]
// Runs N chains (1 unless told, with the ids 31337, 31338, ...), each with its bundler and its
// sponsoring paymaster unless --no-bundler, on loopback. When all are ready it prints one line: a JSON
// array of an object for each chain. README.md says what is in it. Runs until SIGTERM, SIGINT or
// SIGHUP, or until its parent is gone, and takes all that it started with it.
import fs from 'node:fs';
import path from 'node:path';
import {contractsFile, here, mustBeInstalled} from './packages.mjs';
import {endAll, start} from './processes.mjs';

const USAGE = 'usage: node serve.mjs [--chains N] [--no-bundler]';

function readOptions(words) {
  const options = {chains: 1, withBundler: true};
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--no-bundler') options.withBundler = false;
    else if (words[i] === '--chains' && /^[1-9]\d?$/.test(words[i + 1] ?? ''))
      options.chains = Number(words[++i]);
    else throw new Error(USAGE);
  }
  return options;
}

let stopping = false;
async function stop(status, why) {
  if (stopping) return;
  stopping = true;
  if (why) console.error(`serve.mjs: ${why}`);
  await endAll();
  process.exit(status);
}
const failed = (error) => stop(1, error.message);

async function readContracts() {
  const file = contractsFile();
  if (!fs.existsSync(file)) await compile(file);
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

const compile = (file) =>
  new Promise((done, fail) => {
    start(process.execPath, [path.join(here, 'compile.mjs')], {
      ended: (why) => (fs.existsSync(file) ? done() : fail(new Error(`compile.mjs ${why}`))),
    });
  });

// Who is a child of init from the beginning lost its parent while Node.js started.
const parent = process.ppid;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => stop(0));
setInterval(() => (process.ppid === parent && parent !== 1) || stop(0), 250);
process.stdout.on('error', () => stop(1));

try {
  const {chains, withBundler} = readOptions(process.argv.slice(2));
  mustBeInstalled();
  const contracts = await readContracts();
  const {startChain} = await import('./chain.mjs');
  const ids = Array.from({length: chains}, (_, i) => 31337 + i);
  const ready = await Promise.all(
    ids.map((id) => startChain(id, contracts, {withBundler, failed})),
  );
  if (!stopping) console.log(JSON.stringify(ready));
} catch (e) {
  failed(e);
}
