/** `npm start`: the local system for a person at a terminal. The system itself is in stack.ts. */
import { join, relative, resolve } from 'node:path';
import { messageOfError } from '../contract/message-of-error.ts';
import { UninterpretedError } from './assembly/interpret.ts';
import { UnresolvedError } from './assembly/intrinsics.ts';
import { SynthFailed } from './assembly/synth.ts';
import { banner, shortBanner } from './banner.ts';
import { BrowserMissing } from './browser.ts';
import {
  BadCommandLine,
  type CommandLine,
  LOCAL_STANDBY_MAX,
  parseCommandLine,
  USAGE,
} from './command-line.ts';
import { DataDirInUse, DataDirUnused, holderOf } from './data-dir.ts';
import { SchemaChanged } from './provision.ts';
import { ReservationRefused } from './runtime/concurrency.ts';
import { type LocalStack, startLocal } from './stack.ts';
import { WhatsAppUnreachable } from './whatsapp.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** Those whose message says everything that a person needs. */
const EXPLAINED = [
  BadCommandLine,
  BrowserMissing,
  DataDirInUse,
  DataDirUnused,
  ReservationRefused,
  SchemaChanged,
  SynthFailed,
  UninterpretedError,
  UnresolvedError,
  WhatsAppUnreachable,
];

const explain = (error: unknown, { port }: { port: number }): string => {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `Port ${port} is in use: stop what listens there, or choose another one with --port.`;
  }
  if (EXPLAINED.some((kind) => error instanceof kind)) {
    return messageOfError(error);
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};

/** The first signal stops gracefully, the second at once. */
const stopOnSignals = (stack: LocalStack, quiet: boolean): void => {
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals > 1) {
      void stack.abort().finally(() => process.exit(130));
      return;
    }
    if (!quiet) {
      say('\nStopping: workers save their state (Ctrl-C again: at once) …');
    }
    stack.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        complain(`Not everything ended cleanly: ${messageOfError(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
};

/**
 * SIGUSR2 deploys the worker again: a new revision, to which a rollout moves running sessions. Listened to from the begin:
 * without a listener, the signal would end a process that is still starting.
 */
const deployOnSignal = (): ((stack: LocalStack) => void) => {
  let running: LocalStack | undefined;
  process.on('SIGUSR2', () => {
    if (running === undefined) return complain('The worker was not deployed: the system is still starting');
    running.deployWorker().then(
      (revisions) =>
        say(`New starts run ${[...new Set(revisions)].join(', ')}. Move running sessions: npx berth rollout`),
      (error: unknown) => complain(`The worker was not deployed: ${messageOfError(error)}`),
    );
  });
  return (stack) => {
    running = stack;
  };
};

/** `npm start -- --deploy`: the running process prints the result on its own terminal. */
const askToDeploy = (dataDir: string): void => {
  const pid = holderOf(dataDir);
  process.kill(pid, 'SIGUSR2');
  say(
    `Process ${pid} deploys the worker; it says when that is done. Then move running sessions: npx berth rollout`,
  );
};

const run = async (line: CommandLine): Promise<void> => {
  const startedAt = performance.now();
  const deployFrom = deployOnSignal();
  const dataDir = resolve(line.dataDir);
  const keyFile = relative('', join(dataDir, 'admin-key'));
  const stack = await startLocal({
    port: line.port,
    dataDir,
    ...(line.whatsapp === undefined ? {} : { whatsapp: line.whatsapp }),
    ...(line.build === undefined ? {} : { build: line.build }),
    reset: line.reset,
    ...(line.throttled ? {} : { throttle: false }),
    ...(line.concurrency === undefined ? {} : { accountConcurrency: line.concurrency }),
    settings: {
      standby: { target: line.standby, max: LOCAL_STANDBY_MAX },
      ...(line.loopback ? {} : { allowLoopbackWebhooks: false, allowLoopbackMedia: false }),
      ...(line.throttled ? {} : { requestsPerMinute: 0, startsPerMinute: 0 }),
    },
    onProgress: (message) => {
      if (!line.quiet) {
        say(message);
      }
    },
    onWarning: ({ function: from, level, message }) => complain(`${level} ${from}: ${message}`),
  });
  stopOnSignals(stack, line.quiet);
  deployFrom(stack);
  if (line.quiet) {
    say(shortBanner(stack, keyFile));
    return;
  }
  if (stack.leftovers > 0) {
    say(`Ended ${stack.leftovers} worker(s) that an earlier, killed run had left.`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const logDir = relative('', join(dataDir, 'logs'));
  say(banner(stack, { keyFile, logDir, simulateWanted: line.whatsapp === 'simulator', seconds }));
};

let port = 3000;
try {
  const line = parseCommandLine(process.argv.slice(2));
  port = line.port;
  if (line.help) {
    say(USAGE);
  } else if (line.deploy) {
    askToDeploy(resolve(line.dataDir));
  } else {
    await run(line);
  }
} catch (error) {
  complain(explain(error, { port }));
  if (error instanceof BadCommandLine) {
    complain(USAGE);
  }
  process.exit(1);
}
