/** Types and names of files, however servers, callers and senders spell them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sendFile, sendImage, sendVoice } from '../../../container/commands/send-file.ts';
import { fetchFile } from '../../../container/media/fetch.ts';
import { sendImageArgs } from '../../../contract/whatsapp/messages.ts';
import { cleanFileName } from '../../../core/accounts/file-name.ts';
import { nameForType, normalizeType, typeOfFile } from '../../../core/accounts/file-type.ts';
import { beginMediaUpload, openFile } from '../../../core/accounts/media.ts';
import { serve } from '../../helpers/loopback-server.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { testSystem } from '../core/test-system.ts';
import { commandContext } from './command-context.ts';
import { FakeClient } from './fake-library.ts';

const CHAT = '15550001111@c.us';
const answering = (headers: Record<string, string>, body = 'bytes') =>
  serve((_request, response) => response.writeHead(200, headers).end(body));

const sent = {
  id: { fromMe: true, remote: CHAT, id: 'A' },
  from: '1@c.us',
  to: CHAT,
  hasMedia: true,
  ack: 1,
};
const open = () => {
  const client = new FakeClient(() => {});
  client.send = async () => sent;
  const context = {
    ...commandContext(manualTime(), client),
    media: { maxBytes: 1000, allowLoopback: true, refusedPorts: [] },
  };
  return { client, context, content: () => client.sent.at(-1)?.text };
};

describe('a type', () => {
  it.each([
    ['image/jpg', 'image/jpeg'],
    ['IMAGE/JPEG', 'image/jpeg'],
    ['Image/Pjpeg; Charset=binary', 'image/jpeg; charset=binary'],
    ['audio/ogg;codecs=opus', 'audio/ogg; codecs=opus'],
    ['audio/ogg ; CODECS="opus"', 'audio/ogg; codecs="opus"'],
    ['audio/mp3', 'audio/mpeg'],
    ['application/pdf;', 'application/pdf'],
  ])('%s is %s', (given, normal) => {
    expect(normalizeType(given)).toBe(normal);
    expect(normalizeType(normal)).toBe(normal);
  });

  it.each(['image/jpg', 'IMAGE/JPEG', 'image/jpeg; charset=binary', 'image/JPG; q="x"'])(
    '%s is sent as a picture, from the caller and from a server',
    async (type) => {
      const { context, content } = open();
      const data = Buffer.from('bytes').toString('base64');
      const args = sendImageArgs.parse({ chatId: CHAT, file: { data, mimetype: type } });
      await sendImage(context, args);
      expect(content()).toMatchObject({ mimetype: expect.stringMatching(/^image\/jpeg(;|$)/) });
      await sendImage(context, { chatId: CHAT, file: { url: await answering({ 'content-type': type }) } });
      expect(content()).toMatchObject({ mimetype: expect.stringMatching(/^image\/jpeg(;|$)/) });
    },
  );

  it('that the server does not know follows from the file’s name', async () => {
    const { context, content } = open();
    const url = await answering({ 'content-type': 'binary/octet-stream' });
    await sendImage(context, { chatId: CHAT, file: { url: `${url}/photo.JPG` } });
    expect(content()).toMatchObject({ mimetype: 'image/jpeg' });
    expect(typeOfFile(undefined, 'a.pdf')).toBe('application/pdf');
    expect(typeOfFile('text/html', 'a.pdf')).toBe('text/html');
    expect(typeOfFile('nonsense', undefined)).toBe('application/octet-stream');
    await expect(sendVoice(context, { chatId: CHAT, file: { url } })).rejects.toMatchObject({
      code: 'unsupported_media',
    });
  });

  it.each([
    ['image/jpeg', 'jpg', 'jpeg'],
    ['image/png', 'png'],
    ['image/webp', 'webp'],
    ['image/gif', 'gif'],
    ['video/mp4', 'mp4'],
    ['video/3gpp', '3gp'],
    ['video/webm', 'webm'],
    ['video/quicktime', 'mov'],
    ['audio/ogg', 'ogg', 'oga', 'opus'],
    ['audio/mpeg', 'mp3'],
    ['audio/mp4', 'm4a'],
    ['audio/aac', 'aac'],
    ['audio/wav', 'wav'],
    ['application/pdf', 'pdf'],
    ['text/csv', 'csv'],
    ['text/plain', 'txt'],
    ['text/vcard', 'vcf'],
    ['application/zip', 'zip'],
  ])(
    '%s follows from its ending, and gives a file without a name the ending .%s',
    (type, usual, ...others) => {
      for (const ending of [usual, ...others]) {
        expect(typeOfFile(undefined, `a.${ending}`)).toBe(type);
        expect(typeOfFile('application/octet-stream', `A.B.${ending.toUpperCase()}`)).toBe(type);
      }
      expect(nameForType(`${type}; charset=utf-8`)).toBe(`file.${usual}`);
    },
  );

  it('without a usual ending gives no ending', () => {
    for (const type of ['application/octet-stream', 'application/x-unheard', 'nonsense'])
      expect(nameForType(type)).toBe('file');
    for (const name of [undefined, 'pdf', 'a.', 'a.unknown'])
      expect(typeOfFile('', name)).toBe('application/octet-stream');
  });

  it('of a received file is judged in its usual spelling', async () => {
    const links: string[] = [];
    const media = {
      uploadUrl: async () => 'https://example.com/',
      link: async (_key: string, { mimetype, filename }: { mimetype: string; filename: string }) => {
        links.push(`${mimetype} ${filename}`);
        return 'https://example.com/';
      },
    };
    const begin = async (mimetype: string, filename: string | null) => {
      const deps = { ...testSystem().deps, media, apiUrl: 'https://berth.example.com' };
      const { url } = await beginMediaUpload(
        deps,
        { sessionId: 'ses_1', epoch: 1 },
        { bytes: 1, mimetype, filename },
      );
      await openFile(deps, 'ses_1', url.split('/').at(-1) ?? '');
    };
    await begin('IMAGE/JPEG', null);
    await begin('TEXT/HTML', '../..\\evil\n.html');
    expect(links).toEqual(['image/jpeg file.jpg', 'application/octet-stream evil .html']);
  });
});

describe('a name', () => {
  it.each([
    ['attachment; filename="report 2026.pdf"', 'report 2026.pdf'],
    ["attachment; filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf; filename=x.pdf", 'Rechnung März.pdf'],
    ["attachment; filename*=ISO-8859-1''%e4.pdf", 'ä.pdf'],
    ['INLINE; FileName=plain.pdf', 'plain.pdf'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="C:\\\\temp\\\\a.pdf"', 'a.pdf'],
    ["attachment; filename*=UTF-8''a%0ab%00.pdf", 'a b .pdf'],
    ['attachment; filename="März.pdf"', 'März.pdf'],
    ['attachment', 'path.bin'],
    ['attachment; filename=".."', 'path.bin'],
  ])('of %s is %s', async (header, name) => {
    const value = Buffer.from(header, 'utf8').toString('latin1');
    const url = await answering({ 'content-disposition': value });
    const fetched = await fetchFile(
      `${url}/path.bin`,
      { maxBytes: 1000, allowLoopback: true, refusedPorts: [] },
      5_000,
    );
    expect(fetched.filename).toBe(name);
  });

  it.each([
    ['/a%0ab.pdf', 'a b.pdf'],
    ['/a%2Fb.pdf', 'b.pdf'],
    ['/a%5Cb.pdf', 'b.pdf'],
    ['/%E0%A4%A.pdf', undefined],
    ['/download', undefined],
  ])('of the path %s is %s', async (path, name) => {
    const fetched = await fetchFile(
      `${await answering({})}${path}`,
      { maxBytes: 9, allowLoopback: true, refusedPorts: [] },
      5_000,
    );
    expect(fetched.filename).toBe(name);
  });

  it('has no path, nothing unseen, and is never too long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (given) => {
        const name = cleanFileName(given);
        if (name === undefined) return;
        expect(name).not.toMatch(/[/\\\p{Cc}\u202a-\u202e]/u);
        expect(name.length).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/^\.*$/);
        expect(cleanFileName(name)).toBe(name);
      }),
    );
    expect(cleanFileName(`${'x'.repeat(400)}.pdf`)).toMatch(/^x{251}\.pdf$/);
  });

  it('is made for a document without one', async () => {
    const { context, content } = open();
    await sendFile(context, {
      chatId: CHAT,
      file: { url: await answering({ 'content-type': 'Application/PDF' }) },
    });
    expect(content()).toMatchObject({ filename: 'file.pdf', mimetype: 'application/pdf' });
  });
});

describe('an empty file', () => {
  it('is refused with the reason, by URL and in the request', async () => {
    const { context, client } = open();
    const url = await answering({ 'content-type': 'image/png' }, '');
    await expect(sendImage(context, { chatId: CHAT, file: { url } })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/empty.*Nothing was sent/),
    });
    const inline = sendImageArgs.safeParse({ chatId: CHAT, file: { data: '', mimetype: 'image/png' } });
    expect(JSON.stringify(inline.error?.issues)).toContain('is empty');
    expect(client.sent).toEqual([]);
  });
});
