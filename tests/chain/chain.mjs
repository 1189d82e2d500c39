// A chain, and its bundler and paymaster, each on a free port of loopback.
import path from 'node:path';
import {anvilPackage, folder, here} from './packages.mjs';
import {placeContracts} from './place.mjs';
import {start, until} from './processes.mjs';
import {ask} from './rpc.mjs';

// The second and third of the keys that anvil publishes: nothing else uses them here.
const EXECUTOR = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const UTILITY = '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a';

const SECONDS = 60;

// Runs a service until it says where it listens.
function listening(name, failed, command, args, {channel, portOf}) {
  return new Promise((done, fail) => {
    const service = start(command, args, {
      channel,
      ended: (why) => {
        const error = new Error(`${name} ${why}`);
        fail(error);
        failed(error);
      },
    });
    until(`the start of ${name}`, {seconds: SECONDS, ask: portOf(service)}).then(
      (port) => done(`http://127.0.0.1:${port}`),
      (e) => fail(new Error(`${e.message}: ${service.output().slice(-2000)}`)),
    );
  });
}

// A block for each transaction, and one a second: bundlers count on time that goes on. Without the
// optimizer (compile.mjs) the managed account's factory is over the limit of code size.
function startNode(chainId, failed) {
  const program = path.join(folder(anvilPackage), 'bin/anvil');
  const args =
    '--host 127.0.0.1 --port 0 --block-time 1 --mixed-mining --disable-code-size-limit --chain-id';
  return listening(`anvil of chain ${chainId}`, failed, program, [...args.split(' '), String(chainId)], {
    portOf: ({output}) => () => output().match(/Listening on 127\.0\.0\.1:(\d+)/)?.[1],
  });
}

// A server in Node.js, which loopback.cjs watches.
function startServer(name, failed, args) {
  const withLoopback = ['--require', path.join(here, 'loopback.cjs'), ...args];
  return listening(name, failed, process.execPath, withLoopback, {
    channel: true,
    portOf: ({child}) => {
      let port;
      child.once('message', (message) => ({port} = message));
      return () => port;
    },
  });
}

function startBundler({rpc, chainId, entryPoints}, failed) {
  const options = {
    entrypoints: Object.values(entryPoints).join(),
    'executor-private-keys': EXECUTOR,
    'utility-private-key': UTILITY,
    'rpc-url': rpc,
    port: 0,
    'min-balance': 0,
    'min-executor-balance': 0,
    'safe-mode': false,
    'network-name': 'local',
    'block-time': 1000,
  };
  return startServer(`the bundler of chain ${chainId}`, failed, [
    path.join(folder('@pimlico/alto'), 'esm/cli/alto.js'),
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
  ]);
}

// Its deposits are on the chain when it answers.
async function startPaymaster({rpc, chainId, bundler}, failed) {
  return startServer(`the paymaster of chain ${chainId}`, failed, [
    path.join(here, 'paymaster.mjs'),
    rpc,
    bundler,
  ]);
}

/**
 * A chain with the contracts that compile.mjs collected. Calls failed(error) when one of its servers
 * ends unasked. Returns what serve.mjs prints of it.
 */
export async function startChain(chainId, contracts, {withBundler, failed}) {
  const rpc = await startNode(chainId, failed);
  const chain = {rpc, chainId: Number(await ask(rpc, 'eth_chainId'))};
  Object.assign(chain, await placeContracts(rpc, contracts));
  if (!withBundler) return chain;
  chain.bundler = await startBundler(chain, failed);
  await until('the bundler', {
    seconds: SECONDS,
    ask: () => ask(chain.bundler, 'eth_supportedEntryPoints'),
  });
  chain.paymaster = await startPaymaster(chain, failed);
  return chain;
}
