// JSON-RPC over HTTP.
let id = 0;

// An error has the server's code and data.
export async function ask(url, method, params = []) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({jsonrpc: '2.0', id: ++id, method, params}),
  });
  const {result, error} = await response.json();
  if (error)
    throw Object.assign(new Error(`${method}: ${error.message}`), {code: error.code, data: error.data});
  return result;
}

// Sends a transaction of an account that anvil holds; its receipt.
export async function transact(url, transaction) {
  const hash = await ask(url, 'eth_sendTransaction', [{gas: '0x1312d00', ...transaction}]);
  for (let tries = 0; tries < 400; tries++) {
    const receipt = await ask(url, 'eth_getTransactionReceipt', [hash]);
    if (receipt?.status === '0x1') return receipt;
    if (receipt) throw new Error(`the transaction ${hash} reverted`);
    await new Promise((wake) => setTimeout(wake, 25));
  }
  throw new Error(`the transaction ${hash} is not mined`);
}
