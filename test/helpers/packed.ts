import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { extract } from 'tar';
import * as z from 'zod';

const ROOT = resolve(import.meta.dirname, '..', '..');
/** Files that every TypeScript project has. */
const TYPES = ['@types/node', 'undici-types'];
const PATIENCE_MS = 120_000;

type Running = {
  /** Its output so far. */
  readonly output: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  readonly stop: () => Promise<void>;
};

export type PackedProject = {
  readonly folder: string;
  /** Runs a program of the project to its end; rejects with its output if it fails. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts a program of the project that keeps running. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  remove(): Promise<void>;
};

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });

const dependenciesOf = async (folder: string): Promise<readonly string[]> =>
  Object.keys(
    manifestSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).dependencies,
  );

/**
 * A project that has the packages as `npm run package` makes them, and the examples as its own files. Needs no
 * network.
 */
export const packedProject = async (): Promise<PackedProject> => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-packed-'));
  try {
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts', 'package.ts'), folder], {
      timeout: PATIENCE_MS,
    });
    const modules = join(folder, 'node_modules');
    const needed = new Set(TYPES);
    for (const tarball of (await readdir(folder)).filter((name) => name.endsWith('.tgz'))) {
      const installed = join(modules, tarball.replace(/-\d.*$/, ''));
      await mkdir(installed, { recursive: true });
      await extract({ file: join(folder, tarball), cwd: installed, strip: 1 });
      for (const name of await dependenciesOf(installed)) needed.add(name);
    }
    // As a registry would install them beside the packages.
    for (const name of needed) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    }
    await cp(join(ROOT, 'examples'), folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'of-a-user', type: 'module' }));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const start: PackedProject['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const ended = new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
    return {
      output: () => output,
      ended,
      stop: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  };
  return {
    folder,
    start,
    run: async (args, env) => {
      const { ended, output } = start(args, env);
      const code = await ended;
      if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}: ${output()}`);
      return output();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
