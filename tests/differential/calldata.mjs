// execute calldata, canonical and hostile, for the Kernel and for thirdweb's accounts.
import {encodeAbiParameters, encodePacked, concat, toHex, pad, slice, size} from 'viem';

export const word = (value) => toHex(BigInt(value), {size: 32});
const cut = (data, from, to) => (from >= to ? '0x' : slice(data, from, to));

// ---- Kernel: execute(bytes32 mode, bytes executionCalldata)

const single = (c) => encodePacked(['address', 'uint256', 'bytes'], [c.target, c.value, c.data]);
const delegate = (c) => encodePacked(['address', 'bytes'], [c.target, c.data]);
const batch = (calls) =>
  encodeAbiParameters(
    [{type: 'tuple[]', components: [{type: 'address'}, {type: 'uint256'}, {type: 'bytes'}]}],
    [calls.map((c) => [c.target, c.value, c.data])],
  );

export function execute(callType, calls, mode = {}) {
  const inner = callType === '0x01' ? batch(calls) : callType === '0xff' ? delegate(calls[0]) : single(calls[0]);
  const modeWord = concat([callType, mode.execType ?? '0x00', pad(mode.rest ?? '0x', {size: 30})]);
  return concat(['0xe9ae5c53', encodeAbiParameters([{type: 'bytes32'}, {type: 'bytes'}], [modeWord, inner])]);
}

function replaceWord(data, at, value) {
  return at + 32 > size(data) ? data : concat([cut(data, 0, at), word(value), cut(data, at + 32, size(data))]);
}

// An encoding of the same or of other calls that no ordinary encoder makes.
export function twist(r, data) {
  const len = size(data);
  const words = Math.max(1, Math.floor((len - 4) / 32));
  const at = 4 + 32 * r.below(words);
  switch (r.below(9)) {
    case 0:
      return concat([data, r.bytes(1 + r.below(40))]);
    case 1:
      return cut(data, 0, r.below(len + 1));
    case 2: {
      const i = r.below(len);
      return concat([cut(data, 0, i), r.bytes(1), cut(data, i + 1, len)]);
    }
    case 3:
      return replaceWord(data, at, r.pick([0, 1, 31, 32, 33, 64, 65, 96, len, len + 32, 2 ** 32]));
    case 4:
      return replaceWord(data, at, r.number(256));
    case 5:
      return replaceWord(data, 36, r.pick([0x40, 0x41, 0x20, 0x60, 0x00]));
    case 6: {
      // The same argument behind a gap that the offset skips.
      const gap = r.bytes(r.below(70));
      const body = cut(data, 68, len);
      return concat([cut(data, 0, 36), word(64 + size(gap)), gap, body]);
    }
    case 7:
      return concat(['0x8dd7712f', data]);
    default:
      return concat([r.bytes(4), cut(data, 4, len)]);
  }
}

// ---- thirdweb: execute(address,uint256,bytes), executeBatch(address[],uint256[],bytes[])

export function thirdwebExecute(c) {
  return concat([
    '0xb61d27f6',
    encodeAbiParameters([{type: 'address'}, {type: 'uint256'}, {type: 'bytes'}], [c.target, c.value, c.data]),
  ]);
}

export function thirdwebBatch(calls, lengths = {}) {
  const take = (list, n, filler) => Array.from({length: n ?? list.length}, (_, i) => list[i] ?? filler);
  return concat([
    '0x47e1da2a',
    encodeAbiParameters(
      [{type: 'address[]'}, {type: 'uint256[]'}, {type: 'bytes[]'}],
      [
        calls.map((c) => c.target),
        take(calls.map((c) => c.value), lengths.values, 0n),
        take(calls.map((c) => c.data), lengths.data, '0x'),
      ],
    ),
  ]);
}
