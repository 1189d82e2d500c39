// What the tests ask for, in one process: Node.js and viem take long to start. Reads a JSON array of
// texts a line, [TOOL, ARGUMENT...]; answers each with a line, "ok " or "failed " and the result.
import readline from 'node:readline';
import {toFunctionSelector} from 'viem';
import {ask} from './rpc.mjs';
import * as thirdweb from './thirdweb.mjs';
import * as userop from './userop.mjs';
import * as wallet from './wallet.mjs';

const tools = {
  // A question by JSON-RPC, PARAMS as JSON; the result as text or JSON.
  ask: (url, method, params) => ask(url, method, JSON.parse(params)),
  address: wallet.address,
  'sign-typed-data': wallet.signTypedData,
  'sign-hash': wallet.signHash,
  selector: toFunctionSelector,
  encode: thirdweb.encode,
  decode: thirdweb.decode,
  build: userop.build,
  hash: userop.hash,
  judge: userop.judge,
};

const text = (result) => (typeof result === 'string' ? result : JSON.stringify(result));

for await (const line of readline.createInterface({input: process.stdin})) {
  const [tool, ...args] = JSON.parse(line);
  try {
    console.log(`ok ${text(await tools[tool](...args))}`);
  } catch (e) {
    console.log(`failed ${e.code ?? ''} ${e.message}`.replace(/\n/g, ' '));
  }
}
