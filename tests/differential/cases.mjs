// Random and hostile cases in the form of tests/vectors/verdicts/README.md.
import {concat, pad, toHex, hashTypedData, encodeAbiParameters, getAddress, size, slice, keccak256} from 'viem';
import {execute, thirdwebExecute, thirdwebBatch, twist, word} from './calldata.mjs';

const T0 = 1760000000;
const ZERO = '0x0000000000000000000000000000000000000000';
const SELECTORS = ['0xa9059cbb', '0x095ea7b3', '0x23b872dd', '0x00000000', '0x12345678'];
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

export function maker(r, forms, world, oracle) {
  const address = () => getAddress(r.bytes(20));
  const flag = () => r.pick(['0x0000', '0x0000', '0x0000', '0x0001', '0x0002', '0x0003']);

  // ---- Policies

  // A small world, so that steps and permissions meet often.
  function scene() {
    const targets = [address(), address(), ZERO];
    return {targets, callers: [address(), address(), ZERO], values: [0n, 1n, 5n, 1000n, 10n ** 18n]};
  }

  function rule(s) {
    const condition = r.below(7);
    const count = condition === 6 ? r.below(4) : 1;
    const params = Array.from({length: count}, () => word(r.chance(50) ? r.below(4) : r.number(256)));
    return {condition, offset: r.pick([0, 0, 32, 32, 64, 1, 4, 31, 1000]), params};
  }

  function permissions(s) {
    const seen = new Set();
    const list = [];
    for (let i = 0; i < 1 + r.below(4); i++) {
      const p = {
        callType: r.pick(['0x00', '0x00', '0x00', '0xff', '0x01']),
        target: r.pick(s.targets),
        selector: r.pick(SELECTORS),
        valueLimit: toHex(r.pick(s.values)),
        rules: Array.from({length: r.below(3)}, () => rule(s)),
      };
      const key = p.callType + p.target + p.selector;
      if (!seen.has(key)) list.push(p);
      seen.add(key);
    }
    return list;
  }

  function policy(type, s) {
    switch (type) {
      case 'call':
        return {type, version: r.pick(['0.0.3', '0.0.4']), permissions: permissions(s)};
      case 'gas':
        return {
          type,
          allowed: toHex(r.chance(60) ? 10n ** 16n * BigInt(1 + r.below(50)) : r.number(128)),
          enforcePaymaster: r.chance(30),
          allowedPaymaster: r.chance(60) ? r.pick(world.PAYMASTERS) : ZERO,
        };
      case 'ratelimit':
        return {
          type,
          interval: r.pick([0, 1, 10, 60, 3600, 2 ** 40]),
          count: r.below(5),
          startAt: r.pick([0, T0 - 100, T0, T0 + 1, T0 + 60, 2 ** 48 - 100]),
        };
      case 'ratelimit-reset':
        return {type, interval: r.pick([0, 1, 10, 60, 3600]), count: r.below(4)};
      case 'timestamp':
        return {
          type,
          validAfter: r.pick([0, T0 - 1, T0, T0 + 1, T0 + 50, 2 ** 48 - 1]),
          validUntil: r.pick([0, T0 - 1, T0, T0 + 1, T0 + 50, T0 + 5000, 2 ** 48 - 1]),
        };
      case 'signature':
        return {type, allowedCallers: s.callers.slice(0, r.below(3))};
      default:
        return {type: 'sudo'};
    }
  }

  const TYPES = ['call', 'call', 'gas', 'ratelimit', 'ratelimit-reset', 'timestamp', 'signature', 'sudo'];

  function policies(s) {
    const types = new Set(Array.from({length: 1 + r.below(3)}, () => r.pick(TYPES)));
    return [...types].map((type) => ({...policy(type, s), flag: r.chance(75) ? '0x0000' : flag()}));
  }

  async function signer() {
    const privateKey = r.bytes(32);
    if (r.chance(75)) return {type: 'ecdsa', privateKey};
    const {p256} = await import('@noble/curves/p256');
    const point = p256.getPublicKey(privateKey.slice(2), false);
    const hex = (from) => '0x' + Buffer.from(point.slice(from, from + 32)).toString('hex');
    return {type: 'webauthn', privateKey, x: hex(1), y: hex(33), authenticatorIdHash: r.bytes(32)};
  }

  // ---- Operations

  function data() {
    const selector = r.pick(SELECTORS);
    const words = Array.from({length: r.below(4)}, () => word(r.chance(60) ? r.below(5) : r.number(256)));
    return r.chance(8) ? r.bytes(r.below(4)) : r.chance(10) ? '0x' : concat([selector, ...words, r.bytes(r.below(3))]);
  }

  const call = (s, account) => ({
    target: r.chance(85) ? r.pick(s.targets) : r.pick([account, address(), world.EP['0.7']]),
    value: r.chance(70) ? 0n : r.pick(s.values) + (r.chance(30) ? 1n : 0n),
    data: data(),
  });

  // The permission's own target and selector, so that rules are reached.
  function aimed(c, s) {
    const rules = c.policies.filter((p) => p.type === 'call');
    if (!rules.length || r.chance(25)) return call(s, c.account);
    const p = r.pick(r.pick(rules).permissions);
    const made = call(s, c.account);
    return {
      target: p.target,
      value: r.chance(70) ? BigInt(p.valueLimit) : made.value,
      data: p.selector === '0x00000000' && r.chance(70) ? '0x' : p.selector + made.data.slice(10),
    };
  }

  function callData(c, s) {
    const callType = r.pick(['0x00', '0x00', '0x00', '0x01', '0x01', '0xff']);
    const count = callType === '0x01' ? r.below(4) : 1;
    const calls = Array.from({length: count}, () => aimed(c, s));
    const mode = r.chance(85) ? {} : {execType: r.pick(['0x00', '0x01', '0x02']), rest: r.bytes(30)};
    const plain = execute(r.chance(97) || !count ? callType : r.pick(['0xfe', '0x02', '0x80']), calls, mode);
    return r.chance(80) ? plain : twist(r, plain);
  }

  // Enough to validate, little enough to be paid.
  function gas() {
    const verification = r.chance(90) ? 2000000n : 2000000n + r.number(60);
    const callGas = r.chance(90) ? BigInt(r.below(1000000)) : r.number(30);
    const pre = r.chance(90) ? BigInt(r.below(100000)) : r.number(r.pick([64, 121]));
    const fee = r.chance(90) ? BigInt(r.below(50)) * 10n ** 9n : r.number(r.pick([64, 120, 121]));
    const max = 1n << 190n;
    const dear = (verification + callGas + pre) * fee >= max;
    return {
      accountGasLimits: concat([toHex(verification, {size: 16}), toHex(callGas, {size: 16})]),
      preVerificationGas: toHex(dear ? 1n : pre),
      gasFees: concat([toHex(0n, {size: 16}), toHex(dear ? 10n ** 9n : fee, {size: 16})]),
    };
  }

  function paymasterAndData(c) {
    const named = c.policies.find((p) => p.type === 'gas')?.allowedPaymaster;
    if (r.chance(60)) return '0x';
    const who = named && named !== ZERO && r.chance(60) ? named : r.pick(world.PAYMASTERS);
    return concat([who, toHex(200000n, {size: 16}), toHex(100000n, {size: 16}), r.bytes(r.below(5))]);
  }

  function nonce(c, lane, used) {
    if (used.length && r.chance(4)) return r.pick(used);
    if (r.chance(94)) return forms.nonceFor(c.permissionId, lane);
    const mode = r.pick(['0x00', '0x02', '0x03', '0xff', '0x01']);
    const type = r.pick(['0x02', '0x02', '0x01', '0x03']);
    const id = r.chance(50) ? c.permissionId : r.bytes(4);
    const tail = r.chance(70) ? pad(id, {size: 20, dir: 'right'}) : concat([id, r.bytes(16)]);
    return concat([mode, type, tail, toHex(lane, {size: 2}), toHex(BigInt(r.below(2)), {size: 8})]);
  }

  // ---- Signatures

  const flip = (bytes) => {
    const i = r.below(size(bytes));
    const b = Number(BigInt(slice(bytes, i, i + 1))) ^ (1 << r.below(8));
    return concat([...(i ? [slice(bytes, 0, i)] : []), toHex(b, {size: 1}), ...(i + 1 < size(bytes) ? [slice(bytes, i + 1)] : [])]);
  };

  async function ecdsa(c, hash) {
    const digest = forms.ethMsg(hash);
    const plain = await forms.ecdsaSig(c.signer.privateKey, digest);
    const [rr, s, v] = [slice(plain, 0, 32), BigInt(slice(plain, 32, 64)), Number(BigInt(slice(plain, 64)))];
    switch (r.chance(82) ? -1 : r.below(9)) {
      case 0:
        return forms.ecdsaSig(c.signer.privateKey, hash);
      case 1:
        return concat([rr, word(N - s), toHex(v ^ 7, {size: 1})]);
      case 2:
        return concat([rr, word(s | (BigInt(v - 27) << 255n))]);
      case 3:
        return concat([rr, word(s), toHex(v - 27, {size: 1})]);
      case 4:
        return forms.ecdsaSig(r.bytes(32), digest);
      case 5:
        return flip(plain);
      case 6:
        return r.pick(['0x', slice(plain, 0, 64), concat([plain, '0x00']), '0x' + '00'.repeat(65), slice(plain, 0, 63)]);
      case 7:
        return concat([rr, word(0n), toHex(v, {size: 1})]);
      case 8:
        return concat([word(N + 5n), word(s), toHex(v, {size: 1})]);
      default:
        return plain;
    }
  }

  function webauthn(c, hash) {
    const o = {};
    if (r.chance(35)) {
      const text = (type, challenge, rest) => `{"type":"${type}","challenge":"${challenge}"${rest}}`;
      const odd = [
        () => (o.flags = r.pick([0, 1, 4, 5, 0x0d, 0x15, 0x1d, 0x45, 0xc5])),
        () => (o.highS = true),
        () => (o.pre = false),
        () => (o.loc = r.pick([0n, 1n, 2n, 23n, (1n << 256n) - 1n])),
        () => (o.key = r.bytes(32)),
        () => (o.r = 0n),
        () => Object.assign(o, {loc: 1n, cdj: (x) => text('webauthn.create', x, ',"origin":"https://a"')}),
        () => (o.cdj = (x) => text('webauthn.get', x, r.pick(['', ',"a":"\\u00e9"', ',"origin":"é"']))),
        () => (o.cdj = (x) => text('webauthn.get', x.slice(0, 42) + r.pick(['A', '_', '-']), '')),
        () => (o.cdj = (x) => `{"challenge":"${x}","type":"webauthn.get"}`),
        () => (o.cdj = (x) => `{"type":"webauthn.get", "challenge":"${x}"}`),
        () => (o.auth = r.bytes(r.pick([0, 32, 36]))),
        () => (o.auth = concat([r.bytes(32), '0x05', r.bytes(4 + r.below(40))])),
      ];
      r.pick(odd)();
    }
    const encoded = forms.encWA(forms.webauthnParts(c.signer.privateKey, hash, o));
    if (r.chance(94)) return encoded;
    return r.pick([
      () => concat([encoded, r.bytes(1 + r.below(40))]),
      () => slice(encoded, 0, size(encoded) - 1 - r.below(60)),
      () => flip(encoded),
    ])();
  }

  async function sessionPart(c, hash) {
    const inner = c.signer.type === 'ecdsa' ? await ecdsa(c, hash) : webauthn(c, hash);
    if (r.chance(93)) return concat(['0xff', inner]);
    const n = c.policies.length;
    const part = (i, len = 3) => concat([toHex(i, {size: 1}), toHex(len, {size: 8}), r.bytes(3)]);
    return r.pick([
      () => inner,
      () => '0x',
      () => '0xff',
      () => concat([part(r.below(n)), '0xff', inner]),
      () => concat([...Array.from({length: n}, (_, i) => part(i)), '0xff', inner]),
      () => concat([part(0), part(0), '0xff', inner]),
      () => concat([part(n), '0xff', inner]),
      () => concat([part(0, 2 ** 40), '0xff', inner]),
      () => concat(['0xfe', inner]),
    ])();
  }

  // ---- Enable mode

  const ENABLE = [
    {name: 'validationId', type: 'bytes21'},
    {name: 'nonce', type: 'uint32'},
    {name: 'hook', type: 'address'},
    {name: 'validatorData', type: 'bytes'},
    {name: 'hookData', type: 'bytes'},
    {name: 'selectorData', type: 'bytes'},
  ];

  async function approval(c) {
    const odd = r.chance(70) ? -1 : r.below(6);
    const selectorData = concat([
      '0xe9ae5c53', ZERO, ZERO, encodeAbiParameters([{type: 'bytes'}, {type: 'bytes'}], ['0xff', '0x0000']),
    ]);
    const hook = odd === 0 ? '0x0000000000000000000000000000000000000001' : ZERO;
    const digest = hashTypedData({
      domain: {
        name: 'Kernel',
        version: odd === 1 ? '0.3.2' : c.kernelVersion,
        chainId: odd === 2 ? 0 : c.chainId,
        verifyingContract: c.account,
      },
      types: {Enable: ENABLE},
      primaryType: 'Enable',
      message: {
        validationId: world.vIdOf(c.permissionId),
        nonce: odd === 3 ? 2 : 1,
        hook,
        validatorData: c.enableData,
        hookData: '0x',
        selectorData,
      },
    });
    const key = odd === 4 ? r.bytes(32) : world.OWNER_KEY;
    const signature = await forms.ecdsaSig(key, odd === 5 ? forms.ethMsg(digest) : digest);
    return {hook, selectorData, signature};
  }

  const wrap = (c, a, part) =>
    concat([
      a.hook,
      encodeAbiParameters(
        Array(5).fill({type: 'bytes'}),
        [c.enableData, '0x', a.selectorData, a.signature, part],
      ),
    ]);

  // ---- Steps of a Kernel case

  async function operation(c, s, lane, used, approvalData) {
    const u = {sender: c.account, initCode: '0x', callData: callData(c, s), ...gas(), paymasterAndData: paymasterAndData(c)};
    const enable = approvalData && r.chance(60);
    u.nonce = enable ? forms.nonceFor(c.permissionId, lane, 0n, '0x01') : nonce(c, lane, used);
    used.push(u.nonce);
    const hash = world.userOpHash(u, c.entryPointVersion, c.chainId);
    const part = await sessionPart(c, hash);
    u.signature = enable ? wrap(c, approvalData, part) : part;
    return {userOp: u, userOpHash: hash};
  }

  async function message(c, s) {
    const hash = r.bytes(32);
    const digest = hashTypedData({
      domain: {name: 'Kernel', version: c.kernelVersion, chainId: c.chainId, verifyingContract: c.account},
      types: {Kernel: [{name: 'hash', type: 'bytes32'}]},
      primaryType: 'Kernel',
      message: {hash},
    });
    let part;
    if (c.signer.type === 'ecdsa' && r.chance(50)) part = concat(['0xff', await forms.ecdsaSig(c.signer.privateKey, digest)]);
    else part = await sessionPart(c, digest);
    const id = r.chance(93) ? concat(['0x02', c.permissionId]) : r.pick(['0x', '0x00', '0x03', concat(['0x02', r.bytes(4)])]);
    const callers = [...s.callers, address()];
    return {kind: 'erc1271', caller: r.pick(callers), hash, signature: concat([id, part])};
  }

  async function kernelCase(id) {
    const s = scene();
    const c = {id, kernelVersion: '0.3.1', entryPointVersion: '0.7', chainId: 31337, flag: r.chance(88) ? '0x0000' : flag()};
    c.policies = policies(s);
    c.signer = await signer();
    c.steps = [];
    c.installTimestamp = T0 - r.pick([0, 1, 59, 60, 1000]);
    await oracle.normalize(c);
    c.entryPoint = world.EP['0.7'];
    let approvalData;
    if (r.chance(12)) {
      approvalData = await approval(c);
      Object.assign(c, {install: 'enable', grant: false});
      c.enable = {owner: {address: world.owner.address}};
    }
    let time = T0;
    const used = [];
    for (let k = 0; k < 1 + r.below(6); k++) {
      time += r.pick([0, 0, 1, 2, 9, 10, 60, 61]);
      const step = r.chance(80) ? await operation(c, s, k, used, approvalData) : await message(c, s);
      c.steps.push({timestamp: time, ...step});
    }
    return c;
  }

  // ---- thirdweb

  async function request(c, signerAddress, s, admin) {
    const time = T0;
    const q = {
      signer: r.chance(92) ? signerAddress : address(),
      isAdmin: r.chance(90) ? 0 : r.pick([1, 2, 3]),
      approvedTargets: r.chance(15) ? [ZERO] : Array.from({length: r.below(4)}, () => r.pick(s.targets)),
      nativeTokenLimitPerTransaction: toHex(r.chance(85) ? r.pick(s.values) : r.number(256)),
      permissionStartTimestamp: toHex(r.pick([0, 0, T0, T0 + 1, T0 + 50])),
      permissionEndTimestamp: toHex(r.chance(85) ? BigInt(r.pick([T0 + 100000, T0 + 100, T0 + 1, T0, 0])) : r.number(127)),
      reqValidityStartTimestamp: toHex(r.pick([0, 0, T0, T0 + 5])),
      reqValidityEndTimestamp: toHex(r.pick([T0 + 1000, T0 + 1000, T0 + 1, T0])),
      uid: r.bytes(32),
    };
    return {request: q, timestamp: time, key: r.chance(92) ? admin : r.bytes(32)};
  }

  function thirdwebData(s) {
    const calls = Array.from({length: r.below(4)}, () => call(s, s.account));
    const plain =
      r.chance(50) && calls.length
        ? thirdwebExecute(calls[0])
        : thirdwebBatch(calls, r.chance(80) ? {} : {values: r.below(4), data: r.below(4)});
    return r.chance(80) ? plain : twist(r, plain);
  }

  async function thirdwebOperation(c, s, k, signerKey) {
    const u = {
      sender: c.account,
      nonce: concat([pad(toHex(k + 1), {size: 24}), '0x0000000000000000']),
      initCode: '0x',
      callData: thirdwebData(s),
      callGasLimit: toHex(300000),
      verificationGasLimit: toHex(2000000),
      preVerificationGas: toHex(r.below(50000)),
      maxFeePerGas: toHex(10 ** 9),
      maxPriorityFeePerGas: '0x0',
      paymasterAndData: '0x',
    };
    const hash = forms.hash06(u, c.chainId);
    const key = r.chance(88) ? signerKey : r.pick([world.OWNER_KEY, r.bytes(32)]);
    const plain = await forms.ecdsaSig(key, forms.ethMsg(hash));
    const [rr, ss, v] = [slice(plain, 0, 32), BigInt(slice(plain, 32, 64)), Number(BigInt(slice(plain, 64)))];
    u.signature = r.chance(90)
      ? plain
      : r.pick([
          () => concat([rr, word(N - ss), toHex(v ^ 7, {size: 1})]),
          () => slice(plain, 0, 64),
          () => concat([rr, word(ss), toHex(v - 27, {size: 1})]),
          () => flip(plain),
        ])();
    return {userOp: u, userOpHash: hash};
  }

  async function thirdwebMessage(c, s, signerKey) {
    const hash = r.bytes(32);
    const digest = hashTypedData({
      domain: {name: 'Account', version: '1', chainId: c.chainId, verifyingContract: c.account},
      types: {AccountMessage: [{name: 'message', type: 'bytes'}]},
      primaryType: 'AccountMessage',
      message: {message: hash},
    });
    const key = r.chance(90) ? signerKey : world.OWNER_KEY;
    return {
      kind: 'erc1271',
      caller: r.pick([...s.targets, address()]),
      hash,
      signature: await forms.ecdsaSig(key, r.chance(95) ? digest : forms.ethMsg(digest)),
    };
  }

  async function thirdwebCase(id) {
    const {privateKeyToAccount} = await import('viem/accounts');
    const s = scene();
    const c = {id, accountType: 'thirdweb', factory: r.pick(['simple', 'dynamic', 'managed']), chainId: 31337};
    c.entryPointVersion = '0.6';
    c.entryPoint = world.EP['0.6'];
    c.account = oracle.world.tw[c.factory];
    s.account = c.account;
    c.admin = {address: world.owner.address, privateKey: world.OWNER_KEY};
    const key = r.bytes(32);
    c.signer = {type: 'ecdsa', address: privateKeyToAccount(key).address, privateKey: key};
    c.requests = [];
    for (let i = 0; i < 1 + r.below(2); i++) c.requests.push(await request(c, c.signer.address, s, world.OWNER_KEY));
    c.steps = [];
    for (const q of c.requests) {
      const own = {...c, admin: {privateKey: q.key}, requests: [q], steps: []};
      await oracle.normalize(own);
      delete q.key;
    }
    let time = T0;
    for (let k = 0; k < 1 + r.below(5); k++) {
      time += r.pick([0, 0, 1, 49, 50, 51, 100]);
      const step = r.chance(85) ? await thirdwebOperation(c, s, k, key) : await thirdwebMessage(c, s, key);
      c.steps.push({timestamp: time, ...step});
    }
    return c;
  }

  return {make: (id) => (r.chance(80) ? kernelCase(id) : thirdwebCase(id))};
}
