#!/usr/bin/env node
/**
 * Starts `berth` under any Node. The sources are TypeScript that Node runs as it is from 22.18 on; an older one hands
 * over to the Node 24 that the package brings (node_modules/.bin/node), or says what is missing. In an installed
 * package Node runs no TypeScript: there it is the JavaScript that was packed.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In the environment of a Node that was started from here: it is never handed over twice. */
const HANDED_OVER = 'BERTH_NODE_HANDED_OVER';

const here = dirname(fileURLToPath(import.meta.url));

/** The nearest node_modules/.bin/node at or above a folder. */
const packagedNode = (folder) => {
  const candidate = join(folder, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (existsSync(candidate)) return candidate;
  const parent = dirname(folder);
  return parent === folder ? undefined : packagedNode(parent);
};

const handOver = (node) => {
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, [HANDED_OVER]: '1' },
  });
  // A terminal's Ctrl-C reaches the whole group; a signal sent to this process alone has to be passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', complain);
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
  });
};

const complain = () => {
  process.stderr.write(
    `berth: Node ${process.versions.node} can't run it, and the Node 24 of the package is not installed\n` +
      '  run `npm ci` in the berth folder, or use Node 22.18 or newer\n',
  );
  process.exitCode = 1;
};

if (here.split(sep).includes('node_modules')) {
  await import('../dist/npm/cli/main.js');
} else if (process.features.typescript) {
  // Halves the start. Beside the code and not in a shared /tmp, in which others could plant what is run.
  module.enableCompileCache?.(join(here, '..', 'node_modules', '.cache', 'berth'));
  await import('./main.ts');
} else {
  const node = process.env[HANDED_OVER] ? undefined : packagedNode(here);
  if (node) handOver(node);
  else complain();
}
