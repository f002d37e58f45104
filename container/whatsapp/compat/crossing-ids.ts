/**
 * Ids in what crosses from the page to Node. A question's answer holds only an id's own properties: `$1` in newer
 * builds, without what restoreSerializedIds gave to the classes. Everything that the library constructs (Message, Chat,
 * Contact, Channel, Broadcast, ClientInfo, GroupNotification, PollVote, Reaction, Call, Label …) is made of values that
 * crossed, so one place serves them all.
 */

/** Gives each id within a value that crossed its `_serialized`. Changes the value in place: no other code holds it. */
export const withSerializedIds = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    for (const item of value) withSerializedIds(item);
    return value;
  }
  if (!isPlain(value)) return value;
  for (const item of Object.values(value)) withSerializedIds(item);
  if (typeof value.$1 === 'string' && value._serialized === undefined) value._serialized = value.$1;
  return value;
};

/** Handles and other objects of Puppeteer are not values that crossed. */
const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
