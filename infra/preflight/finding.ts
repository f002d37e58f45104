/**
 * One thing that a deployment needs.
 *
 *   ok       it is there
 *   note     a deployment works without it; worth a look
 *   missing  a deployment, or what it is meant for, fails without it
 *   unknown  it cannot be determined: no permission to read it, no answer, or a check before it failed
 */
export type Status = 'ok' | 'note' | 'missing' | 'unknown';

export type Finding = {
  /** Stable, for programs. */
  readonly id: string;
  readonly status: Status;
  /** One or two sentences. */
  readonly message: string;
  /** The command that mends it, ready to be typed. */
  readonly command?: string;
};

export const ok = (id: string, message: string): Finding => ({ id, status: 'ok', message });
export const note = (id: string, message: string, command?: string): Finding => ({
  id,
  status: 'note',
  message,
  ...(command !== undefined && { command }),
});
export const missing = (id: string, message: string, command?: string): Finding => ({
  id,
  status: 'missing',
  message,
  ...(command !== undefined && { command }),
});
export const unknown = (id: string, message: string): Finding => ({ id, status: 'unknown', message });
