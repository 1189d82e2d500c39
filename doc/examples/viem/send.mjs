#!/usr/bin/env node
// Sends one call with a session key on a token, and prints the receipt.
//
// send.mjs CONFIG TO ETHER [DATA]
//
// CONFIG is a file, as URLs often have an API key in them:
//   {"rpc":"https://...","bundler":"https://...","kernelVersion":"0.3.1","account":"account.txt",
//    "module":"/usr/local/lib/pkcs11/valetkey-pkcs11.so","token":"bots","key":"payroll","pin":"pin"}
// where account is the file of the serialized account, and pin that of the PIN.
//
// Exit status: 0 done, 1 failed, 2 bad usage, 3 refused by the token, 4 on the chain, but reverted.
import { readFileSync } from "node:fs";
import { GAS_POLICY_CONTRACT, SUDO_POLICY_CONTRACT } from "@zerodev/permissions";
import { createKernelAccountClient } from "@zerodev/sdk";
import { getEntryPoint } from "@zerodev/sdk/constants";
import { BaseError, createPublicClient, defineChain, http, isAddress, isHex, parseEther } from "viem";
import { estimateUserOperationGas, prepareUserOperation } from "viem/account-abstraction";
import { Module, RefusedByToken, sessionAccount } from "./session-account.mjs";

const MEMBERS = ["rpc", "bundler", "kernelVersion", "account", "module", "token", "key", "pin"];

class UsageError extends Error {}

function readConfig(path) {
    const config = JSON.parse(readFileSync(path, "utf8"));
    const missing = MEMBERS.filter((member) => typeof config[member] !== "string");
    if (missing.length > 0) {
        throw new UsageError(`${path} has no ${missing.join(", ")}`);
    }
    return config;
}

function readCall(to, ether, data = "0x") {
    if (!isAddress(to)) {
        throw new UsageError(`"${to}" is no address`);
    }
    if (!/^\d+(\.\d{1,18})?$/.test(ether)) {
        throw new UsageError(`"${ether}" is no amount of ether`);
    }
    if (!isHex(data) || data.length % 2 !== 0) {
        throw new UsageError(`"${data}" is no data: 0x and whole bytes in hex`);
    }
    return { to, value: parseEther(ether), data };
}

// The node says which chain it is; the token refuses a chain for which the key has no grant.
async function connect(rpc) {
    const id = await createPublicClient({ transport: http(rpc) }).getChainId();
    const chain = defineChain({
        id,
        name: `chain ${id}`,
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
        rpcUrls: { default: { http: [rpc] } },
    });
    return createPublicClient({ chain, transport: http(rpc) });
}

// Bundlers try with far more gas than is needed, for which a gas policy with a small budget says no;
// some (alto 0.0.20) also want an account that can pay for it. They answer 0 then, and are asked again,
// for an operation without fees, and with a policy that says yes in the gas policy's place.
const GAS_POLICY_GAS = 80000n; // what its check costs more than the other: measured 38,000

async function estimateGas(client, bundlerClient, operation) {
    const gas = await estimateUserOperationGas(bundlerClient, operation);
    if (gas.verificationGasLimit !== 0n) {
        return gas;
    }
    const code = await client.getCode({ address: SUDO_POLICY_CONTRACT });
    const { verificationGasLimit } = await estimateUserOperationGas(bundlerClient, {
        ...operation,
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
        stateOverride: [{ address: GAS_POLICY_CONTRACT, code }],
    });
    return { ...gas, verificationGasLimit: verificationGasLimit + GAS_POLICY_GAS };
}

function kernelClient(client, account, bundler) {
    return createKernelAccountClient({
        account,
        client,
        chain: client.chain,
        bundlerTransport: http(bundler),
        userOperation: {
            prepareUserOperation(bundlerClient, parameters) {
                const estimating = bundlerClient.extend(() => ({
                    estimateUserOperationGas: (operation) =>
                        estimateGas(client, bundlerClient, operation),
                }));
                return prepareUserOperation(estimating, parameters);
            },
            // With room for the next blocks. ZeroDev's bundlers have their own way, which the SDK
            // uses if this is left out.
            async estimateFeesPerGas() {
                const fees = await client.estimateFeesPerGas();
                return {
                    maxFeePerGas: 2n * fees.maxFeePerGas,
                    maxPriorityFeePerGas: 2n * fees.maxPriorityFeePerGas,
                };
            },
        },
    });
}

function printable(receipt) {
    const { userOpHash, sender, success, reason, actualGasCost, receipt: transaction } = receipt;
    const { transactionHash, blockNumber } = transaction;
    const shown = {
        userOpHash,
        sender,
        success,
        reason,
        actualGasCost,
        transactionHash,
        blockNumber,
    };
    const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
    return JSON.stringify(shown, plain, 2);
}

async function send(module, config, call) {
    const pin = readFileSync(config.pin, "utf8").split("\n")[0];
    const key = module.key({ token: config.token, label: config.key, pin });
    const client = await connect(config.rpc);
    const account = await sessionAccount(client, {
        key,
        serialized: readFileSync(config.account, "utf8").trim(),
        entryPoint: getEntryPoint("0.7"),
        kernelVersion: config.kernelVersion,
    });
    const kernel = kernelClient(client, account, config.bundler);
    const hash = await kernel.sendUserOperation({ calls: [call] });
    console.error(`sent ${hash}`);
    const receipt = await kernel.waitForUserOperationReceipt({ hash });
    console.log(printable(receipt));
    try {
        key.writeReceipt({ chainId: client.chain.id, bundler: config.bundler, receipt });
    } catch (error) {
        console.error(`send.mjs: the token does not take the receipt: ${error.message}`);
    }
    return receipt.success ? 0 : 4;
}

function report(error) {
    // viem's short message does not repeat the URL, nor the whole operation.
    const isViems = error instanceof BaseError;
    const text = isViems ? `${error.shortMessage} ${error.details ?? ""}` : error.message;
    console.error(`send.mjs: ${text.trim()}`);
    return error instanceof RefusedByToken ? 3 : error instanceof UsageError ? 2 : 1;
}

async function main([path, to, ether, data, ...more]) {
    if (ether === undefined || more.length > 0) {
        throw new UsageError("usage: send.mjs CONFIG TO ETHER [DATA]");
    }
    const call = readCall(to, ether, data);
    const config = readConfig(path);
    const module = new Module(config.module);
    try {
        return await send(module, config, call);
    } finally {
        module.close();
    }
}

process.exitCode = await main(process.argv.slice(2)).catch(report);
