/** Pages that wait to be linked: their codes, the codes' renewal, and what a scan or an entered code does. */
import type { Clock } from '../contract/clock.ts';
import type { PendingPage } from '../contract/phone/api.ts';
import type { PasskeyAssertion, PasskeyChallenge } from '../contract/whatsapp/passkey.ts';
import type { Connection } from './connection.ts';
import type { AccountRecord, PasskeyRecord } from './model/records.ts';
import type { World } from './model/world.ts';
import { PasskeyLinking } from './passkey-linking.ts';
import { CallRefusal, PhoneRefusal } from './refusal.ts';

/** Letters of a pairing code: WhatsApp leaves out those that look alike. */
const CODE_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';
const PAIRING_CODE_MS = 180_000;

type Pending = {
  readonly connection: Connection;
  ref: string;
  refreshes: number;
  idle: boolean;
  timer: NodeJS.Timeout | undefined;
  pairing: { code: string; phoneNumber: string; expiresAt: number } | undefined;
  /** The phone has answered, and WhatsApp asks for the account's passkey. */
  passkey: { readonly account: AccountRecord; readonly linking: PasskeyLinking } | undefined;
};

type LinkingOptions = {
  readonly world: World;
  readonly clock: Clock;
  readonly random: (bytes: number) => string;
  readonly qrRefreshMs: number;
  readonly qrRefreshLimit: number;
  /** How long a passkey challenge is good; WhatsApp's ten minutes without it. */
  readonly passkeyChallengeMs?: number | undefined;
  readonly unpairedIdle: () => boolean;
  /** How many companions an account may have. */
  readonly deviceLimit: () => number;
  readonly rateLimited: () => boolean;
  /** The page is linked: it now speaks for this companion. */
  readonly onLinked: (connection: Connection, deviceId: string) => void;
};

/** The account that the phone's user chose to link: an existing or new account; without a choice, a new one. */
export type AccountChoice = { phoneNumber?: string | undefined; pushName?: string | undefined } | undefined;

export class Linking {
  readonly #pending = new Map<string, Pending>();
  /** Codes that were shown and renewed, so that a late scan gets the reason. */
  readonly #expired = new Set<string>();
  readonly #options: LinkingOptions;

  constructor(options: LinkingOptions) {
    this.#options = options;
  }

  /** An unlinked page connected: it gets a code, renewed from now on. */
  open(connection: Connection): void {
    const pending: Pending = {
      connection,
      ref: this.#newRef(),
      refreshes: 0,
      idle: false,
      timer: undefined,
      pairing: undefined,
      passkey: undefined,
    };
    this.#pending.set(connection.id, pending);
    connection.onClose(() => this.#forget(pending));
    connection.send({ type: 'unpaired', ref: pending.ref });
    if (this.#options.unpairedIdle()) this.#goIdle(pending);
    else this.#schedule(pending);
  }

  pages(): PendingPage[] {
    return [...this.#pending.values()].map(({ connection, refreshes, idle, pairing, passkey }) => ({
      id: connection.id,
      shows: passkey
        ? passkey.linking.code === undefined
          ? 'passkey'
          : 'passkey_code'
        : pairing
          ? 'pairing_code'
          : idle
            ? 'idle'
            : 'qr',
      refreshes,
      since: connection.since,
    }));
  }

  /** Renews a page's code now; a page that gave up starts again. */
  refresh(pageId: string | undefined): void {
    const pending = this.#choose(pageId);
    if (pending.idle) this.#restart(pending);
    else this.#renew(pending);
  }

  /** The page's own click on "reload code". */
  restart(connection: Connection): void {
    this.#restart(this.#of(connection));
  }

  goIdle(): void {
    for (const pending of this.#pending.values()) this.#goIdle(pending);
  }

  /** The page asks for letters to type in place of a code to scan. */
  startPairing(connection: Connection, phoneNumber: string): string {
    const pending = this.#of(connection);
    if (this.#options.rateLimited()) throw new CallRefusal(429, 'rate-overlimit');
    if (!/^[1-9]\d{6,14}$/.test(phoneNumber)) throw new CallRefusal(400, 'bad-request');
    const code = this.#newPairingCode();
    pending.pairing = { code, phoneNumber, expiresAt: this.#options.clock() + PAIRING_CODE_MS };
    return code;
  }

  endPairing(connection: Connection): void {
    this.#of(connection).pairing = undefined;
  }

  /** The phone scans what a page shows. */
  scanCode(code: string, account: AccountChoice) {
    const [ref, noiseKey, identityKey, advSecret, platform, ...rest] = code.trim().split(',');
    if (!ref || !noiseKey || !identityKey || !advSecret || !platform || rest.length > 0) {
      throw new PhoneRefusal('code_malformed', 'this is no code of WhatsApp Web: it needs five parts');
    }
    const pending = [...this.#pending.values()].find((page) => page.ref === ref);
    if (!pending || pending.idle || pending.passkey) {
      if (pending || this.#expired.has(ref))
        throw new PhoneRefusal('code_expired', 'the code has expired: scan the one shown now');
      throw new PhoneRefusal('code_unknown', 'no page here shows this code');
    }
    const { keys } = pending.connection;
    if (keys.noiseKey !== noiseKey || keys.identityKey !== identityKey) {
      throw new PhoneRefusal('code_mismatch', 'the code does not carry the keys of the page that shows it');
    }
    return this.#link(pending, account);
  }

  /** The phone scans the one pending page, or the named one, without looking at its code. */
  scanPage(pageId: string | undefined, account: AccountChoice) {
    const pending = this.#choose(pageId);
    if (pending.idle) throw new PhoneRefusal('code_expired', 'the page gave up showing codes: reload it');
    if (pending.passkey)
      throw new PhoneRefusal('no_pending_page', 'the page waits for a passkey and not for a scan');
    return this.#link(pending, account);
  }

  /** The phone's user types the letters that a page shows. */
  enterPairingCode(code: string, account: AccountChoice) {
    const letters = code.replace(/[\s-]/g, '').toUpperCase();
    const pending = [...this.#pending.values()].find((page) => page.pairing?.code === letters);
    if (!pending?.pairing) throw new PhoneRefusal('pairing_code_unknown', 'no page here shows this code');
    const { phoneNumber, expiresAt } = pending.pairing;
    if (this.#options.clock() >= expiresAt)
      throw new PhoneRefusal('pairing_code_expired', 'the code has expired: ask for a new one');
    if (account?.phoneNumber !== undefined && account.phoneNumber !== phoneNumber) {
      throw new PhoneRefusal('wrong_account', 'the code was made for another phone number');
    }
    return this.#link(pending, { ...account, phoneNumber });
  }

  /** The page's button on the screen for the passkey was pressed. */
  passkeyOptions(connection: Connection): PasskeyChallenge {
    return this.#passkeyOf(connection).linking.options();
  }

  /** Verified, the page is linked, or shows a code that is compared first. */
  async takeAssertion(connection: Connection, assertion: PasskeyAssertion): Promise<Record<string, never>> {
    const pending = this.#of(connection);
    const { account, linking } = this.#passkeyOf(connection);
    if (!(await linking.take(assertion))) throw new CallRefusal(403, 'passkey-not-verified');
    // Meanwhile the page may have closed, or started again.
    if (this.#pending.get(connection.id)?.passkey?.linking !== linking) throw new CallRefusal(410, 'gone');
    if (linking.code === undefined) this.#finish(pending, account);
    else connection.send({ type: 'passkeyCode', code: linking.code });
    return {};
  }

  /** The person at the page says that the phone shows the same code. */
  confirmPasskey(connection: Connection): void {
    const { account, linking } = this.#passkeyOf(connection);
    if (linking.code === undefined) throw new CallRefusal(409, 'no code is compared');
    this.#finish(this.#of(connection), account);
  }

  /** Back to codes. */
  cancelPasskey(connection: Connection): void {
    const pending = this.#of(connection);
    pending.passkey = undefined;
    pending.pairing = undefined;
    this.#restart(pending);
  }

  /** The passkey of the account whose page was given this challenge. */
  passkeyFor(challenge: string): PasskeyRecord {
    const found = [...this.#pending.values()].find(({ passkey }) => passkey?.linking.isFor(challenge));
    if (!found?.passkey)
      throw new PhoneRefusal('challenge_unknown', 'no page here was given this challenge, or it is spent');
    return found.passkey.linking.passkey;
  }

  /** The codes that the account's phone shows. */
  passkeyCodes(account: AccountRecord): string[] {
    return [...this.#pending.values()].flatMap(({ passkey }) =>
      passkey?.account.phoneNumber === account.phoneNumber ? (passkey.linking.code ?? []) : [],
    );
  }

  close(): void {
    for (const pending of [...this.#pending.values()]) this.#forget(pending);
  }

  #link(pending: Pending, choice: AccountChoice): { account: AccountRecord; deviceId?: string } {
    const { world, clock, random, deviceLimit, passkeyChallengeMs: challengeMs } = this.#options;
    const account = world.ensureAccount(choice ?? {});
    // WhatsApp shows it on the phone. The page continues to show its code.
    const linked = world.devices(account.phoneNumber).length;
    if (linked >= deviceLimit())
      throw new PhoneRefusal(
        'device_limit',
        `${linked} devices are linked already: log one of them out first`,
      );
    const passkey = world.passkey(account.phoneNumber);
    if (!passkey?.required || !pending.connection.build.passkey) return this.#finish(pending, account);
    pending.passkey = { account, linking: new PasskeyLinking({ passkey, clock, random, challengeMs }) };
    pending.connection.send({ type: 'passkey' });
    return { account };
  }

  #finish(pending: Pending, account: AccountRecord): { account: AccountRecord; deviceId: string } {
    const { world, onLinked } = this.#options;
    const device = world.link(account, pending.connection.keys);
    this.#forget(pending);
    pending.connection.send({ type: 'linked', device: { id: device.id, token: device.token } });
    onLinked(pending.connection, device.id);
    return { account, deviceId: device.id };
  }

  #choose(pageId: string | undefined): Pending {
    if (pageId !== undefined) {
      const named = this.#pending.get(pageId);
      if (!named) throw new PhoneRefusal('no_pending_page', 'this page does not wait for a scan');
      return named;
    }
    const [only, ...others] = this.#pending.values();
    if (!only) throw new PhoneRefusal('no_pending_page', 'no page waits for a scan');
    if (others.length > 0) {
      throw new PhoneRefusal(
        'ambiguous_page',
        `${others.length + 1} pages wait for a scan: give the code, or name the page`,
      );
    }
    return only;
  }

  #passkeyOf(connection: Connection): NonNullable<Pending['passkey']> {
    const { passkey } = this.#of(connection);
    if (!passkey) throw new CallRefusal(409, 'WhatsApp asks for no passkey');
    return passkey;
  }

  #of(connection: Connection): Pending {
    const pending = this.#pending.get(connection.id);
    if (!pending) throw new CallRefusal(409, 'the page does not wait to be linked');
    return pending;
  }

  #schedule(pending: Pending): void {
    clearInterval(pending.timer);
    pending.timer = setInterval(() => this.#tick(pending), this.#options.qrRefreshMs);
    pending.timer.unref();
  }

  #tick(pending: Pending): void {
    // While letters or the passkey's screen are shown the page stays as it is: WhatsApp Web renews no QR behind them.
    if (pending.pairing || pending.passkey) return;
    if (pending.refreshes >= this.#options.qrRefreshLimit) this.#goIdle(pending);
    else this.#renew(pending);
  }

  #renew(pending: Pending): void {
    this.#expired.add(pending.ref);
    pending.ref = this.#newRef();
    pending.refreshes += 1;
    pending.connection.send({ type: 'ref', ref: pending.ref });
  }

  #restart(pending: Pending): void {
    this.#expired.add(pending.ref);
    pending.idle = false;
    pending.refreshes = 0;
    pending.ref = this.#newRef();
    pending.connection.send({ type: 'unpaired', ref: pending.ref });
    this.#schedule(pending);
  }

  #goIdle(pending: Pending): void {
    clearInterval(pending.timer);
    pending.idle = true;
    pending.connection.send({ type: 'state', state: 'UNPAIRED_IDLE' });
  }

  #forget(pending: Pending): void {
    clearInterval(pending.timer);
    this.#expired.add(pending.ref);
    this.#pending.delete(pending.connection.id);
  }

  #newRef(): string {
    return `2@${Buffer.from(this.#options.random(64), 'hex').toString('base64')}`;
  }

  #newPairingCode(): string {
    const bytes = Buffer.from(this.#options.random(8), 'hex');
    return [...bytes].map((byte) => CODE_ALPHABET[byte % CODE_ALPHABET.length]).join('');
  }
}
