/** The faults of a worker, as a closed set; everything else is a defect. */

/** A stage or call took longer than it may. */
export class TimedOut extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${Math.round(ms / 100) / 10} s`);
    this.name = 'TimedOut';
  }
}

/** This epoch has ended: kill the browser, save nothing, exit. */
export class Fenced extends Error {
  constructor() {
    super('this epoch has ended');
    this.name = 'Fenced';
  }
}

/** The worker API or a presigned URL answered with a status that a retry won't change. */
export class RequestRefused extends Error {
  readonly status: number;
  constructor(what: string, status: number, detail = '') {
    super(`${what}: answered ${status}${detail === '' ? '' : `: ${detail}`}`);
    this.name = 'RequestRefused';
    this.status = status;
  }
}

/** The other side is not to be had just now (network, 429, 5xx); a retry may help. */
export class Unavailable extends Error {
  constructor(what: string, detail: string) {
    super(`${what}: ${detail}`);
    this.name = 'Unavailable';
  }
}

/** No browser could be started. The message says what was tried and what to install. */
export class NoBrowser extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoBrowser';
  }
}

/** A saved auth state that can't be used: wrong digest, damaged archive, gone. Never a storage fault. */
export class BadSnapshot extends Error {
  constructor(detail: string) {
    super(`auth state unusable: ${detail}`);
    this.name = 'BadSnapshot';
  }
}

/** One line for logs and final reports, for any thrown value (the library also throws strings). At most 300 characters. */
export const describeError = (error: unknown): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 300);
};
