// Calls of thirdweb's accounts and their factories, encoded with viem.
import {decodeFunctionResult, encodeFunctionData, parseAbi} from 'viem';

const abi = parseAbi([
  'function createAccount(address admin, bytes data) returns (address)',
  'function getAddress(address admin, bytes data) view returns (address)',
  'function execute(address target, uint256 value, bytes data)',
  'function executeBatch(address[] targets, uint256[] values, bytes[] data)',
  'function isActiveSigner(address signer) view returns (bool)',
  'function isAdmin(address account) view returns (bool)',
]);

const parsed = (text) => (text.startsWith('[') ? JSON.parse(text) : text);

// Call data; arguments are text, lists in JSON.
export const encode = (functionName, ...args) =>
  encodeFunctionData({abi, functionName, args: args.map(parsed)});

// What a function answered.
export const decode = (functionName, data) => decodeFunctionResult({abi, functionName, data});
