// UserOperations by hand, with viem. A chain is a file with what serve.mjs printed of it, an operation
// a file with its JSON form.
import fs from 'node:fs';
import {concat, decodeErrorResult, decodeFunctionResult, encodeFunctionData, toHex} from 'viem';
import {
  entryPoint06Abi,
  entryPoint07Abi,
  getUserOperationHash,
  toPackedUserOperation,
} from 'viem/account-abstraction';
import {ask} from './rpc.mjs';

// A signature has this form, and is nobody's.
const STUB = concat([`0x${'f'.repeat(31)}${'0'.repeat(33)}`, `0x7${'a'.repeat(63)}`, '0x1c']);

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

const abiOf = (version) => (version === '0.6' ? entryPoint06Abi : entryPoint07Abi);

const onlyText = (fields) =>
  Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => typeof value === 'string'));

// A function of the EntryPoint; its answer.
async function asked({rpc, entryPoints}, version, functionName, args) {
  const abi = abiOf(version);
  const call = {
    to: entryPoints[version],
    gas: '0x1312d00',
    data: encodeFunctionData({abi, functionName, args}),
  };
  const data = await ask(rpc, 'eth_call', [call, 'latest']);
  return decodeFunctionResult({abi, functionName, data});
}

const sponsorship = ({paymaster, chainId}, entryPoint, method, operation) =>
  ask(paymaster, method, [operation, entryPoint, toHex(chainId), null]).then(onlyText);

// alto answers more than an operation has: a paymaster's gas also where there is no paymaster, and for
// EntryPoint 0.6 the verification's gas by two names.
async function estimate({bundler}, entryPoint, operation) {
  const gas = onlyText(await ask(bundler, 'eth_estimateUserOperationGas', [operation, entryPoint]));
  const names = ['callGasLimit', 'verificationGasLimit', 'preVerificationGas'];
  if (operation.paymaster) names.push('paymasterVerificationGasLimit', 'paymasterPostOpGasLimit');
  return Object.fromEntries(names.map((name) => [name, gas[name]]));
}

// The stub's signer has no permission, so what the account reads of the true one's is not estimated:
// its window, its limit and, for each target, whether it is among its own.
const withPermission = (gas) => toHex(BigInt(gas) + 40_000n);

/** An operation, filled in but for its signature, as JSON. */
export async function build(chainFile, version, sender, callData, sponsored) {
  const chain = read(chainFile);
  const entryPoint = chain.entryPoints[version];
  const {standard} = await ask(chain.bundler, 'pimlico_getUserOperationGasPrice');
  const operation = {
    sender,
    nonce: toHex(await asked(chain, version, 'getNonce', [sender, 0n])),
    ...(version === '0.6' ? {initCode: '0x', paymasterAndData: '0x'} : {}),
    callData,
    callGasLimit: '0x0',
    verificationGasLimit: '0x0',
    preVerificationGas: '0x0',
    ...standard,
    signature: STUB,
  };
  if (sponsored)
    Object.assign(operation, await sponsorship(chain, entryPoint, 'pm_getPaymasterStubData', operation));
  Object.assign(operation, await estimate(chain, entryPoint, operation));
  operation.verificationGasLimit = withPermission(operation.verificationGasLimit);
  if (sponsored)
    Object.assign(operation, await sponsorship(chain, entryPoint, 'pm_getPaymasterData', operation));
  return JSON.stringify({...operation, signature: '0x'});
}

// viem counts with bigint.
function counted(operation) {
  const counts = /^(nonce|preVerificationGas|max.*|.*GasLimit)$/;
  return Object.fromEntries(
    Object.entries(operation).map(([name, value]) => [name, counts.test(name) ? BigInt(value) : value]),
  );
}

export function hash(chainFile, version, file) {
  const {chainId, entryPoints} = read(chainFile);
  return getUserOperationHash({
    chainId,
    entryPointAddress: entryPoints[version],
    entryPointVersion: version,
    userOperation: counted(read(file)),
  });
}

/** What the EntryPoint says to it without a bundler: "accepted", or its words. */
export async function judge(chainFile, version, file) {
  const operation = counted(read(file));
  const op = version === '0.6' ? operation : toPackedUserOperation(operation);
  try {
    await asked(read(chainFile), version, 'handleOps', [[op], operation.sender]);
    return 'accepted';
  } catch (e) {
    if (!e.data) throw e;
    return decodeErrorResult({abi: abiOf(version), data: e.data}).args[1];
  }
}
