import { messageOfError } from '../../../contract/message-of-error.ts';

/** The engine's log for a person. It must contain no secrets: no overrides, no environment. */
export interface EcsLogger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const logTaskFailure = (logger: EcsLogger, id: string, what: string, error: unknown): void =>
  logger.error(`A task ${what}`, { task: id, error: messageOfError(error) });
