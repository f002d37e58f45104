import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../../helpers/compile-cache.ts';

export const BIN = fileURLToPath(new URL('../../../cli/bin.mjs', import.meta.url));

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The Node that starts it. */
  readonly node?: string;
  readonly bin?: string;
  /** Ended after so long; 25 s without it. */
  readonly timeoutMs?: number;
};

/** Runs the real command line as its own process, with nothing of this environment but PATH and the compile cache. */
export const runCli = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(options.node ?? process.execPath, [options.bin ?? BIN, ...args], {
      cwd: options.cwd ?? '/',
      env: { PATH: process.env.PATH ?? '', ...compileCache(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 25_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
