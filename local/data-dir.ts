import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { identityOf } from './engines/ecs/process-table.ts';

/** The directory in which a local stack keeps everything that survives a restart. */
export type DataDir = {
  readonly root: string;
  readonly dynamodb: string;
  readonly storage: string;
  readonly simulator: string;
  /** Which tasks run; kept by a reset, so that what a SIGKILL left is still found. */
  readonly ecs: string;
  readonly logs: string;
  readonly adminKey: string;
  /** The port of the workers' API: a worker that a killed run left finds the next run there. */
  readonly workerPort: string;
  /** Where `berth phone` finds the simulator while it runs. */
  readonly phoneUrl: string;
  /** Lets another process use the directory. */
  release(): void;
};

/** Another process uses the data directory. The message names it. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
}

const lockSchema = z.object({ pid: z.int(), identity: z.string() });

const readLock = (path: string): z.infer<typeof lockSchema> | undefined => {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
};

/** A pid alone may belong to another program by now; its start time distinguishes it. */
const isAlive = ({ pid, identity }: z.infer<typeof lockSchema>): boolean => identityOf(pid) === identity;

/** No process uses the data directory. The message names it. */
export class DataDirUnused extends Error {
  override readonly name = 'DataDirUnused';
}

/** The process that uses a data directory. Throws DataDirUnused. */
export const holderOf = (root: string): number => {
  const holder = readLock(join(root, 'lock'));
  if (holder === undefined || !isAlive(holder))
    throw new DataDirUnused(`No system runs over ${root}: start one, or name its directory with --data`);
  return holder.pid;
};

const takeLock = (root: string): (() => void) => {
  const path = join(root, 'lock');
  const own = join(root, `lock.${process.pid}`);
  writeFileSync(own, JSON.stringify({ pid: process.pid, identity: identityOf(process.pid) ?? '' }));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        // A link appears whole and at once, or not at all.
        linkSync(own, path);
        return () => rmSync(path, { force: true });
      } catch {
        const holder = readLock(path);
        if (holder !== undefined && isAlive(holder)) {
          const who = holder.pid === process.pid ? 'this process' : `process ${holder.pid}`;
          throw new DataDirInUse(
            `${root} is in use by ${who}: stop that one, or name another directory with --data`,
          );
        }
        rmSync(path, { force: true });
      }
    }
    throw new DataDirInUse(`${root} could not be locked`);
  } finally {
    rmSync(own, { force: true });
  }
};

const OWN_ENTRIES = /^(data|logs|cache|admin-key|phone-url|lock(\.\d+)?)$/;

/**
 * Opens a data directory for this process alone. A lock that a killed process left is taken over.
 * @param reset delete all kept data except the records of running tasks
 */
export const openDataDir = (root: string, options: { readonly reset?: boolean } = {}): DataDir => {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  // One that another program made first, as Node does for its compile cache, is readable for all users of the machine. A
  // folder with other things in it, which a person named with --data, keeps its mode.
  if (readdirSync(root).every((entry) => OWN_ENTRIES.test(entry))) chmodSync(root, 0o700);
  const release = takeLock(root);
  const data = join(root, 'data');
  const dir: DataDir = {
    root,
    dynamodb: join(data, 'dynamodb'),
    storage: join(data, 'storage'),
    simulator: join(data, 'simulator'),
    ecs: join(data, 'ecs'),
    logs: join(root, 'logs'),
    adminKey: join(root, 'admin-key'),
    workerPort: join(root, 'worker-port'),
    phoneUrl: join(root, 'phone-url'),
    release,
  };
  if (options.reset === true) {
    for (const path of [dir.dynamodb, dir.storage, dir.simulator, dir.logs, dir.adminKey]) {
      rmSync(path, { recursive: true, force: true });
    }
  }
  for (const path of [dir.dynamodb, dir.storage, dir.simulator, dir.ecs, dir.logs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  return dir;
};
