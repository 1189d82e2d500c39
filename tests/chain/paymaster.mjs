// node paymaster.mjs CHAIN-URL BUNDLER-URL: a paymaster that sponsors everything.
// What it is built with wants this, which Node.js before 22 has not.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return {promise, resolve, reject};
};
const {paymaster} = await import('@pimlico/mock-paymaster');
const [anvilRpc, altoRpc] = process.argv.slice(2);
await paymaster({anvilRpc, altoRpc, port: 0, host: '127.0.0.1'}).start();
