/** The objects of the requests: a linked session with a chat, a group, channels, a poll, labels; and more of them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { linkSession, type System } from '../helpers/system.ts';
import type { WahaOperation } from './document.ts';
import type { Substitute } from './requests.ts';

const ACCOUNT = '491700000042';
const OTHER = '491700000009';
const WITH_PASSKEY = '491700000044';
const CONTACT = '491712223333@c.us';
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const MP4 = Buffer.concat([
  Buffer.from('000000186674797069736f6d0000020069736f6d69736f32', 'hex'),
  Buffer.alloc(64),
]);
const OGG = Buffer.concat([Buffer.from('OggS\0\u0002'), Buffer.alloc(64)]);

/** Files as the document's examples have them, on this machine. */
const startFiles = async () => {
  const server = createServer((request, response) => {
    const [type, bytes] = request.url?.includes('video')
      ? (['video/mp4', MP4] as const)
      : request.url?.includes('voice')
        ? (['audio/ogg', OGG] as const)
        : (['image/png', PNG] as const);
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
};

/**
 * These requests end, replace or unlink sessions that the others need. So each gets its own session, which does not
 * run.
 */
const ENDS = /\/(stop|logout|restart)$|^\/api\/sessions\/(\{session\}|start)$/;
const LINKS = /\/auth\/(qr|request-code)/;
const PASSKEY = /\/auth\/passkey/;

/** A value of a request that is made just before it is sent, because the request uses it up. */
type Made = () => Promise<string>;

export type Setting = {
  /** The value of a name of the document: one that exists here, or the name of one in `made`. */
  readonly known: Substitute;
  /** By the placeholder in a request. */
  readonly made: Readonly<Record<string, Made>>;
  /** Removes what the last request was the only one to need. */
  readonly tidy: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** @param system with room for four sessions */
export const startSetting = async (system: System): Promise<Setting> => {
  const { berth, phone } = system;
  const files = await startFiles();
  // It makes accounts; labels, which only businesses have, are there from the first connect on.
  await phone.setPasskey({ account: ACCOUNT, required: false });
  await phone.setPasskey({ account: OTHER, required: false });
  await phone.setLabels({ account: ACCOUNT, labels: [{ id: '1', name: 'New', color: 3 }] });
  await phone.setPasskey({ account: WITH_PASSKEY, required: true, confirm: true });
  await linkSession(system, { name: 'default' }, ACCOUNT);
  await berth.sessions.create({ name: 'linking' });
  await berth.sessions.waitForStatus('linking', 'SCAN_QR_CODE');

  const makeGroup = async (): Promise<string> =>
    (await phone.createGroup({ account: ACCOUNT, subject: 'Conformance', participants: [CONTACT] })).chatId;
  const sendText = async (text: string): Promise<string> =>
    (await berth.messages.sendText({ session: 'default', chatId: CONTACT, text })).id;
  const group = await makeGroup();
  const sent = await sendText('first');
  const { lid } = await phone.identity({ id: CONTACT });
  const { chatId: channel } = await phone.createChannel({ account: ACCOUNT, name: 'News' });
  const { chatId: followed } = await phone.createChannel({ account: OTHER, name: 'Sea weather' });
  const poll = await berth.messages.sendPoll({
    session: 'default',
    chatId: CONTACT,
    poll: { name: 'Which?', options: ['Awesome!', 'Good!', 'Not bad!'], multipleAnswers: false },
  });
  const code = await berth.groups.inviteCode('default', group);

  let n = 0;
  const newName = (kind: string): string => {
    n += 1;
    return `${kind}-${n}`;
  };
  const toTidy: string[] = [];
  const createSession = async (): Promise<string> => {
    const name = newName('waha');
    await berth.sessions.create({ name, start: false });
    toTidy.push(name);
    return name;
  };

  let linkingWithPasskey = '';
  let signed: Record<string, string> = {};
  const startPasskey = async (): Promise<string> => {
    if (linkingWithPasskey !== '') await berth.sessions.delete(linkingWithPasskey);
    linkingWithPasskey = newName('passkey');
    await berth.sessions.create({ name: linkingWithPasskey });
    await berth.sessions.waitForStatus(linkingWithPasskey, 'SCAN_QR_CODE');
    await phone.scan({
      code: await berth.auth.qr(linkingWithPasskey, { waitSeconds: 25 }),
      account: WITH_PASSKEY,
    });
    await berth.sessions.waitForStatus(linkingWithPasskey, 'PASSKEY_REQUIRED');
    const { challenge } = await berth.auth.passkey.challenge(linkingWithPasskey, { waitSeconds: 25 });
    const { id, rawId, response } = await phone.signPasskey({ challenge });
    signed = { id, rawId, ...response };
    return linkingWithPasskey;
  };
  const confirming = async (): Promise<string> => {
    await berth.sessions.waitForStatus(linkingWithPasskey, 'PASSKEY_CONFIRMATION_REQUIRED');
    return linkingWithPasskey;
  };
  const signedPart = (name: string): Made => {
    return async () => signed[name] ?? '';
  };

  const made: Record<string, Made> = {
    'NEW-NAME': async () => newName('waha-new'),
    'OWN-SESSION': createSession,
    'OWN-KEY': async () => (await berth.keys.create({ userId: 'waha' })).id,
    'OWN-GROUP': makeGroup,
    'OWN-MESSAGE': () => sendText('to be deleted'),
    'OWN-CHANNEL': async () => (await phone.createChannel({ account: ACCOUNT, name: 'Old news' })).chatId,
    'OWN-STATUS': async () => (await berth.status.text('default', { text: 'to be deleted' })).id,
    'PASSKEY-SESSION': startPasskey,
    'SIGNING-SESSION': async () => linkingWithPasskey,
    'CONFIRMING-SESSION': confirming,
  };
  for (const name of ['id', 'rawId', 'clientDataJSON', 'authenticatorData', 'signature', 'userHandle'])
    made[`SIGNED-${name}`] = signedPart(name);

  const sessionOf = (path: string, method: string): string => {
    if (path.endsWith('/passkey/challenge')) return 'PASSKEY-SESSION';
    if (path.endsWith('/auth/passkey')) return 'SIGNING-SESSION';
    if (PASSKEY.test(path)) return 'CONFIRMING-SESSION';
    if (LINKS.test(path)) return 'linking';
    return ENDS.test(path) && method !== 'GET' ? 'OWN-SESSION' : 'default';
  };
  const groupOf = (path: string, method: string): string =>
    /\/(leave|participants\/remove)$/.test(path) || (method === 'DELETE' && path.endsWith('{id}'))
      ? 'OWN-GROUP'
      : group;
  const channelOf = (path: string, method: string): string => {
    if (method === 'DELETE') return 'OWN-CHANNEL';
    return path.endsWith('follow') ? followed : channel;
  };
  const idOf = ({ path, method }: WahaOperation): string | undefined => {
    if (PASSKEY.test(path)) return 'SIGNED-id';
    if (path.includes('/groups/')) return groupOf(path, method);
    if (path.includes('/channels/')) return channelOf(path, method);
    if (path.includes('/contacts/')) return CONTACT;
    if (path.includes('/labels/')) return '1';
    if (path.endsWith('/status/delete')) return 'OWN-STATUS';
    return path.startsWith('/api/keys') ? 'OWN-KEY' : undefined;
  };
  const fileUrlOf = (path: string): string | undefined => {
    if (path.includes('ideo')) return `${files.url}/video`;
    if (path.includes('oice')) return `${files.url}/voice`;
    return /end|status|picture|channels/.test(path) ? `${files.url}/image` : undefined;
  };

  const known: Substitute = (name, operation) => {
    const { path, method } = operation;
    switch (name) {
      case 'session':
        return sessionOf(path, method);
      case 'name':
        if (path === '/api/sessions') return 'NEW-NAME';
        return path.startsWith('/api/sessions/') ? sessionOf(path, method) : undefined;
      case 'chatId':
      case 'contactId':
        return path.includes('channels') ? channel : CONTACT;
      case 'participants[]':
        return { id: CONTACT };
      case 'id':
        return idOf(operation);
      case 'labelId':
        return '1';
      case 'code':
        return path.includes('/groups/') ? code : undefined;
      case 'rawId':
      case 'clientDataJSON':
      case 'authenticatorData':
      case 'signature':
      case 'userHandle':
        return PASSKEY.test(path) ? `SIGNED-${name}` : undefined;
      case 'messageId':
        if (path.includes('Poll')) return poll.id;
        return method === 'DELETE' ? 'OWN-MESSAGE' : sent;
      case 'reply_to':
        return path.includes('Poll') ? poll.id : undefined;
      case 'pollMessageId':
        return poll.id;
      case 'phone':
      case 'phoneNumber':
        if (LINKS.test(path)) return '491700000043';
        return /contact|lids|check|GET .*sendText/.test(`${method} ${path}`) ? '491712223333' : undefined;
      case 'lid':
        return lid;
      case 'url':
        return fileUrlOf(path);
      default:
        return undefined;
    }
  };

  return {
    known,
    made,
    tidy: async () => {
      for (const name of toTidy.splice(0)) await berth.sessions.delete(name);
    },
    stop: async () => {
      await files.stop();
    },
  };
};
