// What viem and the ZeroDev SDK make per second of the things that bench/data.c makes, from the same
// session: first checks that they are those of the vector, then times slices of each in turn.
//
// Usage: node data.mjs SESSION.json [SLICES [SECONDS_PER_SLICE]]
// Prints a line a measure: NAME, a tab, the median per second.
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { createPublicClient, custom, toHex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { getUserOperationHash } from 'viem/account-abstraction';
import { createKernelAccount, getEncodedPluginsData, getPluginsEnableTypedData } from '@zerodev/sdk';
import { signerToEcdsaValidator } from '@zerodev/ecdsa-validator';
import { serializePermissionAccount, toPermissionValidator } from '@zerodev/permissions';
import { toCallPolicy, toGasPolicy, toTimestampPolicy } from '@zerodev/permissions/policies';
import { toECDSASigner } from '@zerodev/permissions/signers';

// Node 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;

const [file, sliceCount = '9', sliceSeconds = '0.5'] = process.argv.slice(2);
const session = JSON.parse(readFileSync(file, 'utf8'));
const operation = session.operations[0];
const { chainId, kernelVersion } = session;
const entryPoint = { address: session.entryPoint, version: session.entryPointVersion };
const owner = privateKeyToAccount(session.owner.privateKey);

const numbers = [
    'nonce', 'callGasLimit', 'verificationGasLimit', 'preVerificationGas', 'maxFeePerGas', 'maxPriorityFeePerGas',
];
const userOp = { ...operation.userOp, signature: '0x' };
for (const name of numbers) {
    userOp[name] = BigInt(userOp[name]);
}

const makers = { call: toCallPolicy, gas: toGasPolicy, timestamp: toTimestampPolicy };

// The vector has 256-bit numbers as decimal text; the SDK takes bigints.
function policyOf(params) {
    const revived = structuredClone(params);
    if (params.type === 'gas') {
        revived.allowed = BigInt(params.allowed);
    }
    for (const permission of revived.permissions ?? []) {
        permission.valueLimit = BigInt(permission.valueLimit);
        for (const arg of permission.args) {
            arg.value = arg.value.startsWith('0x') ? arg.value : BigInt(arg.value);
        }
    }
    return makers[params.type](revived);
}

// The chain, as far as the SDK asks for it when it starts; no measure asks anything.
const client = createPublicClient({
    transport: custom({
        request: async ({ method }) => {
            if (method !== 'eth_chainId') {
                throw new Error(`no ${method} here`);
            }
            return toHex(chainId);
        },
    }),
});
const sudo = await signerToEcdsaValidator(client, { signer: owner, entryPoint, kernelVersion });
const regular = await toPermissionValidator(client, {
    signer: await toECDSASigner({ signer: privateKeyToAccount(session.session.privateKey) }),
    policies: session.policies.map(policyOf),
    entryPoint,
    kernelVersion,
});
const account = await createKernelAccount(client, {
    plugins: { sudo, regular },
    entryPoint,
    kernelVersion,
    index: BigInt(session.index),
    address: session.account,
});
const action = account.kernelPluginManager.getAction();
const approval = JSON.parse(Buffer.from(session.serializedAccount, 'base64')).enableSignature;

const hash = () =>
    getUserOperationHash({
        chainId,
        entryPointAddress: entryPoint.address,
        entryPointVersion: entryPoint.version,
        userOperation: userOp,
    });

const enableData = () => regular.getEnableData(account.address);

const permissionId = () => regular.getIdentifier();

// The steps of the SDK's plug-in manager, without its questions to the chain and without its cache of
// the owner's signature.
async function enableSignature() {
    const typedData = await getPluginsEnableTypedData({
        accountAddress: account.address,
        chainId,
        kernelVersion,
        action,
        validator: regular,
        validatorNonce: 1,
    });
    return getEncodedPluginsData({
        enableSignature: await sudo.signTypedData(typedData),
        userOpSignature: await regular.signUserOperation(userOp),
        action,
        enableData: await regular.getEnableData(account.address),
    });
}

const serialized = () => serializePermissionAccount(account, undefined, approval);

const measures = [
    { name: 'UserOperation hash', step: hash, agrees: (x) => x === operation.userOpHash },
    // The vector has it inside the signature.
    { name: 'enable data', step: enableData, agrees: (x) => operation.signature.includes(x.slice(2)) },
    { name: 'permission id', step: permissionId, agrees: (x) => x === session.permissionId },
    { name: 'enable-mode signature', step: enableSignature, agrees: (x) => x === operation.signature },
    { name: 'serialized account', step: serialized, agrees: (x) => x === session.serializedAccount },
];

async function slice(step, seconds) {
    const start = performance.now();
    let count = 0;
    let elapsed;
    do {
        for (let i = 0; i < 20; i++) {
            const made = step();
            if (made instanceof Promise) {
                await made;
            }
        }
        count += 20;
        elapsed = (performance.now() - start) / 1000;
    } while (elapsed < seconds);
    return count / elapsed;
}

const median = (rates) => rates.sort((a, b) => a - b)[rates.length >> 1];

for (const { name, step, agrees } of measures) {
    if (!agrees(await step())) {
        console.error(`data.mjs: ${name}: not the bytes of ${file}`);
        process.exit(1);
    }
}
// Before the first slice, so that the compiler has seen everything.
for (const { step } of measures) {
    await slice(step, 0.3);
}
const rates = measures.map(() => []);
for (let i = 0; i < Number(sliceCount); i++) {
    for (const [m, { step }] of measures.entries()) {
        rates[m].push(await slice(step, Number(sliceSeconds)));
    }
}
for (const [m, { name }] of measures.entries()) {
    console.log(`${name}\t${median(rates[m]).toFixed(1)}`);
}
