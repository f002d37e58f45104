/**
 * Limits of CPU and memory for one process and all that it starts, by the kernel's control groups (version 1), as Fargate
 * limits a task. Needs root.
 */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
const MIB = 1024 * 1024;

export type Limited = {
  /** The command to start, so that it and all its children are limited. */
  wrap(command: readonly string[]): readonly [string, ...string[]];
  /** CPU seconds used so far. */
  cpuSeconds(): Promise<number>;
  /** MB, page cache included, as the limit counts it. */
  peakMegabytes(): Promise<number>;
  /** MB now, without the page cache, which the kernel gives back under pressure. */
  usedMegabytes(): Promise<number>;
  /** Processes that the kernel killed because memory ran out. */
  kills(): Promise<number>;
  /** Kills what still runs in it, and removes it. */
  remove(): Promise<void>;
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended since it was listed.
  }
};

/** Throws if the machine has no cgroup v1, or does not let this process make groups. */
export const limited = async (
  name: string,
  { vcpu, memoryMiB }: { readonly vcpu: number; readonly memoryMiB: number },
): Promise<Limited> => {
  const [cpu, cpuacct, memory] = ['cpu', 'cpuacct', 'memory'].map((kind) => join(ROOT, kind, name));
  const groups = [...new Set([cpu, cpuacct, memory])].map(String);
  for (const group of groups) await mkdir(group);
  await writeFile(`${cpu}/cpu.cfs_period_us`, String(PERIOD_US));
  await writeFile(`${cpu}/cpu.cfs_quota_us`, String(vcpu * PERIOD_US));
  await writeFile(`${memory}/memory.limit_in_bytes`, String(memoryMiB * MIB));
  const read = (file: string) => readFile(file, 'utf8');
  const field = async (file: string, key: string) =>
    Number(new RegExp(`^${key} (\\d+)`, 'm').exec(await read(file))?.[1] ?? 0);
  return {
    wrap: (command) => [
      '/bin/sh',
      '-c',
      `${groups.map((group) => `echo $$ > ${group}/cgroup.procs`).join(' && ')} && exec "$0" "$@"`,
      ...command,
    ],
    cpuSeconds: async () => Number(await read(`${cpuacct}/cpuacct.usage`)) / 1e9,
    peakMegabytes: async () => Number(await read(`${memory}/memory.max_usage_in_bytes`)) / 1e6,
    usedMegabytes: async () => (await field(`${memory}/memory.stat`, 'total_rss')) / 1e6,
    kills: () => field(`${memory}/memory.oom_control`, 'oom_kill'),
    remove: async () => {
      for (const pid of (await read(`${memory}/cgroup.procs`)).split('\n').filter((line) => line !== ''))
        kill(Number(pid));
      for (const group of groups)
        for (let attempt = 0; ; attempt++) {
          try {
            await rmdir(group);
            break;
          } catch (error) {
            if (attempt >= 100) throw error;
            await sleep(50);
          }
        }
    },
  };
};
