import { keepText } from './id-text.ts';

const PATTERN = /^([\w.:-]+)@(c\.us|g\.us|lid|broadcast|newsletter|s\.whatsapp\.net|bot)$/;

/** An id of WhatsApp: a person, a person by hidden id, a group, the status list. */
export class Wid {
  readonly server: string;
  readonly user: string;

  constructor(text: string) {
    const [, user, server] = PATTERN.exec(text) ?? [];
    if (user === undefined || server === undefined) throw new Error(`wid error: invalid wid ${text}`);
    this.user = user;
    this.server = server === 's.whatsapp.net' ? 'c.us' : server;
    keepText(this, this.toString());
  }

  isUser(): boolean {
    return this.server === 'c.us' || this.server === 'lid';
  }
  isLid(): boolean {
    return this.server === 'lid';
  }
  isGroup(): boolean {
    return this.server === 'g.us';
  }
  isStatus(): boolean {
    return this.toString() === 'status@broadcast';
  }
  isBroadcast(): boolean {
    return this.server === 'broadcast';
  }
  isNewsletter(): boolean {
    return this.server === 'newsletter';
  }
  isBot(): boolean {
    return this.server === 'bot';
  }
  equals(other: unknown): boolean {
    return String(other) === this.toString();
  }
  toJid(): string {
    return this.server === 'c.us' ? `${this.user}@s.whatsapp.net` : this.toString();
  }
  toString(): string {
    return `${this.user}@${this.server}`;
  }
}

/** A Wid from its text, from another one, or from one that lost its class on the way through JSON. */
export const createWid = (from: unknown): Wid => {
  if (from instanceof Wid) return from;
  if (typeof from === 'object' && from !== null && 'user' in from && 'server' in from)
    return new Wid(`${from.user}@${from.server}`);
  return new Wid(String(from));
};
