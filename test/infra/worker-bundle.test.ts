/** The worker's bundle, as the image and the local system start it. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ClassicLevel } from 'classic-level';
import { build, transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { nativeBeside } from '../../container/bundle/native.ts';
import { EXIT } from '../../container/exit.ts';
import { judgeUncaught } from '../../container/process-faults.ts';
import { WORKER_NODE_FLAGS } from '../../core/worker-process.ts';
import { preparePrograms } from '../../local/programs.ts';
import { root } from './synthesized.ts';

/** Away from the project: no package lies above it. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-worker-bundle-'));
  await cp(dirname((await preparePrograms()).worker), folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Run = {
  readonly env?: Record<string, string>;
  readonly flags?: readonly string[];
  readonly before?: string;
};

/** `before`: what Node runs ahead of the bundle. */
const run = async (args: readonly string[], { env = {}, flags = WORKER_NODE_FLAGS, before }: Run = {}) => {
  const ahead = join(folder, 'ahead.cjs');
  if (before !== undefined) await writeFile(ahead, before);
  return await promisify(execFile)(
    process.execPath,
    [...flags, ...(before === undefined ? [] : ['--require', ahead]), join(folder, 'worker.cjs'), ...args],
    { env },
  );
};

/** Of a run that ends since nothing of its environment is there: after all that precedes the first call is loaded. */
const runToFirstCall = async (options: Run): Promise<string> =>
  await run([], options).then(
    () => {
      throw new Error('a worker without an environment went on');
    },
    (error: { code: number; stdout: string }) => {
      expect(error.code).toBe(EXIT.environment);
      return error.stdout;
    },
  );

it('needs no package and no TypeScript beside it', async () => {
  const files = await readdir(folder, { recursive: true });
  expect(files.filter((name) => name.endsWith('.ts'))).toEqual([]);
  // Loads everything, the library too.
  await run(['--compile']);
  await expect(run([])).rejects.toMatchObject({
    code: EXIT.environment,
    stderr: expect.stringContaining('BERTH_SESSION_ID'),
  });
});

it('loads neither the library nor fetch before its first call', async () => {
  const output = await runToFirstCall({
    before: `process.on('exit', () => process.stdout.write(
      JSON.stringify([process.moduleLoadList, Object.keys(require.cache)])));`,
  });
  const [ofNode = [], ofBundle = []] = z.array(z.array(z.string())).parse(JSON.parse(output));
  expect(ofBundle.map((file) => basename(file))).toContain('code-cache.cjs');
  expect(ofBundle.filter((file) => file.includes('whatsapp-web.js'))).toEqual([]);
  // An import of Node's HTTP module loads undici (scripts/esbuild-plugins.ts).
  expect(ofNode.filter((name) => name.includes('undici'))).toEqual([]);
});

describe('the code that V8 compiled', () => {
  /** Prints for each script of the bundle whether V8 took the saved code. */
  const WATCH = `const vm = require('node:vm');
    const seen = [];
    vm.Script = class extends vm.Script {
      constructor(...args) {
        super(...args);
        seen.push(this.cachedDataRejected === undefined ? 'none' : this.cachedDataRejected ? 'refused' : 'taken');
      }
    };
    process.on('exit', () => process.stdout.write(JSON.stringify(seen)));`;

  it('is saved with --compile and taken by the next start', async () => {
    const env = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
    expect(await runToFirstCall({ env, before: WATCH })).toBe('["none"]');
    await run(['--compile'], { env });
    const saved = (await readdir(env.NODE_COMPILE_CACHE)).filter((name) => name.endsWith('.loaded'));
    expect(saved.map((name) => name.replace(/-\w+\.js/, '')).sort()).toEqual([
      'bundle.loaded',
      'worker.loaded',
    ]);
    expect(await runToFirstCall({ env, before: WATCH })).toBe('["taken"]');
    expect((await run(['--compile'], { env, before: WATCH })).stdout).toBe('["taken","taken"]');
  });

  it('is refused if another version of V8 compiled it, and the worker starts without it', async () => {
    const env = { NODE_COMPILE_CACHE: join(folder, 'other-version') };
    await run(['--compile'], { env });
    for (const name of await readdir(env.NODE_COMPILE_CACHE)) {
      if (!name.endsWith('.loaded')) continue;
      const code = await readFile(join(env.NODE_COMPILE_CACHE, name));
      // The second word of V8's header is a hash of its version (src/snapshot/code-serializer.h).
      code.writeUInt32LE((code.readUInt32LE(4) ^ 1) >>> 0, 4);
      await writeFile(join(env.NODE_COMPILE_CACHE, name), code);
    }
    expect(await runToFirstCall({ env, before: WATCH })).toBe('["refused"]');
  });

  it('is not missed if its folder can’t be written', async () => {
    const env = { NODE_COMPILE_CACHE: join(folder, 'worker.cjs', 'compiled') };
    expect((await run(['--compile'], { env, before: WATCH })).stdout).toBe('["none","none"]');
  });
});

/**
 * A line of code without what the bundler may change: the names of a module's own parts, which are numbered or
 * underscored if two modules have the same, and the way in which a class is bound to its name.
 */
const meaningOf = (line: string): string =>
  line
    .trim()
    .replace(/\b_?([A-Za-z]\w*?)\d*\b/g, '$1')
    .replace(/^(const|let) /, 'var ')
    .replace(/^var (\w+) = class( \1)?\b/, 'class $1');

/** Without comments, one statement a line. */
const printed = async (code: string): Promise<string[]> => {
  const bare = await transform(code, { charset: 'ascii', legalComments: 'none', minifyWhitespace: true });
  return (await transform(bare.code, { charset: 'ascii' })).code.split('\n');
};

it('has the library’s code as it is: what it sends to the page as source text is unchanged', async () => {
  const library = join(folder, 'node_modules', 'whatsapp-web.js');
  const [name = ''] = (await readdir(library)).filter((file) => file.startsWith('bundle-'));
  const bundle = await readFile(join(library, name), 'utf8');
  const bundled = new Set((await printed(bundle)).map(meaningOf));
  const sources = join(root, 'node_modules', 'whatsapp-web.js', 'src');
  const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.js'));
  const changed: string[] = [];
  for (const file of files) {
    for (const line of await printed(await readFile(join(sources, file), 'utf8'))) {
      const resolved = /(?<!window\.)\brequire\(/.test(line);
      if (!resolved && !bundled.has(meaningOf(line))) changed.push(`${file}: ${line}`);
    }
  }
  expect(changed).toEqual([]);
  // A helper of the bundler's exists in this process only.
  expect(bundle).not.toContain('__name(');
});

it('has no character for which V8 would hold a script at twice its size', async () => {
  const scripts = (await readdir(folder, { recursive: true })).filter((name) =>
    /-[A-Z\d]{8}\.js$/.test(name),
  );
  expect(scripts).toHaveLength(2);
  for (const name of scripts)
    expect((await readFile(join(folder, name), 'utf8')).match(/[^\0-\xff]/)).toBeNull();
});

it('throws the library’s faults from a path by which they are known', () => {
  const library = createRequire(join(folder, 'worker.cjs'))('whatsapp-web.js');
  const fault = (() => {
    try {
      return library.MessageMedia.fromFilePath('');
    } catch (error) {
      return error;
    }
  })();
  expect(judgeUncaught(fault, false)).toBe('client_fault');
});

describe('LevelDB', () => {
  const ORIGIN = 'https://web.whatsapp.com';

  /** What reads a localStorage, bundled as the worker is: the entry of a worker exports nothing. */
  const reader = async (): Promise<string> => {
    const outfile = join(folder, 'read-local-storage.mjs');
    await build({
      absWorkingDir: root,
      entryPoints: ['container/auth-state/local-storage.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: {
        js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
      },
      plugins: [nativeBeside],
      logLevel: 'silent',
    });
    return pathToFileURL(outfile).href;
  };

  it('is read with the native module beside the code', async () => {
    const storage = join(folder, 'profile', 'Local Storage');
    await mkdir(storage, { recursive: true });
    const db = new ClassicLevel(join(storage, 'leveldb'));
    await db.put(`_${ORIGIN}\0\x01key`, '\x01value');
    await db.close();
    const script = `
      const { readLocalStorage } = await import(${JSON.stringify(await reader())});
      const items = await readLocalStorage(${JSON.stringify(storage)}, ${JSON.stringify(ORIGIN)});
      process.stdout.write(JSON.stringify(items));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...WORKER_NODE_FLAGS, '--input-type=module', '--eval', script],
      { cwd: folder, env: {} },
    );
    expect(JSON.parse(stdout)).toEqual([['key', 'value']]);
  });

  it('is refused in words on a platform that has none', async () => {
    const before = `Object.defineProperty(process, 'arch', { value: 'riscv64' });`;
    await expect(run(['--compile'], { before })).rejects.toMatchObject({
      stderr: expect.stringContaining('LevelDB does not load on this platform.'),
    });
  });

  it('is there for each architecture of the image', async () => {
    /** By the header of an ELF file. */
    const machineOf = async (arch: string) =>
      (await readFile(join(folder, 'native', `classic-level-linux-${arch}.node`))).readUInt16LE(18);
    expect(await machineOf('x64')).toBe(62);
    expect(await machineOf('arm64')).toBe(183);
  });
});
