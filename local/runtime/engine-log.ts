import type { Clock } from '../../contract/clock.ts';
import type { Warning } from './function-log.ts';
import type { LogFile } from './log-file.ts';

type Fields = Readonly<Record<string, unknown>>;

export type EngineLogger = ReturnType<typeof createEngineLogger>;

/** The output of the engines: all of it goes to a file, and warnings and errors also to the terminal. */
export const createEngineLogger = (file: LogFile, clock: Clock, onWarning: (warning: Warning) => void) => {
  const write = (level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: Fields = {}): void => {
    const { error, ...rest } = fields;
    const detail =
      error instanceof Error ? { error: error.stack ?? error.message } : error === undefined ? {} : { error };
    file.write({ timestamp: new Date(clock()).toISOString(), level, message, ...rest, ...detail });
    if (level !== 'INFO') {
      onWarning({ function: 'local', level, message });
    }
  };
  return {
    info: (message: string, fields?: Fields) => write('INFO', message, fields),
    warn: (message: string, fields?: Fields) => write('WARN', message, fields),
    error: (message: string, fields?: Fields) => write('ERROR', message, fields),
  };
};
