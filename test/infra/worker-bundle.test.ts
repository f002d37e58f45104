/** The worker's bundle, as the image and the local system start it. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ClassicLevel } from 'classic-level';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [...WORKER_NODE_FLAGS, join(folder, 'worker.mjs'), ...args], {
    env: {},
  });

it('needs no package and no TypeScript beside it', async () => {
  const files = await readdir(folder, { recursive: true });
  expect(files.filter((name) => name.endsWith('.ts'))).toEqual([]);
  // Loads everything, the library too.
  await run('--compile');
  await expect(run()).rejects.toMatchObject({
    code: EXIT.environment,
    stderr: expect.stringContaining('BERTH_SESSION_ID'),
  });
});

it('loads neither the library nor fetch before its first call', async () => {
  const entry = await readFile(join(folder, 'worker.mjs'), 'utf8');
  const chunks = [...entry.matchAll(/^(?:.* from|import) "\.\/(chunks\/\S+)";$/gm)].map(
    ([, file]) => file ?? '',
  );
  expect(chunks.length).toBeGreaterThan(0);
  const sources = await Promise.all(
    ['worker.mjs', ...chunks].map((file) => readFile(join(folder, file), 'utf8')),
  );
  const kilobytes = sources.reduce((sum, source) => sum + source.length, 0) / 1000;
  // More than this is a package that could wait for the session, or zod imported by its namespace object.
  expect(kilobytes).toBeLessThan(450);
  for (const source of sources) {
    expect(source).not.toMatch(/from "whatsapp-web\.js"/);
    // An import of Node's HTTP module loads undici (scripts/esbuild-plugins.ts).
    expect(source).not.toMatch(/from "(node:)?https?"/);
  }
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

it('has the library’s code as it is: what it sends to the page as source text is unchanged', async () => {
  const bundle = await readFile(join(folder, 'node_modules', 'whatsapp-web.js', 'bundle.js'), 'utf8');
  const bundled = new Set(bundle.split('\n').map(meaningOf));
  const sources = join(root, 'node_modules', 'whatsapp-web.js', 'src');
  const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.js'));
  const changed: string[] = [];
  for (const file of files) {
    const { code } = await transform(await readFile(join(sources, file), 'utf8'), { charset: 'ascii' });
    for (const line of code.split('\n')) {
      const resolved = /(?<!window\.)\brequire\(/.test(line);
      if (!resolved && !bundled.has(meaningOf(line))) changed.push(`${file}: ${line}`);
    }
  }
  expect(changed).toEqual([]);
  // A helper of the bundler's exists in this process only.
  expect(bundle).not.toContain('__name(');
});

it('throws the library’s faults from a path by which they are known', () => {
  const library = createRequire(join(folder, 'worker.mjs'))('whatsapp-web.js');
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

  /** Runs `before` and reads a localStorage by the bundle's code alone. */
  const read = async (storage: string, before = ''): Promise<string> => {
    const [chunk = ''] = (await readdir(join(folder, 'chunks'))).filter((name) =>
      name.startsWith('local-storage-'),
    );
    const script = `${before}
      const { readLocalStorage } = await import(${JSON.stringify(pathToFileURL(join(folder, 'chunks', chunk)).href)});
      const items = await readLocalStorage(${JSON.stringify(storage)}, ${JSON.stringify(ORIGIN)});
      process.stdout.write(JSON.stringify(items));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...WORKER_NODE_FLAGS, '--input-type=module', '--eval', script],
      { cwd: folder, env: {} },
    );
    return stdout;
  };

  it('is read with the native module beside the code, and refused on a platform that has none', async () => {
    const storage = join(folder, 'profile', 'Local Storage');
    await mkdir(storage, { recursive: true });
    const db = new ClassicLevel(join(storage, 'leveldb'));
    await db.put(`_${ORIGIN}\0\x01key`, '\x01value');
    await db.close();
    expect(JSON.parse(await read(storage))).toEqual([['key', 'value']]);
    await expect(
      read(storage, `Object.defineProperty(process, 'arch', { value: 'riscv64' });`),
    ).rejects.toMatchObject({ stderr: expect.stringContaining('LevelDB does not load on this platform.') });
  });

  it('is there for each architecture of the image', async () => {
    /** By the header of an ELF file. */
    const machineOf = async (arch: string) =>
      (await readFile(join(folder, 'native', `classic-level-linux-${arch}.node`))).readUInt16LE(18);
    expect(await machineOf('x64')).toBe(62);
    expect(await machineOf('arm64')).toBe(183);
  });

  it('is not loaded with a session: few sessions read one', async () => {
    const chunks = await readdir(join(folder, 'chunks'));
    const session = chunks.find((name) => name.startsWith('session-'));
    expect(chunks.filter((name) => name.startsWith('leveldb-'))).toHaveLength(1);
    expect(await readFile(join(folder, 'chunks', session ?? ''), 'utf8')).not.toMatch(/from "\.\/leveldb-/);
  });
});
