// Accounts of viem and of the ZeroDev SDK whose keys are on a valetkey token.
//
//   const module = new Module("/usr/local/lib/pkcs11/valetkey-pkcs11.so");
//   const key = module.key({ token: "bots", label: "payroll", pin });
//   sessionAccount(client, { key, ... })   a Kernel account with a session key under a policy
//   localAccount(key)                      an account of viem with a key under sudo, as of an owner
//
// Neither needs a change in the SDK. Keys are secp256k1.
import { deserializePermissionAccount } from "@zerodev/permissions";
import { toECDSASigner } from "@zerodev/permissions/signers";
import pkcs11js from "pkcs11js";
import {
    getAddress,
    getTypesForEIP712Domain,
    hashMessage,
    hashTypedData,
    isAddressEqual,
    keccak256,
    recoverAddress,
    serializeSignature,
    serializeTransaction,
    serializeTypedData,
    toHex,
} from "viem";
import { formatUserOperationRequest } from "viem/account-abstraction";
import { toAccount } from "viem/accounts";

// valetkey/pkcs11.h
const CKM_VALETKEY_USEROP = 0x80564b01;
const CKM_VALETKEY_MESSAGE_REQUEST = 0x80564b06;
const CKA_VALETKEY_ADDRESS = 0x80564b10;
const CKA_VALETKEY_LAST_DENIAL = 0x80564b3c;

const LONGEST = 64 * 1024; // in enable mode a signature has the policy in it

// ---- The token ----

/** What pkcs11js says: "CKR_...", of some functions with a number behind it. */
function isOneOf(error, ...names) {
    return names.includes(error.message.split(":")[0]);
}

/** The token refuses: reason is "rule: reason", as "valetkey key show" has it. */
export class RefusedByToken extends Error {
    constructor(label, reason, cause) {
        super(`The key "${label}" refuses: ${reason}`, { cause });
        this.name = "RefusedByToken";
        this.reason = reason;
    }
}

/** The PKCS#11 module, once in a process. */
export class Module {
    constructor(path) {
        this.pkcs11 = new pkcs11js.PKCS11();
        this.pkcs11.load(path);
        this.pkcs11.C_Initialize();
    }

    /** The key with this label on the token with that one; the PIN is the user's. */
    key({ token, label, pin }) {
        const slot = this.pkcs11
            .C_GetSlotList(true)
            .find((s) => this.pkcs11.C_GetTokenInfo(s).label.trimEnd() === token);
        if (slot === undefined) {
            throw new Error(`There is no token "${token}": see "valetkey token list"`);
        }
        // Writable, because an operation is judged as an object that is written.
        const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
        const session = this.pkcs11.C_OpenSession(slot, flags);
        this.#login(session, pin);
        return new Key(this.pkcs11, session, label);
    }

    /** Logs out of everything. */
    close() {
        this.pkcs11.C_Finalize();
        this.pkcs11.close();
    }

    // One login counts for all sessions with a token.
    #login(session, pin) {
        try {
            this.pkcs11.C_Login(session, pkcs11js.CKU_USER, pin);
        } catch (error) {
            if (!isOneOf(error, "CKR_USER_ALREADY_LOGGED_IN")) {
                throw error;
            }
        }
    }
}

/** A key on the token, in a session of its own, so that one key's calls are not between another's. */
class Key {
    constructor(pkcs11, session, label) {
        this.pkcs11 = pkcs11;
        this.session = session;
        this.label = label;
        this.handle = this.#find();
        this.address = this.#readAddress();
    }

    /**
     * The token's signature of data, as bytes. It is not awaited: nothing may come between the two
     * calls. Where a key wants a touch of a security key, the program stands still until then.
     */
    sign(mechanism, data) {
        return this.#refusable(() => {
            this.pkcs11.C_SignInit(this.session, { mechanism }, this.handle);
            return this.pkcs11.C_Sign(this.session, data, Buffer.alloc(LONGEST));
        });
    }

    /** Throws what sign would throw about this operation, but signs nothing and spends no budget. */
    judge(operation) {
        this.#refusable(() => {
            const waiting = this.pkcs11.C_CreateObject(this.session, [
                { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_DATA },
                { type: pkcs11js.CKA_TOKEN, value: true },
                { type: pkcs11js.CKA_APPLICATION, value: "valetkey-userop" },
                { type: pkcs11js.CKA_LABEL, value: this.label },
                { type: pkcs11js.CKA_VALUE, value: operation },
            ]);
            this.pkcs11.C_DestroyObject(this.session, waiting); // takes it back
        });
    }

    /**
     * What a bundler says became of an operation (waitForUserOperationReceipt), for the key's journal:
     * once, and only if the key signed it. Of the bundler's URL, which may hold a key, only the host
     * goes there.
     */
    writeReceipt({ chainId, bundler, receipt }) {
        const { userOpHash, sender, nonce, success, reason, actualGasCost } = receipt;
        const record = {
            userOpHash,
            chainId,
            account: sender,
            nonce: toHex(BigInt(nonce)),
            success,
            reason: success ? undefined : reason?.slice(0, 255),
            transaction: receipt.receipt.transactionHash,
            block: Number(receipt.receipt.blockNumber),
            actualGasCost: BigInt(actualGasCost).toString(),
            bundler: new URL(bundler).hostname,
        };
        const written = this.pkcs11.C_CreateObject(this.session, [
            { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_DATA },
            { type: pkcs11js.CKA_APPLICATION, value: "valetkey-receipt" },
            { type: pkcs11js.CKA_LABEL, value: this.label },
            { type: pkcs11js.CKA_VALUE, value: JSON.stringify(record) },
        ]);
        this.pkcs11.C_DestroyObject(this.session, written); // the record stays
    }

    #find() {
        this.pkcs11.C_FindObjectsInit(this.session, [
            { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
            { type: pkcs11js.CKA_LABEL, value: this.label },
        ]);
        const found = this.pkcs11.C_FindObjects(this.session, 2);
        this.pkcs11.C_FindObjectsFinal(this.session);
        if (found.length !== 1) {
            const count = found.length === 0 ? "no key" : "more than one key";
            throw new Error(`The token has ${count} with the label "${this.label}"`);
        }
        return found[0];
    }

    #readAddress() {
        try {
            return getAddress(toHex(this.#attribute(CKA_VALETKEY_ADDRESS)));
        } catch (cause) {
            throw new Error(`The key "${this.label}" is not secp256k1`, { cause });
        }
    }

    #attribute(type) {
        return this.pkcs11.C_GetAttributeValue(this.session, this.handle, [{ type }])[0].value;
    }

    #refusable(action) {
        try {
            return action();
        } catch (error) {
            if (!isOneOf(error, "CKR_FUNCTION_REJECTED", "CKR_KEY_FUNCTION_NOT_PERMITTED")) {
                throw error;
            }
            const reason = this.#attribute(CKA_VALETKEY_LAST_DENIAL).toString();
            throw new RefusedByToken(this.label, reason, error);
        }
    }
}

// ---- A session key under a policy ----

/** What the token reads: the operation, and where it is for. */
function operationRequest(account, { chainId = account.client.chain.id, ...operation }) {
    const entryPoint = account.entryPoint.address;
    const { paymasterVerificationGasLimit, paymasterPostOpGasLimit, ...unsponsored } = operation;
    // Some bundlers estimate a paymaster's gas where there is none; no part of such an operation.
    const userOp = formatUserOperationRequest(operation.paymaster ? operation : unsponsored);
    return Buffer.from(JSON.stringify({ chainId, entryPoint, userOp }));
}

/** The same while the gas is not known: the token wants every member. */
function unestimatedRequest(account, operation) {
    const gas = { callGasLimit: 0n, verificationGasLimit: 0n, preVerificationGas: 0n };
    if (operation.paymaster) {
        Object.assign(gas, { paymasterVerificationGasLimit: 0n, paymasterPostOpGasLimit: 0n });
    }
    const known = Object.entries(operation).filter(([, value]) => value !== undefined);
    return operationRequest(account, { ...gas, ...Object.fromEntries(known) });
}

/** The account's signature of a message (ERC-1271; ERC-6492 before it is deployed). */
async function signForAccount(account, key, content, replayable = false) {
    const request = {
        chainId: account.client.chain.id,
        account: account.address,
        deployed: await account.isDeployed(),
        replayable,
        ...content,
    };
    return toHex(key.sign(CKM_VALETKEY_MESSAGE_REQUEST, Buffer.from(JSON.stringify(request))));
}

/** The JSON that wallets get in eth_signTypedData_v4. */
function typedDataJson({ domain = {}, types, primaryType, message }) {
    const all = { EIP712Domain: getTypesForEIP712Domain({ domain }), ...types };
    return JSON.parse(serializeTypedData({ domain, types: all, primaryType, message }));
}

function messageJson(message) {
    return typeof message === "string" ? message : { raw: toHex(message.raw) };
}

/**
 * The Kernel account, with the token in the place of the SDK's own signing. The SDK would give its
 * signer a hash, of which nobody can tell what it allows; the token gets the whole operation, judges
 * it, and its answer is the finished signature, in enable mode with the owner's approval.
 */
export function throughToken(account, key) {
    return {
        ...account,

        async signUserOperation(operation) {
            const request = operationRequest(account, { sender: account.address, ...operation });
            return toHex(key.sign(CKM_VALETKEY_USEROP, request));
        },

        // viem asks this before it asks the bundler, which would refuse the same, but in the words
        // of a contract. The answer leaves the gas to the bundler.
        userOperation: {
            async estimateGas(operation) {
                key.judge(unestimatedRequest(account, operation));
                return {};
            },
        },

        async signMessage({ message, useReplayableSignature }) {
            const content = { message: messageJson(message) };
            return signForAccount(account, key, content, useReplayableSignature);
        },

        async signTypedData(typedData) {
            return signForAccount(account, key, { typedData: typedDataJson(typedData) });
        },

        async sign() {
            throw new Error("A session key signs operations and messages, and no bare hash");
        },
    };
}

/** What the SDK wants of a signer is its address; nothing is signed by it. */
async function signerWithoutKey(address) {
    async function refuse() {
        throw new Error("The session key is on a token: sign through the account");
    }
    const signer = toAccount({
        address,
        signMessage: refuse,
        signTypedData: refuse,
        signTransaction: refuse,
    });
    return toECDSASigner({ signer });
}

/**
 * The account of a serialized session ("valetkey approve --output", or the SDK's
 * serializePermissionAccount without a private key) with its session key on the token. The client
 * is a public client of viem, with a chain.
 */
export async function sessionAccount(client, { key, serialized, entryPoint, kernelVersion }) {
    const account = await deserializePermissionAccount(
        client,
        entryPoint,
        kernelVersion,
        serialized,
        await signerWithoutKey(key.address),
    );
    return throughToken(account, key);
}

// ---- A key under sudo ----

/** ECDSA does not say which of two public keys signed: whichever has the key's address. */
async function withRecoveryId(address, hash, bytes) {
    const r = toHex(bytes.subarray(0, 32));
    const s = toHex(bytes.subarray(32)); // low, as the chain wants it
    for (const yParity of [0, 1]) {
        const signature = { r, s, yParity, v: BigInt(27 + yParity) };
        if (isAddressEqual(await recoverAddress({ hash, signature }), address)) {
            return signature;
        }
    }
    throw new Error("The signature is of another key than the token says");
}

/**
 * An ordinary account of viem, for keys that sign what they are given: the owner of smart accounts
 * (also as signer of the SDK's signerToEcdsaValidator), or an account without a contract. A key
 * under a policy is refused here by the token.
 */
export function localAccount(key) {
    async function signHash(hash) {
        const bytes = key.sign(pkcs11js.CKM_ECDSA, Buffer.from(hash.slice(2), "hex"));
        return withRecoveryId(key.address, hash, bytes);
    }
    return toAccount({
        address: key.address,
        async sign({ hash }) {
            return serializeSignature(await signHash(hash));
        },
        async signMessage({ message }) {
            return serializeSignature(await signHash(hashMessage(message)));
        },
        async signTypedData(typedData) {
            return serializeSignature(await signHash(hashTypedData(typedData)));
        },
        async signTransaction(transaction, { serializer = serializeTransaction } = {}) {
            // The blobs of an EIP-4844 transaction travel with it, but are not signed.
            const isBlob = transaction.type === "eip4844";
            const signed = isBlob ? { ...transaction, sidecars: false } : transaction;
            return serializer(transaction, await signHash(keccak256(await serializer(signed))));
        },
    });
}
