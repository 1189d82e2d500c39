// A seeded source of random choices, so that every case can be made again.
export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const r = {
    below: (n) => next() % n,
    chance: (percent) => next() % 100 < percent,
    pick: (list) => list[next() % list.length],
    bytes: (n) => '0x' + Array.from({length: n}, () => (next() & 255).toString(16).padStart(2, '0')).join(''),
    // Numbers of that many bits, often at an edge.
    number: (bits) => {
      const top = 1n << BigInt(bits);
      const edge = next() % 8;
      if (edge === 0) return 0n;
      if (edge === 1) return 1n;
      if (edge === 2) return top - 1n;
      if (edge === 3) return top >> 1n;
      return BigInt(r.bytes(Math.ceil(bits / 8))) % (1n << BigInt(1 + (next() % bits)));
    },
  };
  return r;
}
