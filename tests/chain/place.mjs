// Puts the contracts onto a chain.
import {
  concat,
  encodeDeployData,
  getContractAddress,
  pad,
  toFunctionSelector,
  toFunctionSignature,
} from 'viem';
import {ask, transact} from './rpc.mjs';

// anvil has it from the beginning.
const CREATE2 = '0x4e59b44847b379578588920cA78FbF26c0B4956C';

// The published addresses, with the salts that lead there.
const ENTRY_POINTS = {
  0.6: {address: '0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789', salt: pad('0x0', {size: 32})},
  0.7: {
    address: '0x0000000071727De22E5E9d8BAf0edAc6f37da032',
    salt: '0x90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3',
  },
  0.8: {
    address: '0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108',
    salt: '0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9',
  },
};
// Its package is a release candidate, which no salt brings to the published address.
const ENTRY_POINT_09 = '0x433709009B8330FDa32311DF1C2AFA402eD8D009';

const KERNEL = {
  implementation: '0xBAC849bB641841b44E965fB01A4Bf5F074f84b4D',
  factory: '0xaac5D4240AF87249B3f71BC8E4A2cae074A3E419',
};

const hasCode = async (url, address) => (await ask(url, 'eth_getCode', [address, 'latest'])) !== '0x';

async function mustHaveCode(url, what, address) {
  if (!(await hasCode(url, address))) throw new Error(`${what} is not at ${address}`);
}

// Runs creation code as if it stood at the address, and leaves there what it returns: what contracts
// know of their own address comes out right.
async function etch(url, address, creation) {
  const code = await ask(url, 'eth_call', [
    {to: address, gas: '0x1312d00'},
    'latest',
    {[address]: {code: creation, nonce: '0x1'}},
  ]);
  await ask(url, 'anvil_setCode', [address, code]);
}

async function placeEntryPoints(url, from, creation) {
  const placed = {};
  for (const [version, {address, salt}] of Object.entries(ENTRY_POINTS)) {
    await transact(url, {from, to: CREATE2, data: concat([salt, creation[version]])});
    await mustHaveCode(url, `EntryPoint ${version}`, address);
    placed[version] = address;
  }
  return {...placed, 0.9: await placeCandidate(url, from, creation['0.9'])};
}

// The contract that creates senders, which the EntryPoint makes when it is made, comes with it.
async function placeCandidate(url, from, creation) {
  const {contractAddress} = await transact(url, {from, data: creation});
  const first = (address) => getContractAddress({from: address, nonce: 1n});
  const creator = await ask(url, 'eth_getCode', [first(contractAddress), 'latest']);
  if (creator === '0x') throw new Error('EntryPoint 0.9 made no creator of senders');
  await etch(url, ENTRY_POINT_09, creation);
  await ask(url, 'anvil_setCode', [first(ENTRY_POINT_09), creator]);
  return ENTRY_POINT_09;
}

async function placeKernel(url, {implementation, factory}, entryPoint) {
  await etch(url, KERNEL.implementation, concat([implementation, pad(entryPoint, {size: 32})]));
  await etch(url, KERNEL.factory, concat([factory, pad(KERNEL.implementation, {size: 32})]));
  return KERNEL;
}

async function deploy(url, from, {abi, bytecode}, args) {
  const data = encodeDeployData({abi, bytecode, args});
  return (await transact(url, {from, data})).contractAddress;
}

// A managed account has its functions from the extension that its factory names.
async function placeManaged(url, from, contracts, entryPoint) {
  const implementation = await deploy(url, from, contracts.AccountExtension, []);
  const functions = contracts.AccountExtension.abi
    .filter(({type}) => type === 'function')
    .map((f) => ({
      functionSelector: toFunctionSelector(f),
      functionSignature: toFunctionSignature(f),
    }));
  const metadata = {name: 'AccountExtension', metadataURI: '', implementation};
  return deploy(url, from, contracts.ManagedAccountFactory, [from, entryPoint, [{metadata, functions}]]);
}

async function placeThirdweb(url, from, contracts, entryPoint) {
  const factories = {simple: await deploy(url, from, contracts.AccountFactory, [from, entryPoint])};
  if (contracts.ManagedAccountFactory)
    factories.managed = await placeManaged(url, from, contracts, entryPoint);
  return factories;
}

/**
 * The contracts that compile.mjs collected, onto the chain at the URL; their addresses. The order is
 * always the same, so thirdweb's factories have the same addresses on every chain.
 */
export async function placeContracts(url, contracts) {
  const from = (await ask(url, 'eth_accounts'))[9];
  const entryPoints = await placeEntryPoints(url, from, contracts.entryPoints);
  const kernel = {};
  for (const [version, code] of Object.entries(contracts.kernel))
    kernel[version] = await placeKernel(url, code, entryPoints['0.7']);
  const thirdwebFactories = {};
  for (const [version, found] of Object.entries(contracts.thirdweb))
    thirdwebFactories[version] = await placeThirdweb(url, from, found, entryPoints[version]);
  return {entryPoints, kernel, thirdwebFactories};
}
