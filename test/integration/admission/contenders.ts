import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Job, type Line, lineSchema } from './job.ts';

const PROGRAM = fileURLToPath(new URL('contender.ts', import.meta.url));

export type Contest = {
  /** In the order in which they came in, of all processes. */
  readonly lines: readonly Line[];
  /** Resolves once `count` lines of these kinds came in, or every process ended. */
  reached(count: number, ...kinds: Line['kind'][]): Promise<void>;
  /** SIGKILL for the first `count` processes. */
  kill(count: number): void;
  /** Resolves when every process ended. Throws if one that was not killed ended badly. */
  ended(): Promise<void>;
};

/** Starts a process for each job; none of them begins before all are ready. */
export const startContest = async (jobs: readonly Job[]): Promise<Contest> => {
  const lines: Line[] = [];
  const listeners = new Set<() => void>();
  const children = jobs.map((job) =>
    spawn(process.execPath, [PROGRAM, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const ends = children.map(async (child) => {
    const output = createInterface({ input: child.stdout });
    output.on('line', (text) => {
      const line = lineSchema.safeParse(parsed(text));
      // The last line of a killed process may be torn.
      if (!line.success && !child.killed) throw new Error(`not a line of a contender: ${text}`);
      if (line.success) lines.push(line.data);
      for (const listener of listeners) listener();
    });
    await Promise.all([once(child, 'exit'), once(output, 'close')]);
    return child;
  });
  const all = Promise.all(ends).then((ended) => {
    for (const listener of listeners) listener();
    return ended;
  });
  let over = false;
  void all.then(() => {
    over = true;
  });

  const reached = async (count: number, ...kinds: Line['kind'][]): Promise<void> => {
    const enough = () => over || lines.filter((line) => kinds.includes(line.kind)).length >= count;
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = () => enough() && resolve();
    listeners.add(listener);
    listener();
    void all.then(() => resolve());
    await promise;
    listeners.delete(listener);
  };

  await reached(jobs.length, 'ready');
  for (const child of children) child.stdin.write('go\n');
  return {
    lines,
    reached,
    kill: (count) => {
      for (const child of children.slice(0, count)) child.kill('SIGKILL');
    },
    ended: async () => {
      for (const child of await all) if (!child.killed && child.exitCode !== 0) throw new Error(how(child));
    },
  };
};

const how = ({ exitCode, signalCode }: ChildProcess): string =>
  `a process of contenders ended with ${exitCode ?? signalCode}`;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
