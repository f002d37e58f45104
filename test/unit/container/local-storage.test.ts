import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import puppeteer, { type Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readLocalStorage } from '../../../container/auth-state/local-storage.ts';
import { ensureBrowser } from '../../../container/browser/find.ts';
import { launchOptions } from '../../../container/browser/launch.ts';

vi.setConfig({ testTimeout: 120_000 });

const server = createServer((_request, response) =>
  response.setHeader('content-type', 'text/html').end('<p>'),
);
let dir: string;
let profileDir: string;
let origin: string;
let otherOrigin: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-local-storage-'));
  profileDir = join(dir, 'profile');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  origin = `http://127.0.0.1:${address.port}`;
  otherOrigin = `http://localhost:${address.port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
});

const inBrowser = async (use: (page: Page) => Promise<void>): Promise<void> => {
  const found = await ensureBrowser({ browserDir: join(tmpdir(), 'berth-test-browser') });
  const browser = await puppeteer.launch(
    launchOptions({ browser: found, profileDir, extraSwitches: ['--headless'] }),
  );
  try {
    await use(await browser.newPage());
  } finally {
    await browser.close();
  }
};

const storageOf = (profile: string) => join(profile, 'Default', 'Local Storage');

/** Everything under a folder with its content, as text that can be compared. */
const contentOf = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const shown = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return `${path} ${entry.isFile() ? (await readFile(path)).toString('base64') : 'no file'}`;
  });
  return (await Promise.all(shown)).sort();
};

const EXPECTED: Readonly<Record<string, string>> = {
  WAToken: '{"a":"b"}',
  ключ: 'значение',
  'Schlüssel é': 'ÿ',
  'emoji 😀': '漢字 😀',
  'half of a pair': `\ud83d!`,
  'zero\0inside': 'a\0b',
  empty: '',
  '': 'an empty key',
  large: 'x'.repeat(200 * 1024),
  'large, two bytes': 'ж'.repeat(200 * 1024),
  overwritten: 'second',
};

const asRecord = (items: readonly (readonly [string, string])[]) => {
  const record = Object.fromEntries(items);
  expect(Object.keys(record)).toHaveLength(items.length);
  return record;
};

/** ASCII only: half of a surrogate pair does not survive the way to the browser. */
const literal = (text: string): string =>
  `"${[...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;

describe('with what the browser wrote', () => {
  beforeAll(() =>
    inBrowser(async (page) => {
      await page.goto(origin);
      await page.evaluate(
        `localStorage.setItem('overwritten', 'first'); localStorage.setItem('removed', 'x');`,
      );
      for (const [key, value] of Object.entries(EXPECTED))
        await page.evaluate(`localStorage.setItem(${literal(key)}, ${literal(value)})`);
      await page.evaluate(`localStorage.removeItem('removed')`);
      await page.goto(otherOrigin);
      await page.evaluate(`localStorage.setItem('WAToken', 'of the other origin')`);
    }),
  );

  it('reads exactly the items of one origin, and changes nothing', async () => {
    const before = await contentOf(profileDir);
    expect(asRecord(await readLocalStorage(storageOf(profileDir), origin))).toEqual(EXPECTED);
    expect(await readLocalStorage(storageOf(profileDir), otherOrigin)).toEqual([
      ['WAToken', 'of the other origin'],
    ]);
    expect(await readLocalStorage(storageOf(profileDir), origin.slice(0, -1))).toEqual([]);
    expect(await contentOf(profileDir)).toEqual(before);
  });

  it('reads the same once later browsers made tables of the log', async () => {
    const filesOf = () => readdir(join(storageOf(profileDir), 'leveldb'));
    for (let run = 0; run < 4; run += 1) {
      await inBrowser(async (page) => {
        await page.goto(otherOrigin);
        await page.evaluate(
          `localStorage.setItem('filler', String.fromCharCode(0x400 + ${run}).repeat(2e6))`,
        );
      });
    }
    expect(await filesOf()).toContainEqual(expect.stringMatching(/\.ldb$/));
    const before = await contentOf(profileDir);
    expect(asRecord(await readLocalStorage(storageOf(profileDir), origin))).toEqual(EXPECTED);
    expect(await contentOf(profileDir)).toEqual(before);
  });
});

describe('with a database that is damaged or not known', () => {
  const OF = 'https://web.whatsapp.com';
  const LATIN_1 = Buffer.of(1);
  const keyOf = (name: string, of = OF) =>
    Buffer.concat([Buffer.from(`_${of}\0`), LATIN_1, Buffer.from(name)]);
  let count = 0;

  /** A folder as Chromium writes it, with these items beside `key`: `value`. */
  const write = async (items: readonly (readonly [key: Buffer, value: Buffer])[] = []): Promise<string> => {
    count += 1;
    const folder = join(dir, `made-${count}`, 'Local Storage');
    await mkdir(folder, { recursive: true });
    const db = new ClassicLevel<Buffer, Buffer>(join(folder, 'leveldb'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    await db.put(Buffer.from('VERSION'), Buffer.from('1'));
    await db.put(Buffer.from(`META:${OF}`), Buffer.of(8, 1));
    await db.put(keyOf('key'), Buffer.concat([LATIN_1, Buffer.from('value')]));
    for (const [key, value] of items) await db.put(key, value);
    await db.close();
    return folder;
  };
  const fileOf = async (folder: string, name: RegExp): Promise<string> => {
    const found = (await readdir(join(folder, 'leveldb'))).find((each) => name.test(each));
    if (found === undefined) throw new Error(`no file is named like ${name}`);
    return join(folder, 'leveldb', found);
  };
  /** Rejects with this sentence, changes nothing and leaves no copy. */
  const expectRefused = async (folder: string, sentence: RegExp) => {
    const parent = join(folder, '..');
    const before = await contentOf(parent);
    await expect(readLocalStorage(folder, OF)).rejects.toThrow(sentence);
    expect(await contentOf(parent)).toEqual(before);
  };

  it('reads a sound one, without an origin whose name begins with the same characters', async () => {
    const folder = await write([[keyOf('other', `${OF}0`), LATIN_1]]);
    expect(await readLocalStorage(folder, OF)).toEqual([['key', 'value']]);
    expect(await readLocalStorage(folder, 'https://example.com')).toEqual([]);
    expect(await readdir(join(folder, '..'))).toEqual(['Local Storage']);
  });

  it('refuses a folder without a database', async () => {
    const none = join(dir, 'none', 'Local Storage');
    await mkdir(none, { recursive: true });
    await expectRefused(none, /no readable folder/);
    const folder = await write();
    await rm(join(folder, 'leveldb', 'CURRENT'));
    await expectRefused(folder, /damaged or missing/);
  });

  it('refuses one that lost a part of a file, or a file', async () => {
    const manifest = await write();
    await truncate(await fileOf(manifest, /^MANIFEST/), 10);
    await expectRefused(manifest, /damaged or missing/);

    const current = await write();
    await writeFile(join(current, 'leveldb', 'CURRENT'), 'garbage');
    await expectRefused(current, /damaged or missing/);

    const made = await write();
    const tables = join(dir, 'tables', 'Local Storage');
    await cp(made, tables, { recursive: true });
    const db = new ClassicLevel(join(tables, 'leveldb'));
    await db.compactRange('', '\xff');
    await db.close();
    expect(await readLocalStorage(tables, OF)).toEqual([['key', 'value']]);
    await truncate(await fileOf(tables, /\.ldb$/), 20);
    await expectRefused(tables, /damaged or missing/);
    await rm(await fileOf(tables, /\.ldb$/));
    await expectRefused(tables, /damaged or missing/);
  });

  it('refuses a version and encodings that it does not know, without naming a value', async () => {
    const version = await write([[Buffer.from('VERSION'), Buffer.from('2')]]);
    await expectRefused(version, /version that is not known/);
    for (const value of [Buffer.of(), Buffer.of(2, 97), Buffer.of(0, 97)])
      await expectRefused(
        await write([[keyOf('odd'), value]]),
        /^An item of .* encoding that is not known\.$/,
      );
  });
});
