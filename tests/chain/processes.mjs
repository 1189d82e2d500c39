// Child processes that do not outlive this one, however it ends.
import {spawn} from 'node:child_process';
import {here} from './packages.mjs';

const running = new Set();

// Programs that read settings from the environment (alto: ALTO_...) find none there.
const environment = {PATH: process.env.PATH, HOME: process.env.HOME ?? '/'};

/**
 * Starts a program. setpriv asks the kernel to kill it when this process ends, which also holds for
 * kill -9. Calls ended(text) when it ends unasked. Returns {child, output()}: the last it printed.
 */
export function start(command, args, {ended, channel = false}) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    cwd: here,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', ...(channel ? ['ipc'] : [])],
  });
  let printed = '';
  const keep = (bytes) => {
    printed = (printed + bytes).slice(-20000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const output = () => printed;
  running.add(child);
  child.on('error', (e) => {
    running.delete(child);
    ended(e.code === 'ENOENT' ? 'setpriv (package util-linux) is missing' : e.message);
  });
  child.on('close', (code, signal) => {
    if (running.delete(child)) ended(`ended (${signal ?? `status ${code}`}): ${printed.slice(-2000)}`);
  });
  return {child, output};
}

// Ends a child, which has nothing to save, and waits until it is gone.
const end = (child) =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', done);
    child.kill('SIGKILL');
  });

// Ends all that were started; nobody is told.
export async function endAll() {
  const children = [...running];
  running.clear();
  await Promise.all(children.map(end));
}

// Asks again until the answer is something, or fails.
export async function until(what, {seconds, ask}) {
  const last = Date.now() + 1000 * seconds;
  for (let failure = ''; Date.now() < last; ) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (e) {
      failure = e.message;
    }
    await new Promise((wake) => setTimeout(wake, 100));
    if (Date.now() >= last) throw new Error(`${what}: not within ${seconds} seconds ${failure}`);
  }
}
