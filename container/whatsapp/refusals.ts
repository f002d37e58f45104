/**
 * Errors of the library and of WhatsApp Web that say for certain that nothing happened. Anything that is not here is an
 * unknown outcome (container/commands/hand-over.ts): a row is added only for an error that is thrown before anything is
 * sent, or with which WhatsApp's server refuses.
 */
import type { CommandFailureCode } from '../../contract/worker/command-failures.ts';

type KnownRefusal = {
  readonly pattern: RegExp;
  readonly code: CommandFailureCode;
  readonly detail: string;
};

export const KNOWN_REFUSALS: readonly KnownRefusal[] = [
  {
    // Client.sendMessage with ignoreQuoteErrors: false, before it makes the message.
    pattern: /could not get the quoted message/i,
    code: 'refused',
    detail: 'the message to reply to was not found; nothing was sent',
  },
  {
    // WAWebFindChatAction, when it opens the chat of a number that WhatsApp does not know.
    pattern: /no lid for user/i,
    code: 'refused',
    detail: 'the number is not on WhatsApp; nothing was sent',
  },
  {
    // The factories of WhatsApp Web's ids, given what is no id.
    pattern: /wid error|invalid wid|not a user: /i,
    code: 'refused',
    detail: 'WhatsApp does not know this id; nothing was sent',
  },
  {
    // The library's own errors between preparing and uploading a file.
    pattern: /media-fault|upload failed|mediaentry was not created|upload refused/i,
    code: 'refused',
    detail: 'WhatsApp did not accept the file; nothing was sent',
  },
  {
    // The server's answer to a message that it does not take, as WhatsApp Web reports it.
    pattern: /ServerStatusCodeError: (message refused|463|479)/i,
    code: 'refused',
    detail: 'WhatsApp rejected the message; nothing was delivered',
  },
  {
    pattern: /rate-?overlimit/i,
    code: 'rate_limited',
    detail: 'the rate limit of WhatsApp is reached; nothing was done',
  },
  {
    pattern: /ServerStatusCodeError: (403|forbidden|not-authorized)/i,
    code: 'refused',
    detail: 'WhatsApp does not allow it for this account; nothing was changed',
  },
  {
    pattern: /ServerStatusCodeError: (404|406|410|item-not-found|not-acceptable|gone)/i,
    code: 'not_found',
    detail: 'WhatsApp does not know it; nothing was changed',
  },
  {
    pattern: /ServerStatusCodeError: (405|409|not-allowed|conflict)/i,
    code: 'refused',
    detail: 'WhatsApp does not allow it (any more); nothing was changed',
  },
  {
    // Client.addOrRemoveLabels, before it asks for anything.
    pattern: /only whatsapp business/i,
    code: 'refused',
    detail: 'only business accounts have labels; nothing was changed',
  },
  {
    pattern: /ServerStatusCodeError: (400|bad-request)/i,
    code: 'refused',
    detail: 'WhatsApp did not accept the request; nothing was done',
  },
];

/** The row that an error's text belongs to. */
export const knownRefusal = (reason: string): KnownRefusal | undefined =>
  KNOWN_REFUSALS.find(({ pattern }) => pattern.test(reason));
