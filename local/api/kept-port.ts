import { readFile, writeFile } from 'node:fs/promises';
import { type ApiListener, openApi } from './server.ts';

const readPort = async (path: string): Promise<number | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  const port = Number(text.trim());
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
};

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

/**
 * Listens on the port that the file names, else on any free one, and writes down which. A caller that outlives one run
 * of the system finds the next one at the same address, unless another program has taken the port.
 */
export const openOnKeptPort = async (path: string): Promise<ApiListener> => {
  const kept = await readPort(path);
  const listener = await openApi(kept ?? 0).catch((error: unknown) => {
    if (kept === undefined || !isTaken(error)) throw error;
    return openApi(0);
  });
  await writeFile(path, `${listener.port}\n`, { mode: 0o600 });
  return listener;
};
