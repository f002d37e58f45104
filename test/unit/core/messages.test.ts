import { describe, expect, it } from 'vitest';
import { checkNumberArgs, getMessagesArgs, groupIdSchema } from '../../../contract/whatsapp/chats.ts';
import { contactCardSchema, fileSchema, sendPollArgs } from '../../../contract/whatsapp/messages.ts';
import { beginMediaUpload, openFile } from '../../../core/accounts/media.ts';
import { testSystem } from './test-system.ts';

describe('a file', () => {
  it.each([
    [{ url: 'https://example.org/a.png' }],
    [{ url: 'https://example.org/a', mimetype: 'audio/ogg; codecs=opus', filename: 'Rechnung März.pdf' }],
    [{ data: 'AAAA', mimetype: 'image/png' }],
  ])('is taken as %j', (file) => {
    expect(fileSchema.parse(file)).toEqual(file);
  });

  it.each([
    [{ url: 'file:///etc/passwd' }],
    [{ url: 'ftp://example.org/a' }],
    [{ data: 'AAAA' }],
    [{ data: 'not base64!', mimetype: 'image/png' }],
    [{ data: 'AAAA', mimetype: 'image/png\r\nX-Evil: 1' }],
    [{ data: 'AAAA', mimetype: 'image/png', filename: '../../etc/passwd' }],
    [{ data: 'AAAA', mimetype: 'image/png', filename: 'a\nb' }],
    [{ data: 'AAAA', mimetype: 'image/png', url: 'https://example.org/a.png' }],
    [{}],
  ])('is refused as %j', (file) => {
    expect(fileSchema.safeParse(file).success).toBe(false);
  });
});

describe('a contact card', () => {
  it('has one line for each thing, so that no card can be injected into another', () => {
    const contact = { fullName: 'Ann\nTEL:110', phoneNumber: '+1 555' };
    expect(contactCardSchema.safeParse(contact).success).toBe(false);
    expect(contactCardSchema.safeParse({ ...contact, fullName: 'Ann' }).success).toBe(true);
    expect(contactCardSchema.safeParse({ vcard: 'FN:Ann' }).success).toBe(false);
  });
});

describe('arguments', () => {
  it('name a poll with options that differ', () => {
    const poll = (options: string[]) =>
      sendPollArgs.safeParse({ chatId: '15550001111@c.us', poll: { name: 'When?', options } }).success;
    expect(poll(['now', 'later'])).toBe(true);
    expect(poll(['now'])).toBe(false);
    expect(poll(['now', ' now'])).toBe(false);
  });

  it('take numbers as people write them, and from queries as text', () => {
    expect(checkNumberArgs.parse({ phone: '+49 (170) 123-4567' })).toEqual({ phone: '491701234567' });
    expect(checkNumberArgs.safeParse({ phone: 'me' }).success).toBe(false);
    const paging = getMessagesArgs.parse({
      chatId: '1@g.us',
      limit: '5',
      offset: '2',
      downloadMedia: 'true',
    });
    expect(paging).toMatchObject({ limit: 5, offset: 2, downloadMedia: true, sortOrder: 'desc' });
    expect(getMessagesArgs.safeParse({ chatId: '1@g.us', limit: '10001' }).success).toBe(false);
  });

  it('name groups by their own ids only', () => {
    expect(groupIdSchema.safeParse('120363012345678901@g.us').success).toBe(true);
    expect(groupIdSchema.safeParse('491701234567@c.us').success).toBe(false);
  });
});

describe('the link to a received file', () => {
  const upload = async (mimetype: string, bytes = 10) => {
    const signed: { key: string; mimetype: string }[] = [];
    const media = {
      uploadUrl: async (key: string) => `https://storage.example/${key}`,
      link: async (key: string, file: { mimetype: string }) => {
        signed.push({ key, mimetype: file.mimetype });
        return 'https://storage.example/link';
      },
    };
    const { deps } = testSystem({ mediaMaxBytes: 100 });
    const ids = { ...deps.ids, secret: () => 'secret' };
    const { url } = await beginMediaUpload(
      { ...deps, media, ids, apiUrl: 'https://berth.example.com' },
      { sessionId: 'ses_1', epoch: 1 },
      { bytes, mimetype, filename: null },
    );
    expect(url).toBe('https://berth.example.com/api/files/ses_1/secret');
    await openFile({ ...deps, media }, 'ses_1', 'secret');
    return signed[0];
  };

  it('has browsers save what they could run', async () => {
    expect((await upload('image/png'))?.mimetype).toBe('image/png');
    expect((await upload('audio/ogg; codecs=opus'))?.mimetype).toBe('audio/ogg; codecs=opus');
    for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'image/png, text/html'])
      expect((await upload(type))?.mimetype).toBe('application/octet-stream');
  });

  it('is under the session, in the folder that is emptied, and for no file above the limit', async () => {
    expect((await upload('image/png'))?.key).toBe('media/ses_1/secret');
    await expect(upload('image/png', 101)).rejects.toMatchObject({ code: 'too_large' });
  });
});
