import { hash, randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import * as tar from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pack, unpack } from '../../../container/auth-state/archive.ts';
import { copyConsistently } from '../../../container/auth-state/copy.ts';
import { createProfile } from '../../../container/auth-state/profile.ts';
import { createSaver } from '../../../container/auth-state/saver.ts';
import { scheduleSaves } from '../../../container/auth-state/schedule.ts';
import { BadSnapshot, Unavailable } from '../../../container/base/faults.ts';
import { silentLog } from '../../../container/base/log.ts';
import { systemTime } from '../../../container/base/time.ts';
import { createWorkerApi } from '../../../container/control/worker-api.ts';
import { startFakeWorkerApi } from '../../helpers/fake-worker-api.ts';
import { manualTime } from '../../helpers/manual-time.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-auth-state-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const DATABASE = 'Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb';
const writeProfile = async (profile: string, text = 'keys') => {
  await mkdir(join(profile, DATABASE), { recursive: true });
  await mkdir(join(profile, 'Default/Local Storage/leveldb'), { recursive: true });
  await mkdir(join(profile, 'Default/Cache'), { recursive: true });
  await writeFile(join(profile, DATABASE, '000003.log'), text);
  await writeFile(join(profile, DATABASE, 'LOCK'), '');
  await writeFile(join(profile, 'Default/Local Storage/leveldb/CURRENT'), 'MANIFEST-000001\n');
  await writeFile(join(profile, 'Default/Cache/big'), 'not the account');
};
const still = <T>(work: () => Promise<T>) => work();
const archiveOf = async (entries: string[], from: string): Promise<string> => {
  const file = join(dir, 'made.tar.zst');
  await pipeline(
    tar.c({ cwd: from, preservePaths: true }, entries),
    createZstdCompress(),
    createWriteStream(file),
  );
  return file;
};

describe('the archive of an auth state', () => {
  it('holds what the account needs and nothing else, and comes back as it was', async () => {
    await writeProfile(join(dir, 'profile'));
    await copyConsistently(systemTime, join(dir, 'profile'), join(dir, 'copy'), still);
    const archive = await pack(join(dir, 'copy'), join(dir, 'a.tar.zst'));
    await unpack(archive.file, join(dir, 'back'));
    expect(await readFile(join(dir, 'back', DATABASE, '000003.log'), 'utf8')).toBe('keys');
    await expect(readFile(join(dir, 'back/Default/Cache/big'))).rejects.toThrow();
    const packed = await readFile(archive.file);
    expect(archive).toMatchObject({ sha256: hash('sha256', packed), bytes: packed.length });
  });

  it('is known by its content, which is the same for the same files', async () => {
    for (const name of ['one', 'two']) {
      await writeProfile(join(dir, name));
      await copyConsistently(systemTime, join(dir, name), join(dir, `${name}-copy`), still);
    }
    const one = await pack(join(dir, 'one-copy'), join(dir, '1'));
    const two = await pack(join(dir, 'two-copy'), join(dir, '2'));
    expect(one.content).toBe(two.content);
    await writeFile(join(dir, 'two-copy', DATABASE, '000003.log'), 'kays');
    expect((await pack(join(dir, 'two-copy'), join(dir, '2'))).content).not.toBe(one.content);
  });

  it.each(['half', 'flipped', 'empty'])(
    'is refused when damaged (%s), and nothing is left of it',
    async (how) => {
      await writeProfile(join(dir, 'profile'), 'x'.repeat(100_000));
      await copyConsistently(systemTime, join(dir, 'profile'), join(dir, 'copy'), still);
      const { file, bytes } = await pack(join(dir, 'copy'), join(dir, 'a'));
      if (how === 'half') await truncate(file, bytes >> 1);
      if (how === 'empty') await truncate(file, 0);
      if (how === 'flipped') {
        const content = await readFile(file);
        content.fill(0xaa, 4, 40);
        await writeFile(file, content);
      }
      await expect(unpack(file, join(dir, 'back'))).rejects.toThrow(BadSnapshot);
      await expect(readFile(join(dir, 'back'))).rejects.toThrow('ENOENT');
    },
  );

  it('never writes outside of the profile: paths that climb out, and links, are refused', async () => {
    await mkdir(join(dir, 'src/Default/IndexedDB'), { recursive: true });
    await writeFile(join(dir, 'evil'), 'x');
    await expect(unpack(await archiveOf(['../evil'], join(dir, 'src')), join(dir, 'b1'))).rejects.toThrow(
      BadSnapshot,
    );
    await expect(
      unpack(await archiveOf([join(dir, 'evil')], join(dir, 'src')), join(dir, 'b2')),
    ).rejects.toThrow(BadSnapshot);
    await symlink('/etc', join(dir, 'src/Default/IndexedDB/link'));
    await expect(
      unpack(await archiveOf(['Default/IndexedDB/link'], join(dir, 'src')), join(dir, 'b3')),
    ).rejects.toThrow('SymbolicLink');
  });

  it('of which one entry is wrong leaves nothing of the others', async () => {
    await writeProfile(join(dir, 'src'));
    await symlink('/etc', join(dir, 'src/Default/IndexedDB/link'));
    for (const [n, wrong] of [
      'Default/IndexedDB/link',
      'Default/Cache',
      join(dir, 'src/Default'),
    ].entries()) {
      const target = join(dir, `back-${n}`);
      const made = await archiveOf([`${DATABASE}/000003.log`, wrong], join(dir, 'src'));
      await expect(unpack(made, target)).rejects.toThrow(BadSnapshot);
      expect(existsSync(target)).toBe(false);
    }
  });

  it('that breaks off while it is unpacked leaves nothing, and is no fault of storage', async () => {
    await mkdir(join(dir, 'src/Default/IndexedDB'), { recursive: true });
    await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        writeFile(join(dir, `src/Default/IndexedDB/f${n}`), randomBytes(n % 20 === 0 ? 200_000 : 700)),
      ),
    );
    const { file } = await pack(join(dir, 'src'), join(dir, 'a.zst'));
    const whole = await readFile(file);
    for (let n = 1; n <= 8; n += 1) {
      const target = join(dir, `back-${n}`);
      await writeFile(file, whole.subarray(0, Math.floor((whole.length * n) / 9)));
      await expect(unpack(file, target)).rejects.toThrow(BadSnapshot);
      expect(existsSync(target)).toBe(false);
    }
  });

  it('that unpacks to more than is allowed is refused, however small it is packed', async () => {
    await mkdir(join(dir, 'src/Default/IndexedDB'), { recursive: true });
    await writeFile(join(dir, 'src/Default/IndexedDB/huge'), '');
    await truncate(join(dir, 'src/Default/IndexedDB/huge'), 10 * 1024 ** 2);
    await expect(
      unpack(await archiveOf(['Default'], join(dir, 'src')), join(dir, 'b'), 10 * 1024 ** 2),
    ).rejects.toThrow('allowed');
  });
});

describe('a copy of a profile in use', () => {
  it('under writes that leave no gap, is taken while the writers stand still, and is whole', async () => {
    const profile = join(dir, 'profile');
    await writeProfile(profile);
    // Two files that a writer keeps equal at every turn of the event loop: a copy takes many turns, so none goes
    // undisturbed, and a torn one would show them different.
    let frozen = false;
    let n = 0;
    const write = (): void => {
      if (!frozen) {
        n += 1;
        for (const name of ['a', 'b'])
          writeFileSync(join(profile, DATABASE, name), `${n}`.padStart(4_000 + n));
      }
      turn = setImmediate(write);
    };
    let turn = setImmediate(write);
    const how = await copyConsistently(systemTime, profile, join(dir, 'copy'), async (work) => {
      frozen = true;
      return await work().finally(() => {
        frozen = false;
      });
    }).finally(() => clearImmediate(turn));
    expect(how).toBe('frozen');
    const [a, b] = await Promise.all(
      ['a', 'b'].map((name) => readFile(join(dir, 'copy', DATABASE, name), 'utf8')),
    );
    expect(a).toBe(b);
  });

  it('of a profile that holds nothing is refused', async () => {
    await mkdir(join(dir, 'profile/Default'), { recursive: true });
    await expect(
      copyConsistently(systemTime, join(dir, 'profile'), join(dir, 'copy'), still),
    ).rejects.toThrow(BadSnapshot);
  });
});

describe('saving and restoring through presigned URLs', () => {
  const connect = async () => {
    const fake = await startFakeWorkerApi();
    const api = createWorkerApi({
      url: fake.url,
      sessionId: fake.sessionId,
      epoch: 1,
      workerSecret: 'w'.repeat(43),
      time: systemTime,
      random: () => 0,
      onFenced: () => {},
    });
    await api.bootstrap(
      {
        sessionId: fake.sessionId,
        epoch: 1,
        bootstrapToken: fake.token,
        workerSecret: 'w'.repeat(43),
        commandSecret: 'c'.repeat(43),
        address: 'http://127.0.0.1:1',
        chromiumBuild: 'x',
      },
      { attempts: 1 },
    );
    const saver = createSaver({
      api,
      time: systemTime,
      log: silentLog,
      workDir: dir,
      profileDir: join(dir, 'profile'),
      chromiumBuild: 'Chromium 147',
      onSaved: () => {},
    });
    const save = () => saver.save({ bounds: { attempts: 3 }, freeze: still, stillValid: () => true });
    return { fake, save, saver };
  };

  const restorableOf = ({ states, url }: Awaited<ReturnType<typeof startFakeWorkerApi>>) =>
    states.map((s) => ({ ...s, bytes: s.bytes.length, url: `${url}/bucket/get?key=${s.key}` }));

  it('saves unchanged data once, in parts if it is large', async () => {
    const { fake, save } = await connect();
    await writeProfile(join(dir, 'profile'), Array.from({ length: 1_200_000 }, () => Math.random()).join(''));
    await save();
    await save();
    expect(fake.states).toHaveLength(1);
    expect(fake.states[0]?.bytes.length).toBeGreaterThan(5 * 1024 * 1024);
    const profile = createProfile({
      workDir: dir,
      chromiumBuild: 'Chromium 147',
      states: fake.states.map((s) => ({
        ...s,
        bytes: s.bytes.length,
        url: `${fake.url}/bucket/get?key=${s.key}`,
      })),
      time: systemTime,
      log: silentLog,
    });
    expect(await profile.restoreNext({ attempts: 1 })).toEqual({ origin: 'restored' });
    await fake.close();
  });

  it('puts a small archive with one request, which storage takes once', async () => {
    const { fake, save } = await connect();
    await writeProfile(join(dir, 'profile'));
    fake.faults.lostAnswers = 1;
    await save();
    expect(fake.states, 'the repeat is told that it is stored').toHaveLength(1);
    await fake.close();
  });

  it('puts parts for a control plane of the release before, after a rollback', async () => {
    const { fake, save } = await connect();
    await writeProfile(join(dir, 'profile'));
    fake.faults.knowsPartsOnly = true;
    await save();
    expect(fake.states).toHaveLength(1);
    await fake.close();
  });

  it('commits nothing of a client that was unlinked during the upload', async () => {
    const { fake, saver } = await connect();
    await writeProfile(join(dir, 'profile'));
    let asked = 0;
    const stillValid = () => ++asked === 1;
    expect(await saver.save({ bounds: { attempts: 1 }, freeze: still, stillValid })).toBe(false);
    expect(fake.states).toEqual([]);
    await fake.close();
  });

  it('saves nothing of a client that was unlinked during the copy', async () => {
    const { fake, saver } = await connect();
    await writeProfile(join(dir, 'profile'));
    expect(await saver.save({ bounds: { attempts: 1 }, freeze: still, stillValid: () => false })).toBe(false);
    expect(fake.states).toEqual([]);
    await fake.close();
  });

  it('begins again with new URLs when those at hand have run out', async () => {
    const { fake, save } = await connect();
    await writeProfile(join(dir, 'profile'));
    fake.faults.status.set('storage', 403);
    fake.faults.times.set('storage', 1);
    await save();
    expect(fake.states).toHaveLength(1);
    await fake.close();
  });

  it('takes a state that is gone for a useless one, and storage that fails for a fault', async () => {
    const { fake, save } = await connect();
    await writeProfile(join(dir, 'profile'));
    await save();
    const restorable = restorableOf(fake);
    const open = () =>
      createProfile({
        workDir: dir,
        chromiumBuild: 'Chromium 147',
        states: restorable,
        time: systemTime,
        log: silentLog,
      });
    fake.faults.status.set('storage', 503);
    await expect(open().restoreNext({ attempts: 2 })).rejects.toThrow(Unavailable);
    fake.faults.status.clear();
    fake.states = [];
    expect(await open().restoreNext({ attempts: 1 })).toEqual({
      origin: 'empty',
      because: 'auth_state_corrupt',
    });
    await fake.close();
  });

  it('gives a state to a browser that waits, and keeps it for another browser until that is asked for', async () => {
    const { fake, save } = await connect();
    await writeProfile(join(dir, 'profile'));
    await save();
    const restorable = restorableOf(fake);
    const open = (chromiumBuild: string, takes: boolean) => {
      const given: string[] = [];
      const ahead = {
        usable: true,
        discards: 0,
        async adopt(folder: string) {
          given.push(...(await readdir(join(folder, 'Default'))).sort());
          return takes;
        },
        async discard() {
          ahead.usable = false;
          ahead.discards += 1;
        },
      };
      const profile = createProfile({
        workDir: dir,
        chromiumBuild,
        states: restorable,
        time: systemTime,
        log: silentLog,
        ahead,
      });
      return { profile, ahead, given };
    };
    const own = restorable[0]?.chromiumBuild ?? '';
    await rm(join(dir, 'profile'), { recursive: true });

    const taking = open(own, true);
    expect(await taking.profile.restoreNext({ attempts: 1 })).toEqual({ origin: 'restored' });
    expect(taking.given).toEqual(['IndexedDB', 'Local Storage']);
    expect(taking.profile).toMatchObject({ adopted: true, remaining: 1 });
    expect(taking.ahead.discards).toBe(0);
    await expect(readdir(join(dir, 'profile'))).rejects.toThrow('ENOENT');
    // The page asked for a code: the same state again, for a browser that starts over it.
    taking.ahead.usable = false;
    expect(await taking.profile.restoreNext({ attempts: 1 })).toEqual({ origin: 'restored' });
    expect(taking.profile).toMatchObject({ adopted: false, remaining: 0 });
    expect(await readdir(join(dir, 'profile', 'Default'))).toEqual(['IndexedDB', 'Local Storage']);

    const refusing = open(own, false);
    expect(await refusing.profile.restoreNext({ attempts: 1 })).toEqual({ origin: 'restored' });
    expect(refusing.profile).toMatchObject({ adopted: false, remaining: 0 });
    expect(refusing.ahead.discards).toBe(1);

    const foreign = open('Chromium 1', true);
    expect(await foreign.profile.restoreNext({ attempts: 1 })).toEqual({ origin: 'restored' });
    expect(foreign.given).toEqual([]);
    expect(foreign.ahead.discards).toBe(1);
    await fake.close();
  });
});

describe('the schedule of saves', () => {
  const timesOf = async (whole: boolean) => {
    const time = manualTime();
    const since = time.now();
    const saved: number[] = [];
    const stop = scheduleSaves(time, 300_000, async () => void saved.push(time.now() - since), { whole });
    for (let s = 0; s < 320; s++) await time.advance(1_000);
    stop();
    return saved;
  };

  it('begins once a client is ready, and again when Chromium has written what it holds back', async () => {
    expect(await timesOf(true)).toEqual([1_000, 11_000, 311_000]);
  });

  it('waits for that if the first save would hold less than what is saved', async () => {
    expect(await timesOf(false)).toEqual([10_000, 310_000]);
  });
});
