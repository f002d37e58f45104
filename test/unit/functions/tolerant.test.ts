/** Requests as WAHA's clients send them, on the paths that WAHA has. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Operation } from '../../../contract/operation.ts';
import { createSession, updateSession } from '../../../contract/operations/sessions.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { COMMAND_OPERATIONS } from '../../../contract/worker/commands.ts';
import { ignoredHeader, tolerantParse } from '../../../functions/edge/tolerant.ts';
import { WAHA_OPERATIONS } from '../../conformance/document.ts';

const read = ({ body }: Operation, value: unknown) => {
  if (body === undefined) throw new Error('the operation has no body');
  const ignored: string[] = [];
  const parsed = tolerantParse(body, value, ignored);
  return { ignored, parsed, issues: parsed.error?.issues.map(({ path }) => path.join('.')) ?? [] };
};

const CHAT = '491712223333@c.us';
const { sendText, sendImage, sendContactVcard, sendPoll, sendSeen, createGroup } = COMMAND_OPERATIONS;

describe('what n8n sends is taken', () => {
  test('a text, with everything that the form has', () => {
    const { parsed, ignored } = read(sendText, {
      session: 'shop',
      chatId: CHAT,
      text: 'Hi',
      id: null,
      reply_to: '',
      linkPreview: true,
      linkPreviewHighQuality: false,
    });
    expect(parsed.data).toEqual({ session: 'shop', chatId: CHAT, text: 'Hi', linkPreview: true });
    expect(ignored.sort()).toEqual(['id', 'linkPreviewHighQuality']);
  });

  test('a file by URL or in the request, with nulls and what other kinds have', () => {
    const file = { mimetype: 'image/png', filename: null };
    const remote = read(sendImage, {
      chatId: CHAT,
      file: { ...file, url: 'https://example.com/a.png', convert: true },
      caption: null,
      mentions: null,
      asNote: false,
    });
    expect(remote.parsed.data).toMatchObject({
      file: { url: 'https://example.com/a.png', mimetype: 'image/png' },
    });
    expect(remote.ignored.sort()).toEqual(['asNote', 'file.convert']);
    const inline = read(sendImage, { chatId: CHAT, file: { ...file, data: 'aGVsbG8=' } });
    expect(inline.parsed.data).toMatchObject({ file: { data: 'aGVsbG8=' } });
  });

  test('contact cards of both kinds, a poll, a mark as read', () => {
    const contacts = [
      {
        fullName: 'Ada',
        organization: null,
        phoneNumber: '+49 171 2223333',
        whatsappId: null,
        vcard: null,
        id: 7,
      },
      { vcard: 'BEGIN:VCARD\nFN:Bea\nEND:VCARD', fullName: null },
    ];
    expect(read(sendContactVcard, { chatId: CHAT, contacts, reply_to: null }).issues).toEqual([]);
    expect(
      read(sendPoll, { chatId: CHAT, poll: { name: 'Q', options: ['a', 'b'], multipleAnswers: null } })
        .issues,
    ).toEqual([]);
    expect(
      read(sendSeen, { chatId: CHAT, messageIds: null, messageId: '', participant: null }).issues,
    ).toEqual([]);
  });

  test('a session, with every option that WAHA has', () => {
    const { parsed, ignored } = read(createSession, {
      name: null,
      start: true,
      apps: null,
      config: {
        metadata: null,
        proxy: null,
        debug: false,
        noweb: { store: { enabled: true, fullSync: false } },
        gows: null,
        webjs: { tagsEventsOn: false },
        client: { deviceName: null, browserName: null },
        ignore: { status: null },
        webhooks: [
          {
            url: 'https://example.com/hook',
            events: ['message', 'presence.update', 'no.such.event', 'label.upsert', 'another.one'],
            hmac: { key: null },
            retries: { policy: null, delaySeconds: 0, attempts: 0 },
            customHeaders: null,
          },
          { url: 'https://example.com/other', events: [], hmac: null, retries: null },
        ],
      },
    });
    expect(parsed.error).toBeUndefined();
    expect(parsed.data).toMatchObject({
      config: {
        webhooks: [
          {
            events: ['message', 'presence.update', 'label.upsert'],
            retries: { policy: 'constant', delaySeconds: 0, attempts: 0 },
          },
          { events: [] },
        ],
      },
    });
    expect(ignored).toEqual(expect.arrayContaining(['apps', 'config.debug', 'config.noweb', 'config.gows']));
    expect(read(updateSession, { name: 'shop' })).toMatchObject({ ignored: ['name'], issues: [] });
    expect(read(updateSession, {}).issues).toEqual([]);
  });
});

describe('what is wrong in a known field stays wrong, with its path', () => {
  test.each<[Operation, unknown, string]>([
    [sendText, { chatId: CHAT, text: null }, 'text'],
    [sendText, { chatId: CHAT, text: '', id: null }, 'text'],
    [sendText, { chatId: 'nobody', text: 'x', id: 1 }, 'chatId'],
    [sendText, { chatId: CHAT, text: 'x', linkPreview: 'yes' }, 'linkPreview'],
    [sendImage, { chatId: CHAT, file: { url: 'nowhere', extra: 1 } }, 'file.url'],
    [createGroup, { name: 'x', participants: [{ id: null }] }, 'participants.0.id'],
    [createSession, { config: { webhooks: [{ url: 'x', events: ['message'] }] } }, 'config.webhooks.0.url'],
  ])('%#', (operation, value, path) => {
    expect(read(operation, value).issues).toContain(path);
  });

  test('an empty text that must not be empty is named as too short, not as missing', () => {
    const { parsed } = read(sendText, { chatId: CHAT, text: '' });
    expect(parsed.error?.issues[0]).toMatchObject({ code: 'too_small', path: ['text'] });
  });

  test('the value that came is not changed', () => {
    const value = Object.freeze({ chatId: CHAT, text: 'x', id: null });
    expect(read(sendText, value).issues).toEqual([]);
  });
});

test.each([
  ['491712223333', CHAT],
  ['+49 171 222-3333', CHAT],
  ['491712223333@s.whatsapp.net', CHAT],
  ['491712223333:12@s.whatsapp.net', CHAT],
  [' 491712223333@c.us ', CHAT],
  ['123456789:3@lid', '123456789@lid'],
  ['120363000000000001@g.us', '120363000000000001@g.us'],
  ['4917-1612345678@g.us', '4917-1612345678@g.us'],
  ['status@broadcast', 'status@broadcast'],
])('the chat id %j is %s', (given, meant) => {
  expect(read(sendText, { chatId: given, text: 'x' }).parsed.data).toMatchObject({ chatId: meant });
});

test('the header names what was left out, in one line of bounded length', () => {
  expect(ignoredHeader([])).toEqual({});
  expect(ignoredHeader(['id', 'config.debug'])).toEqual({ 'x-berth-ignored': 'id,config.debug' });
  const [text = ''] = Object.values(ignoredHeader(['a\r\nb: c', 'ü,x', 'y'.repeat(5000)]));
  expect(text).toMatch(/^[\x21-\x7e]{1,1024}$/);
});

test('exactly the paths that WAHA has are tolerant', () => {
  const shape = ({ method, path }: { method: string; path: string }) =>
    `${method} ${path.replace(/\{\w+\}/g, '{}')}`;
  const wahas = new Set(WAHA_OPERATIONS.map(shape));
  for (const operation of OPERATIONS)
    expect([operation.id, operation.waha === true]).toEqual([operation.id, wahas.has(shape(operation))]);
});

test('a schema that is no object is left to itself', () => {
  expect(tolerantParse(z.array(z.string()), 'x', []).success).toBe(false);
});
