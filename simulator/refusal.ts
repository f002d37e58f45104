import type { PhoneErrorCode } from '../contract/phone/api.ts';

/** A refusal that the phone's user reads as it is. */
export class PhoneRefusal extends Error {
  override readonly name = 'PhoneRefusal';
  readonly code: PhoneErrorCode;
  constructor(code: PhoneErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A refusal that a page gets for a call, as WhatsApp's servers answer: a status number and a name. */
export class CallRefusal extends Error {
  override readonly name = 'CallRefusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
