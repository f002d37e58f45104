import { rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../contract/clock.ts';
import type { BuildName } from '../contract/phone/behavior.ts';
import type { PhoneClient } from '../contract/phone/client.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { Closers } from './closers.ts';
import type { DataDir } from './data-dir.ts';
import type { WhatsAppMode } from './whatsapp.ts';

/** The WhatsApp that workers meet, and what leads their browser to it. */
export type WhatsAppBackend = {
  readonly mode: WhatsAppMode;
  readonly chromiumArgs: readonly string[];
  readonly phone: PhoneClient | undefined;
  readonly phoneUrl: string | undefined;
};

/** Starts the simulator if that is the mode. */
export const openWhatsAppBackend = async (
  wanted: WhatsAppMode | Promise<WhatsAppMode>,
  {
    build,
    pageScript,
    dir,
    clock,
    closers,
  }: {
    readonly build: BuildName | undefined;
    /** The file of the page's script. */
    readonly pageScript: Promise<string>;
    readonly dir: DataDir;
    readonly clock: Clock;
    readonly closers: Closers;
  },
): Promise<WhatsAppBackend> => {
  const mode = await wanted;
  if (mode === 'live') {
    return { mode, chromiumArgs: [], phone: undefined, phoneUrl: undefined };
  }
  const simulator = await startSimulator({
    dir: dir.simulator,
    clock,
    ...(build === undefined ? {} : { build }),
    pageScript: await pageScript,
  });
  closers.add(() => simulator.close());
  await writeFile(dir.phoneUrl, `${simulator.controlUrl}\n`);
  closers.add(() => rm(dir.phoneUrl, { force: true }));
  return {
    mode,
    chromiumArgs: simulator.chromiumArgs,
    phone: simulator.phone,
    phoneUrl: simulator.controlUrl,
  };
};
