import { parseArgs } from 'node:util';
import { messageOfError } from '../contract/message-of-error.ts';
import { type BuildName, buildNames } from '../contract/phone/behavior.ts';
import type { WhatsAppMode } from './whatsapp.ts';

export const USAGE = `Usage: npm start -- [options]

Runs Berth on this machine: the deployed system's own template and functions, on loopback only.

  --port <n>     port of the API and the page (3000)
  --data <dir>   where everything is kept (.berth)
  --simulate     use the built-in simulator, not WhatsApp
  --build <name> which build of WhatsApp Web the simulator shows: 2026-04 or 2026-07 (2026-07)
  --live         use real WhatsApp, and stop if it cannot be reached
  --standby <n>  standby tasks that are kept ready, 0 to 3: a session starts at once (1)
  --no-loopback  send no webhook to this machine, fetch no file from it, and use no proxy on it
  --reset        delete all sessions, keys and messages first
  --concurrency <n>  function executions at once of the AWS account that the local system imitates (1000)
  --no-throttle  do not enforce the template's throttles on requests
  --deploy       deploy the worker again, from its sources as they are, in the system that runs over --data; then end
  --quiet        print the address and the key only
  --help         this text

Without --simulate and --live: real WhatsApp if it answers, else the simulator.
Ctrl-C stops the workers gracefully; a second one at once. After --deploy, new starts run the new version; sessions that
run keep theirs until "berth rollout" moves them.
`;

export type CommandLine = {
  readonly port: number;
  readonly dataDir: string;
  readonly whatsapp: WhatsAppMode | undefined;
  /** The build that the simulator shows; undefined: the newest. */
  readonly build: BuildName | undefined;
  readonly reset: boolean;
  /** Concurrent executions of functions; undefined: AWS's default. */
  readonly concurrency: number | undefined;
  /** Standby tasks that are kept ready. */
  readonly standby: number;
  readonly throttled: boolean;
  /** Webhooks, files and proxies may lead to this machine's loopback. */
  readonly loopback: boolean;
  /** Only deploy the worker again, in the system that runs. */
  readonly deploy: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
};

/** A standby task holds a browser: about 250 MB. */
export const LOCAL_STANDBY_MAX = 3;

/** The command line is invalid; the message says why. */
export class BadCommandLine extends Error {
  override readonly name = 'BadCommandLine';
}

const read = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '3000' },
        data: { type: 'string', default: '.berth' },
        simulate: { type: 'boolean', default: false },
        build: { type: 'string' },
        live: { type: 'boolean', default: false },
        reset: { type: 'boolean', default: false },
        concurrency: { type: 'string' },
        standby: { type: 'string', default: '1' },
        'no-throttle': { type: 'boolean', default: false },
        'no-loopback': { type: 'boolean', default: false },
        deploy: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BadCommandLine(messageOfError(error));
  }
};

/** Throws BadCommandLine. */
export const parseCommandLine = (args: readonly string[]): CommandLine => {
  const values = read(args);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new BadCommandLine(`--port takes a number from 0 to 65535, got ${values.port}`);
  }
  if (values.simulate && values.live) {
    throw new BadCommandLine('--simulate and --live exclude each other');
  }
  const concurrency = values.concurrency === undefined ? undefined : Number(values.concurrency);
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new BadCommandLine(`--concurrency takes a whole number from 1 on, got ${values.concurrency}`);
  }
  const standby = Number(values.standby);
  if (!(Number.isInteger(standby) && standby >= 0 && standby <= LOCAL_STANDBY_MAX)) {
    throw new BadCommandLine(
      `--standby takes a whole number from 0 to ${LOCAL_STANDBY_MAX}, got ${values.standby}`,
    );
  }
  const build = buildNames.find((name) => name === values.build);
  if (values.build !== undefined && !build) {
    throw new BadCommandLine(`--build takes one of ${buildNames.join(', ')}, got ${values.build}`);
  }
  if (build && values.live) {
    throw new BadCommandLine('--build chooses what the simulator shows; it does not go with --live');
  }
  return {
    port,
    dataDir: values.data,
    // A build is the simulator's: asking for one is asking for the simulator.
    whatsapp: values.simulate || build ? 'simulator' : values.live ? 'live' : undefined,
    build,
    reset: values.reset,
    concurrency,
    standby,
    throttled: !values['no-throttle'],
    loopback: !values['no-loopback'],
    deploy: values.deploy,
    quiet: values.quiet,
    help: values.help,
  };
};
