import { Logger as Powertools } from '@aws-lambda-powertools/logger';

/**
 * The fields that a log line may have: numbers, flags, names and reasons. Never a code, key, token or message body.
 */
type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** From now on this value is cut out of every line. */
  hide(secret: string): void;
};

const HIDDEN = '[hidden]';
/** Secrets that may be part of a library's error text: a linking code (`2@…`), a URL's query, a bearer token. */
const SUSPECTS: readonly RegExp[] = [
  /\d@[A-Za-z0-9+/=,]{20,}/g,
  /(?<=https?:\/\/[^\s?]+)\?\S+/g,
  /(?<=Bearer )\S+/g,
];

/** Cuts the named secrets, and what looks like one, out of a text. */
export const redact = (text: string, secrets: Iterable<string>): string => {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, HIDDEN);
  for (const suspect of SUSPECTS) clean = clean.replace(suspect, HIDDEN);
  return clean;
};

/** The fields of the process in every line: its session and epoch, or that it waits for one. */
type About = { readonly session: string; readonly epoch: number } | { readonly standby: string };

/** Structured JSON lines on stdout, each with `about`. */
export const createLog = (options: {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly about: About;
}): Log & {
  /** From now on the lines say this as well. */
  readonly concerns: (about: About) => void;
} => {
  const logger = new Powertools({
    serviceName: 'worker',
    logLevel:
      options.level === 'debug'
        ? 'DEBUG'
        : options.level === 'info'
          ? 'INFO'
          : options.level === 'warn'
            ? 'WARN'
            : 'ERROR',
    persistentKeys: { ...options.about },
  });
  const secrets = new Set<string>();
  const clean = (fields: LogFields = {}) =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [key, typeof value === 'string' ? redact(value, secrets) : value]),
    );
  return {
    debug: (message, fields) => logger.debug(redact(message, secrets), clean(fields)),
    info: (message, fields) => logger.info(redact(message, secrets), clean(fields)),
    warn: (message, fields) => logger.warn(redact(message, secrets), clean(fields)),
    error: (message, fields) => logger.error(redact(message, secrets), clean(fields)),
    hide: (secret) => void (secret.length >= 8 && secrets.add(secret)),
    concerns: (about) => logger.appendPersistentKeys({ ...about }),
  };
};

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, hide() {} };
