import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { createProgram } from '../../../cli/program.ts';
import { run } from '../../../cli/run.ts';
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

/** The same command line in this process, which spares each case a start of Node. */
export const runHere = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const textOf = (spy: typeof stdout) => spy.mock.calls.map(([text]) => text).join('');
  try {
    const code = await run(createProgram(), ['node', 'berth', ...args]);
    return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  }
};
