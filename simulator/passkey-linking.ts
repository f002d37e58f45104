/** The passkey's part of linking one page: its challenges, each good once and for a time, and the code after them. */
import type { Clock } from '../contract/clock.ts';
import type { PasskeyAssertion, PasskeyChallenge } from '../contract/whatsapp/passkey.ts';
import type { PasskeyRecord } from './model/records.ts';
import { RP_ID, verifies } from './passkeys.ts';
import { CallRefusal } from './refusal.ts';

/** WhatsApp's own: ten minutes. */
const CHALLENGE_MS = 600_000;
const CODE_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';

export class PasskeyLinking {
  readonly passkey: PasskeyRecord;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => string;
  readonly #challengeMs: number;
  #challenge: { readonly text: string; readonly expiresAt: number } | undefined;
  #code: string | undefined;

  constructor(options: {
    passkey: PasskeyRecord;
    clock: Clock;
    random: (bytes: number) => string;
    challengeMs?: number | undefined;
  }) {
    this.passkey = options.passkey;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#challengeMs = options.challengeMs ?? CHALLENGE_MS;
  }

  /** The code that both sides show, once the passkey was verified, if the account requires the comparison. */
  get code(): string | undefined {
    return this.#code;
  }

  isFor(challenge: string): boolean {
    return this.#challenge?.text === challenge;
  }

  /** The challenge that is good now. */
  options(): PasskeyChallenge {
    if (this.#code !== undefined) throw new CallRefusal(409, 'the passkey was verified');
    const now = this.#clock();
    if (!this.#challenge || now >= this.#challenge.expiresAt) {
      const text = Buffer.from(this.#random(32), 'hex').toString('base64url');
      this.#challenge = { text, expiresAt: now + this.#challengeMs };
    }
    return {
      challenge: this.#challenge.text,
      timeout: this.#challenge.expiresAt - now,
      rpId: RP_ID,
      allowCredentials: [],
      userVerification: 'required',
      extensions: { uvm: true },
    };
  }

  /** Spends the challenge. False: this is no answer to it, and the next one is another. */
  async take(assertion: PasskeyAssertion): Promise<boolean> {
    const challenge = this.#challenge;
    this.#challenge = undefined;
    if (!challenge || this.#clock() >= challenge.expiresAt) return false;
    if (!(await verifies(this.passkey, challenge.text, assertion))) return false;
    if (this.passkey.confirm) {
      const bytes = Buffer.from(this.#random(8), 'hex');
      this.#code = [...bytes].map((byte) => CODE_ALPHABET[byte % CODE_ALPHABET.length]).join('');
    }
    return true;
  }
}
