// What a wallet does, with a private key in a file.
import fs from 'node:fs';
import {privateKeyToAccount} from 'viem/accounts';

function account(file) {
  const text = fs.readFileSync(file, 'utf8').trim();
  return privateKeyToAccount(text.startsWith('0x') ? text : `0x${text}`);
}

export const address = (keyFile) => account(keyFile).address;

// An EIP-712 signature of the typed data in a file.
export const signTypedData = (keyFile, file) =>
  account(keyFile).signTypedData(JSON.parse(fs.readFileSync(file, 'utf8')));

// An EIP-191 signature of 32 bytes.
export const signHash = (keyFile, hash) => account(keyFile).signMessage({message: {raw: hash}});
