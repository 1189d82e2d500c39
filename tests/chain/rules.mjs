// node rules.mjs: compiles what stands in for an account of Kernel and for the contracts of its rules that
// count, and prints the code of each as JSON, to be put at the published addresses. Kernel's own policies are
// in no npm package: these have their public getters, with the same structs, and count as they do.
import {createRequire} from 'node:module';

const solc = createRequire(import.meta.url)('solc');

const SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.12;

contract Account {
    struct PermissionConfig { bytes2 permissionFlag; address signer; bytes22[] policyData; }
    struct ValidationConfig { uint32 nonce; address hook; }
    address private signer;

    function install(address s) external { signer = s; }
    function currentNonce() external pure returns (uint32) { return 1; }
    function validNonceFrom() external pure returns (uint32) { return 0; }
    function validationConfig(bytes21) external view returns (ValidationConfig memory) {
        return signer == address(0) ? ValidationConfig(0, address(0)) : ValidationConfig(1, address(1));
    }
    function permissionConfig(bytes4) external view returns (PermissionConfig memory c) { c.signer = signer; }
}

contract GasPolicy {
    struct GasPolicyConfig { uint128 allowed; bool enforcePaymaster; address allowedPaymaster; }
    mapping(bytes32 => mapping(address => GasPolicyConfig)) public gasPolicyConfig;

    function install(bytes32 id, address account, uint128 allowed) external {
        gasPolicyConfig[id][account] = GasPolicyConfig(allowed, true, address(this));
    }
    function use(bytes32 id, address account, uint128 cost) external { gasPolicyConfig[id][account].allowed -= cost; }
}

contract RateLimitPolicy {
    struct RateLimitConfig { uint48 interval; uint48 count; uint48 startAt; }
    mapping(bytes32 => mapping(address => RateLimitConfig)) public rateLimitConfigs;

    function install(bytes32 id, address account, uint48 interval, uint48 count, uint48 startAt) external {
        rateLimitConfigs[id][account] = RateLimitConfig(interval, count, startAt);
    }
    function use(bytes32 id, address account) external {
        RateLimitConfig storage config = rateLimitConfigs[id][account];
        require(config.count > 0);
        config.count -= 1;
        config.startAt += config.interval;
    }
}

contract RateLimitPolicyReset {
    struct RateLimitConfig { uint48 interval; uint48 count; }
    struct RateLimitState { uint48 count; uint48 resetDate; }
    mapping(bytes32 => mapping(address => RateLimitConfig)) public rateLimitConfigs;
    mapping(bytes32 => mapping(address => RateLimitState)) public rateLimitState;

    function install(bytes32 id, address account, uint48 interval, uint48 count) external {
        rateLimitConfigs[id][account] = RateLimitConfig(interval, count);
        rateLimitState[id][account] = RateLimitState(count, uint48(block.timestamp) + interval);
    }
    function use(bytes32 id, address account) external {
        RateLimitConfig storage config = rateLimitConfigs[id][account];
        RateLimitState storage state = rateLimitState[id][account];
        if (block.timestamp >= state.resetDate) {
            state.count = config.count;
            state.resetDate = uint48(block.timestamp) + config.interval;
        }
        require(state.count > 0);
        state.count -= 1;
    }
}
`;

const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: {'rules.sol': {content: SOURCE}},
      settings: {
        evmVersion: 'london',
        outputSelection: {'rules.sol': {'*': ['evm.deployedBytecode.object']}},
      },
    }),
  ),
);
const errors = (output.errors ?? []).filter((e) => e.severity === 'error');
if (errors.length) throw new Error(errors.map((e) => e.formattedMessage).join('\n'));
const contracts = Object.entries(output.contracts['rules.sol']).map(([name, {evm}]) => [
  name,
  `0x${evm.deployedBytecode.object}`,
]);
console.log(JSON.stringify(Object.fromEntries(contracts)));
