/** What a connect to `/ws` says: whose key it has, and what it follows, as WAHA's clients send it. */
import { expect, test } from 'vitest';
import { liveQuerySchema } from '../../../contract/bodies/live.ts';
import { liveCredentialOf } from '../../../functions/edge/live-credential.ts';

const asked = (query: Record<string, string[]>) => {
  const parsed = liveQuerySchema.safeParse(query);
  return parsed.success
    ? { session: parsed.data.session, events: parsed.data.events }
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
};

test('a key is in the header, or in the query in any case of its name; a header counts first', () => {
  expect(liveCredentialOf({ 'X-Api-Key': 'h' }, { 'x-api-key': ['q'] })).toEqual({ key: 'h' });
  for (const name of ['x-api-key', 'X-Api-Key', 'X-API-KEY'])
    expect(liveCredentialOf({}, { [name]: ['q'] })).toEqual({ key: 'q' });
  expect(liveCredentialOf({}, { ticket: ['t'], 'x-api-key': ['q'] })).toEqual({ key: 'q' });
  expect(liveCredentialOf({}, { ticket: ['t'] })).toEqual({ ticket: 't' });
  expect(liveCredentialOf({}, { session: ['x'] })).toBeUndefined();
});

test('names may be repeated, or separated by commas; without any, or with empty ones, it is all', () => {
  const all = { session: ['*'], events: ['*'] };
  for (const query of [{}, { session: [''], events: [''] }, { events: [','] }])
    expect(asked(query)).toEqual(all);
  expect(asked({ session: ['a', 'b,c'], events: ['message', 'session.status,message.ack'] })).toEqual({
    session: ['a', 'b', 'c'],
    events: ['message', 'session.status', 'message.ack'],
  });
});

test('an event that this engine does not know is left out, as of a webhook; none that is known is an error', () => {
  expect(asked({ events: ['message,message.sent'] })).toMatchObject({ events: ['message'] });
  expect(asked({ events: ['mesage'] })).toEqual(['events.0 must be the name of an event or *']);
  expect(asked({ session: ['a b'] })).toEqual(['session.0 must be 1 to 64 letters, digits, "_" or "-"']);
});
