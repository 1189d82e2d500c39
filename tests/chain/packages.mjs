// Where the npm packages are, which are missing, and where what is made of them is. Imports none of them.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = fileURLToPath(new URL('.', import.meta.url));

const manifest = (name) => path.join(here, 'node_modules', name, 'package.json');

// The folder of a package.
export const folder = (name) => path.dirname(manifest(name));

const version = (name) => JSON.parse(fs.readFileSync(manifest(name), 'utf8')).version;

// The package of anvil that has the program for this machine.
export const anvilPackage = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

const dependencies = () =>
  Object.keys(JSON.parse(fs.readFileSync(path.join(here, 'package.json'), 'utf8')).dependencies);

// The file that compile.mjs writes, by the packages' versions and by the way it makes it.
export function contractsFile() {
  const hash = crypto.createHash('sha256');
  for (const name of dependencies()) hash.update(`${name} ${version(name)}\n`);
  hash.update(fs.readFileSync(path.join(here, 'compile.mjs')));
  return path.join(here, '.cache', `contracts-${hash.digest('hex').slice(0, 16)}.json`);
}

// Throws with what to do about it if a package is missing.
export function mustBeInstalled() {
  const missing = [...dependencies(), anvilPackage].filter((name) => !fs.existsSync(manifest(name)));
  if (missing.length)
    throw new Error(
      `${missing.length === 1 ? 'The package' : 'The packages'} ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing. ` +
        `Run first: npm --prefix '${here}' ci --ignore-scripts --legacy-peer-deps`,
    );
}
