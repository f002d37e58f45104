/**
 * Answers that fit. A function answers with 6 MB at most, and API Gateway wants the body as a string in JSON, so every
 * quote and backslash counts twice. A longer list has its longest texts cut, each with a mark; one that is still too
 * long is refused with the number to ask for. Without this the caller waits for a 504 that says nothing.
 */

/** Lambda's limit of 6 MB, less what surrounds the body: headers and the envelopes of two functions. */
export const MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 64 * 1024;

/** Texts in lists are cut to the first of these lengths (characters) with which the answer fits. */
const CUTS = [16_384, 4_096, 1_024, 256, 64];

/** The fields of a message that may be long. */
const LONG = ['body', 'description'] as const;

const encoder = new TextEncoder();

/** Bytes of a value as the body of a function's answer. */
export const answerBytes = (value: unknown): number =>
  encoder.encode(JSON.stringify(JSON.stringify(value) ?? '')).length;

type Fitted =
  | { readonly fits: true; readonly answer: unknown }
  /** `items`: how many of the list would fit, as they are. */
  | { readonly fits: false; readonly bytes: number; readonly items: number };

/** The answer, with texts cut if it is a list that would be too long. */
export const fitAnswer = (answer: unknown, maxBytes = MAX_ANSWER_BYTES): Fitted => {
  const bytes = answerBytes(answer);
  if (bytes <= maxBytes) return { fits: true, answer };
  if (!Array.isArray(answer)) return { fits: false, bytes, items: 1 };
  for (const length of CUTS) {
    const cut = answer.map((item) => shortened(item, length));
    if (answerBytes(cut) <= maxBytes) return { fits: true, answer: cut };
  }
  return { fits: false, bytes, items: Math.max(1, Math.floor((answer.length * maxBytes) / bytes / 2)) };
};

/** A message or a chat with its texts no longer than this; what was cut says so. */
const shortened = (item: unknown, length: number): unknown => {
  if (!isRecord(item)) return item;
  const { lastMessage, replyTo } = item;
  const changed: Record<string, unknown> = {};
  for (const key of LONG) {
    const text = item[key];
    if (typeof text === 'string' && text.length > length) {
      changed[key] = cutAt(text, length);
      changed.truncated = true;
    }
  }
  if (Array.isArray(item.vCards) && JSON.stringify(item.vCards).length > length) {
    changed.vCards = [];
    changed.truncated = true;
  }
  if (isRecord(replyTo)) changed.replyTo = shortened(replyTo, length);
  if (isRecord(lastMessage)) changed.lastMessage = shortened(lastMessage, length);
  return { ...item, ...changed };
};

/** Never between the halves of a character. */
const cutAt = (text: string, length: number): string => {
  const cut = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
