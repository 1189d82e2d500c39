// node differential.mjs ORACLE-DIRECTORY VALETKEY STEPS [SEED] [OUT.json]
//
// Plays random and hostile cases on a chain and through `valetkey batch`, and compares every step: without hardening
// the answers must be equal, with it valetkey may only be stricter, and must name the rule. Differences are printed
// and, with OUT.json, their cases are written with the chain's verdicts; with KEEP=all in the environment those of all
// cases, in the form of tests/vectors/verdicts. Exit status 1 if there are differences.
//
// The oracle is the folder that starts the chain (its README tells how to install it); this script only uses it.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import {spawn} from 'node:child_process';
import {pathToFileURL} from 'node:url';
import {random} from './random.mjs';
import {maker} from './cases.mjs';

const [oracleDirectory, valetkey, wanted = '20000', seed = '1', out] = process.argv.slice(2);
if (!valetkey) {
  console.error('usage: node differential.mjs ORACLE-DIRECTORY VALETKEY STEPS [SEED] [OUT.json]');
  process.exit(2);
}
const load = (name) => import(pathToFileURL(path.resolve(oracleDirectory, name)));
const [core, normalizer, world, forms] = await Promise.all(
  ['oracle-core.mjs', 'normalize.mjs', 'world.mjs', 'forms.mjs'].map(load),
);

// ---- valetkey batch, one process

const child = spawn(valetkey, ['batch'], {stdio: ['pipe', 'pipe', 'inherit']});
const waiting = [];
readline.createInterface({input: child.stdout}).on('line', (line) => waiting.shift()(JSON.parse(line)));
child.on('exit', (code) => {
  if (waiting.length) throw new Error('valetkey batch ended with ' + code);
});
const ask = (request) =>
  new Promise((resolve) => {
    waiting.push(resolve);
    child.stdin.write(JSON.stringify(request) + '\n');
  });

// What a program would be given: not the members that only the oracle knows.
function question(c) {
  const {grant, enableData, ...rest} = c;
  return rest;
}

async function own(c) {
  const kind = c.accountType === 'thirdweb' ? 'thirdweb_verdict' : 'verdict';
  const [off, on] = await Promise.all([
    ask({id: c.id, kind, in: question(c), hardening: 'off'}),
    ask({id: c.id, kind, in: question(c)}),
  ]);
  return {off, on};
}

// ---- Comparing

const count = {steps: 0, accepted: 0, cases: 0, skipped: 0};
const hardened = {};
const differences = [];
const kept = [];

function note(c, k, what, chain, answer) {
  differences.push({step: k, what});
  if (!kept.includes(c)) kept.push(c);
  console.log(`${c.id} step ${k}: ${what}: chain ${JSON.stringify(chain)}, valetkey ${JSON.stringify(answer)}`);
}

function compareStep(c, k, chain, off, on) {
  count.steps++;
  count.accepted += chain.accept;
  if (off.accept !== chain.accept) note(c, k, off.accept ? 'LAXER' : 'stricter without hardening', chain, off);
  if (on.accept && !chain.accept) note(c, k, 'LAXER with hardening', chain, on);
  if (chain.accept && !on.accept && !on.hardening) note(c, k, 'stricter without a name', chain, on);
  if (!chain.accept && on.hardening) note(c, k, 'a hardening rule named where the chain denies', chain, on);
  if (on.hardening) hardened[on.hardening] = (hardened[on.hardening] ?? 0) + 1;
}

function compare(c, chain, {off, on}) {
  count.cases++;
  if (process.env.KEEP === 'all') kept.push(c);
  if (chain.error) throw new Error(`${c.id}: ${chain.error}`);
  if (chain.installed === false) {
    count.skipped++;
    return;
  }
  if (!off.ok || !on.ok) {
    note(c, -1, 'no verdict', null, off.ok ? on : off);
    return;
  }
  c.steps.forEach((s, k) => compareStep(c, k, chain.steps[k], off.out.steps[k], on.out.steps[k]));
  c.steps.forEach((s, k) => (s.verdict = chain.steps[k]));
}

// ---- All of it

const chain = await core.openOracle();
const r = random(Number(seed));
const make = maker(r, forms, world, {normalize: (c) => normalizer.normalize(c, chain), world: chain}).make;
const started = Date.now();
for (let n = 0; count.steps < Number(wanted); ) {
  const cases = [];
  for (let i = 0; i < Math.min(200, Number(wanted)); i++) cases.push(await make(`d${seed}-${n++}`));
  const [verdicts, answers] = await Promise.all([core.judge(chain, cases), Promise.all(cases.map(own))]);
  cases.forEach((c, i) => compare(c, verdicts[i], answers[i]));
  if (n % 2000 === 0) console.error(`${count.steps} steps, ${differences.length} differences`);
}
child.stdin.end();
if (out) {
  const lines = kept.map((c) => JSON.stringify(question(c)));
  fs.writeFileSync(out, `{"schema":"policy-verdicts/1","type":"differential","cases":[\n${lines.join(',\n')}\n]}\n`);
}
console.log(
  `${count.steps} steps in ${count.cases} cases (${count.skipped} not installable), ${count.accepted} accepted by the chain, ` +
    `${differences.length} differences, ${Math.round((Date.now() - started) / 1000)} s`,
);
console.log('stricter by hardening rule:', JSON.stringify(hardened));
process.exit(differences.length ? 1 : 0);
