import { BUILD } from './build.ts';
import { keepText } from './id-text.ts';
import type { Wid } from './wid.ts';

export type MsgKeyParts = {
  from?: Wid;
  to?: Wid;
  remote?: Wid;
  fromMe?: boolean;
  id: string;
  participant?: Wid | undefined;
  selfDir?: 'in' | 'out';
};

/** A message's id: direction, chat, the id proper and, in groups, who wrote. */
export class MsgKey {
  readonly fromMe: boolean;
  readonly remote: Wid;
  readonly id: string;

  constructor(parts: MsgKeyParts) {
    const remote = parts.remote ?? parts.to;
    if (!remote) throw new Error('MsgKey error: obj is null/undefined');
    this.fromMe = parts.fromMe ?? parts.selfDir === 'out';
    this.remote = remote;
    this.id = parts.id;
    if (parts.participant) Object.assign(this, { participant: parts.participant });
    const text = [this.fromMe, remote, parts.id, parts.participant]
      .filter((part) => part !== undefined)
      .join('_');
    keepText(this, text);
  }

  /** WhatsApp Web's ids begin with 3EB0 and are 22 letters long. */
  static async newId(): Promise<string> {
    const bytes = crypto.getRandomValues(new Uint8Array(9));
    return `3EB0${[...bytes]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase()}`;
  }

  toString(): string {
    return String(Reflect.get(this, BUILD.idProperty));
  }
}
