// node compile.mjs: collects the contracts of a chain from the npm packages into a JSON file, unless
// there is one for these packages: entryPoints (creation code by version), kernel (creation code),
// thirdweb (by EntryPoint version, what solc makes of its contracts). A process of its own, because solc
// has a core busy for seconds.
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';
import {contractsFile, folder} from './packages.mjs';

const solc = createRequire(import.meta.url)('solc');

const ACCOUNT = '@thirdweb-dev/contracts/prebuilts/account/';
const CONTRACTS = {
  AccountFactory: `${ACCOUNT}non-upgradeable/AccountFactory.sol`,
  ManagedAccountFactory: `${ACCOUNT}managed/ManagedAccountFactory.sol`,
  AccountExtension: `${ACCOUNT}utils/AccountExtension.sol`,
};

// The package's accounts are those of EntryPoint 0.6. What EntryPoint 0.7 changed for an account is the
// struct that it is given: with that in this file's place, all the others serve for 0.7 as they are.
const STRUCT = `${ACCOUNT}utils/UserOperation.sol`;
const STRUCT_07 = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.12;
struct UserOperation {
    address sender;
    uint256 nonce;
    bytes initCode;
    bytes callData;
    bytes32 accountGasLimits;
    uint256 preVerificationGas;
    bytes32 gasFees;
    bytes paymasterAndData;
    bytes signature;
}
library UserOperationLib {}
`;

// The dynamic contracts import lib/... from their own folder.
const fileOf = (name) => {
  const inside = name.startsWith('lib/') ? `@thirdweb-dev/dynamic-contracts/${name}` : name;
  const [owner, second, ...rest] = inside.split('/');
  return owner.startsWith('@')
    ? path.join(folder(`${owner}/${second}`), ...rest)
    : path.join(folder(owner), second, ...rest);
};

function compile(names, replaced = {}) {
  const files = names.map((name) => CONTRACTS[name]);
  const read = (name) => {
    if (name in replaced) return {contents: replaced[name]};
    try {
      return {contents: fs.readFileSync(fileOf(name), 'utf8')};
    } catch (e) {
      return {error: e.message};
    }
  };
  const outputSelection = {};
  for (const name of names)
    outputSelection[CONTRACTS[name]] = {[name]: ['evm.bytecode.object', 'abi']};
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: Object.fromEntries(
          files.map((file) => [file, {content: read(file).contents}]),
        ),
        // The optimizer would take three times as long, and changes no verdict.
        settings: {evmVersion: 'london', outputSelection},
      }),
      {import: read},
    ),
  );
  const errors = (output.errors ?? []).filter((e) => e.severity === 'error');
  if (errors.length) throw new Error(errors.map((e) => e.formattedMessage).join('\n'));
  return Object.fromEntries(
    names.map((name) => {
      const {abi, evm} = output.contracts[CONTRACTS[name]][name];
      return [name, {abi, bytecode: `0x${evm.bytecode.object}`}];
    }),
  );
}

const entryPoint = (version) =>
  JSON.parse(
    fs.readFileSync(path.join(folder(`entry-point-${version}`), 'artifacts/EntryPoint.json'), 'utf8'),
  ).bytecode;

// The module kit has Kernel 0.3.1 as literals in a Solidity file, to etch it in tests.
function kernel() {
  const file = 'src/deployment/precompiles/KernelPrecompiles.sol';
  const text = fs.readFileSync(path.join(folder('@rhinestone/modulekit'), file), 'utf8');
  const literal = (name) => {
    const found = text.match(new RegExp(`constant ${name}\\s*=\\s*hex"([0-9a-f]+)"`));
    if (!found) throw new Error(`${file} has no ${name}`);
    return `0x${found[1]}`;
  };
  return {implementation: literal('KERNEL_BYTECODE'), factory: literal('KERNEL_FACTORY_BYTECODE')};
}

function collect() {
  return {
    entryPoints: Object.fromEntries(['0.6', '0.7', '0.8', '0.9'].map((v) => [v, entryPoint(v)])),
    kernel: {'0.3.1': kernel()},
    thirdweb: {
      0.6: compile(Object.keys(CONTRACTS)),
      0.7: compile(['AccountFactory'], {[STRUCT]: STRUCT_07}),
    },
  };
}

// Several may collect at once; each file is whole.
function write(file) {
  const own = `${file}.${process.pid}`;
  fs.mkdirSync(path.dirname(file), {recursive: true});
  fs.writeFileSync(own, JSON.stringify(collect()));
  fs.renameSync(own, file);
}

if (!fs.existsSync(contractsFile())) write(contractsFile());
