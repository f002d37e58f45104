/**
 * Stands in for the worker. `STAND_IN` says how it reacts to SIGTERM. It writes its own data to
 * `<STAND_IN_DIR>/<STAND_IN_NAME>.json` once it is ready.
 *
 *   graceful   ends with 0
 *   stubborn   ignores it
 *   tree       ends with 0 and leaves a grandchild in its own session that ignores it
 *   crash      does not wait for it: writes a line and ends with 3
 */
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { STAND_IN = 'graceful', STAND_IN_DIR = '', STAND_IN_NAME = 'task' } = process.env;

const ready = (grandchild?: number): void => {
  const path = join(STAND_IN_DIR, `${STAND_IN_NAME}.json`);
  writeFileSync(`${path}.new`, JSON.stringify({ pid: process.pid, grandchild, env: process.env }));
  renameSync(`${path}.new`, path);
};

process.on('SIGTERM', () => {
  console.log('asked to end');
  if (STAND_IN !== 'stubborn') process.exit(0);
});

if (STAND_IN === 'crash') {
  console.error('the stand-in fell over');
  process.exitCode = 3;
} else {
  setInterval(() => {}, 60_000);
  if (STAND_IN === 'tree') {
    const stays = "process.on('SIGTERM', () => {}); setInterval(() => {}, 60_000); process.send('ready');";
    const grandchild = spawn(process.execPath, ['-e', stays], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    grandchild.once('message', () => {
      grandchild.disconnect();
      grandchild.unref();
      ready(grandchild.pid);
    });
  } else {
    ready();
  }
}
