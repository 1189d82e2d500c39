// doc/examples/viem with unmodified viem and SDK, on the sessions that the SDK made: viem.mjs MODULE
// SESSION PIN-FILE, where the key "usdc" of the token "main" is that session's, and the key "owner" of
// the token "owners" is under sudo.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { getEntryPoint } from "@zerodev/sdk/constants";
import {
    createPublicClient,
    custom,
    defineChain,
    recoverAddress,
    recoverTransactionAddress,
    verifyMessage,
    verifyTypedData,
} from "viem";
import { Module, RefusedByToken, localAccount, sessionAccount } from "./session-account.mjs";

const [path, sessionFile, pinFile] = process.argv.slice(2);
const made = JSON.parse(readFileSync(sessionFile, "utf8"));
const pin = readFileSync(pinFile, "utf8").split("\n")[0];
const OVER_THE_LIMIT = "call: 100.000001 USDC is over the limit of 100";
const GAS = ["callGasLimit", "verificationGasLimit", "preVerificationGas"];

// A chain on which there is nothing yet.
const node = {
    async request({ method }) {
        const answers = { eth_chainId: "0x7a69", eth_getCode: "0x", eth_call: "0x" };
        assert.ok(method in answers, `${method} is not expected`);
        return answers[method];
    },
};
const chain = defineChain({
    id: 31337,
    name: "test",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
});

// As viem has it in memory.
function operation(index) {
    const numbers = [...GAS, "nonce", "maxFeePerGas", "maxPriorityFeePerGas"];
    const numeric = ([name, value]) => [name, numbers.includes(name) ? BigInt(value) : value];
    return Object.fromEntries(Object.entries(made.operations[index].userOp).map(numeric));
}

function withoutGas(index) {
    return Object.fromEntries(Object.entries(operation(index)).filter(([n]) => !GAS.includes(n)));
}

function refused(reason) {
    return (error) => {
        assert.ok(error instanceof RefusedByToken, error.stack);
        assert.match(error.reason, reason);
        assert.ok(error.message.includes(error.reason));
        return true;
    };
}

async function checkSession(module) {
    const key = module.key({ token: "main", label: "usdc", pin });
    const account = await sessionAccount(createPublicClient({ chain, transport: custom(node) }), {
        key,
        serialized: made.serializedAccount,
        entryPoint: getEntryPoint("0.7"),
        kernelVersion: made.kernelVersion,
    });
    assert.equal(account.address, made.account);
    const over = refused(new RegExp(`^${OVER_THE_LIMIT}$`));
    for (const index of [0, 1]) {
        assert.deepEqual(await account.userOperation.estimateGas(withoutGas(index)), {});
        const signature = await account.signUserOperation(operation(index));
        assert.equal(signature, made.operations[index].signature.toLowerCase());
    }
    await assert.rejects(account.userOperation.estimateGas(withoutGas(2)), over);
    await assert.rejects(account.signUserOperation(operation(2)), over);
    // As some bundlers answer, and viem passes on.
    const nobodys = { paymasterVerificationGasLimit: 0n, paymasterPostOpGasLimit: 0n };
    const again = await account.signUserOperation({ ...operation(1), ...nobodys });
    assert.equal(again, made.operations[1].signature.toLowerCase());
    // As viem has it; the token has it once.
    const receipt = (index, blockNumber) => ({
        userOpHash: made.operations[index].userOpHash,
        sender: made.account,
        nonce: operation(index).nonce,
        success: false,
        reason: "execution reverted",
        actualGasCost: 10n ** 15n,
        receipt: { transactionHash: `0x${"07".repeat(32)}`, blockNumber },
    });
    const bundler = "https://bundler.example/v2/31337/rpc?apikey=secret";
    const write = (...of) => key.writeReceipt({ chainId: 31337, bundler, receipt: receipt(...of) });
    write(0, 436n);
    write(0, 436n);
    assert.throws(() => write(0, 437n), /:27$/); // CKR_ACTION_PROHIBITED, which pkcs11js cannot name
    assert.throws(() => write(2, 436n), /CKR_TEMPLATE_INCONSISTENT/);
    // A grant for this chain does not do for another.
    const elsewhere = account.signUserOperation({ ...operation(1), chainId: 1 });
    await assert.rejects(elsewhere, refused(/./));
    await assert.rejects(account.signMessage({ message: "hello" }), refused(/./));
    await assert.rejects(account.sign({ hash: made.operations[0].userOpHash }), /no bare hash/);
    const theirs = account.kernelPluginManager.signUserOperation(operation(1));
    await assert.rejects(theirs, /sign through the account/);
    await assert.rejects(localAccount(key).signMessage({ message: "hello" }), refused(/./));
    console.log("a session account: signed as the SDK, refused what the policy refuses");
}

const mail = {
    domain: { name: "Mail", chainId: 1, verifyingContract: made.account },
    types: { Mail: [{ name: "to", type: "address" }, { name: "amount", type: "uint256" }] },
    primaryType: "Mail",
    message: { to: made.account, amount: 2n ** 200n },
};

async function checkOwner(module) {
    const owner = localAccount(module.key({ token: "owners", label: "owner", pin }));
    const { address } = owner;
    for (let i = 0; i < 8; i++) { // of both recovery ids, as good as certainly
        const message = `message ${i}`;
        const signature = await owner.signMessage({ message });
        assert.ok(await verifyMessage({ address, message, signature }));
    }
    const signature = await owner.signTypedData(mail);
    assert.ok(await verifyTypedData({ ...mail, address, signature }));
    const hash = made.operations[0].userOpHash;
    const bare = await owner.sign({ hash });
    assert.equal(await recoverAddress({ hash, signature: bare }), address);
    for (const type of ["legacy", "eip1559"]) {
        const serializedTransaction = await owner.signTransaction({
            type, chainId: 1, to: made.account, value: 1n, nonce: 0, gas: 21000n
        });
        assert.equal(await recoverTransactionAddress({ serializedTransaction }), address);
    }
    console.log("a local account: messages, typed data, hashes and transactions verify");
}

const module = new Module(path);
try {
    assert.throws(() => module.key({ token: "none", label: "usdc", pin }), /no token "none"/);
    assert.throws(() => module.key({ token: "main", label: "none", pin }), /no key .* "none"/);
    assert.throws(() => module.key({ token: "main", label: "pass", pin }), /not secp256k1/);
    await checkSession(module);
    await checkOwner(module);
} finally {
    module.close();
}
