/**
 * Whether Chromium's own sandbox can be used. It needs user namespaces and no helper: the headless shell from npm has none,
 * and runs with them as it is. Fargate and Docker's default seccomp profile refuse user namespaces, Chromium refuses its
 * sandbox to root; there the task, or the person's own account, is the boundary.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeError } from '../base/faults.ts';

export type Sandbox = { readonly usable: true } | { readonly usable: false; readonly reason: string };

/** What Chromium does before it starts a renderer: namespaces of users, processes and networks. */
const tryNamespaces = (): Promise<unknown> =>
  promisify(execFile)('unshare', ['--user', '--map-root-user', '--pid', '--net', '--fork', 'true'], {
    timeout: 5_000,
  });

/** Asks this machine. Never throws. */
export const findSandbox = async (
  uid: number | undefined = process.getuid?.(),
  probe: () => Promise<unknown> = tryNamespaces,
): Promise<Sandbox> => {
  if (process.platform !== 'linux') return { usable: true };
  if (uid === 0) return { usable: false, reason: 'Chromium refuses its sandbox to root' };
  try {
    await probe();
    return { usable: true };
  } catch (error) {
    return { usable: false, reason: `no user namespaces: ${describeError(error)}` };
  }
};
