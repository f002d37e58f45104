/** Sends what WAHA's clients send to a running system with a linked session, and counts the results. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { linkSession, type System } from '../helpers/system.ts';
import type { WahaOperation } from './document.ts';
import { KINDS, type Kind, type WahaRequest, wahaRequests } from './requests.ts';

/**
 * done         2xx
 * reasoned     501 with a sentence: the engine cannot do it
 * malformed    400: the request was not understood
 * no route     404 of the gateway
 * other        any other status, or no answer
 */
export type Outcome = 'done' | 'reasoned' | 'malformed' | 'no route' | 'other';

export type Failure = {
  readonly kind: Kind;
  readonly request: string;
  readonly status: number;
  readonly outcome: Outcome;
  readonly detail: string;
};
export type Score = {
  readonly byKind: Readonly<Record<Kind, Readonly<Record<Outcome, number>>>>;
  readonly failures: readonly Failure[];
};

const ACCOUNT = '491700000042';
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

/** These end, replace or unlink what the others need: each gets a session of its own, which does not run. */
const ENDS = /\/(stop|logout|restart)$|^\/api\/sessions\/\{session\}$/;
const LINKS = /\/auth\//;
/** Last: they change the group or the chat that the others are about. */
const LATE = /leave|delete|picture|revoke|clear/;

const problemSchema = z.looseObject({ detail: z.string().optional(), message: z.string().optional() });

const outcomeOf = (status: number, text: string): Outcome => {
  if (status >= 200 && status < 300) return 'done';
  if (status === 501) return 'reasoned';
  if (status === 400) return 'malformed';
  return status === 404 && /There is no (GET|POST|PUT|DELETE) |No such resource/.test(text)
    ? 'no route'
    : 'other';
};

/**
 * @param system with room for three sessions
 * @param kinds of requests that are sent
 * @param onProgress gets a line for each request that was not taken
 */
export const runConformance = async (
  system: System,
  onProgress: (line: string) => void = () => undefined,
  kinds: readonly Kind[] = KINDS,
): Promise<Score> => {
  const files = await startFiles();
  try {
    await linkSession(system, { name: 'default' }, ACCOUNT);
    await system.berth.sessions.create({ name: 'linking' });
    await system.berth.sessions.waitForStatus('linking', 'SCAN_QR_CODE');
    const { chatId: group } = await system.phone.createGroup({
      account: ACCOUNT,
      subject: 'Conformance',
      participants: [CONTACT],
    });
    const sent = await system.berth.messages.sendText({ session: 'default', chatId: CONTACT, text: 'first' });
    const { lid } = await system.phone.identity({ id: CONTACT });
    const channel = await system.phone.createChannel({ account: ACCOUNT, name: 'News' });
    const poll = await system.berth.messages.sendPoll({
      session: 'default',
      chatId: CONTACT,
      poll: { name: 'Which?', options: ['Awesome!', 'Good!', 'Not bad!'], multipleAnswers: false },
    });
    let n = 0;
    const newName = (): string => {
      n += 1;
      return `waha-new-${n}`;
    };
    const fresh = async (): Promise<string> => {
      n += 1;
      await system.berth.sessions.create({ name: `waha-${n}`, start: false });
      return `waha-${n}`;
    };
    const makeKey = async (): Promise<string> => (await system.berth.keys.create({ userId: 'waha' })).id;

    const known = (name: string, { path, method }: WahaOperation): unknown => {
      switch (name) {
        case 'session':
          return LINKS.test(path)
            ? 'linking'
            : ENDS.test(path) && method !== 'GET'
              ? 'ONE-OF-ITS-OWN'
              : 'default';
        case 'name':
          return path === '/api/sessions' ? 'ONE-THAT-IS-NEW' : undefined;
        case 'chatId':
        case 'contactId':
          return path.includes('channels') ? channel.chatId : CONTACT;
        case 'participants[]':
          return { id: CONTACT };
        case 'id':
          if (path.includes('/groups/')) return group;
          if (path.includes('/channels/')) return channel.chatId;
          if (path.includes('/contacts/')) return CONTACT;
          return path.startsWith('/api/keys') ? 'A-KEY' : undefined;
        case 'messageId':
        case 'reply_to':
          return path.includes('Poll') ? poll.id : name === 'messageId' ? sent.id : undefined;
        case 'pollMessageId':
          return poll.id;
        case 'phone':
        case 'phoneNumber':
          return LINKS.test(path)
            ? '491700000043'
            : path.includes('contact') || path.includes('lids') || path.includes('check')
              ? '491712223333'
              : undefined;
        case 'lid':
          return lid;
        case 'url':
          return path.includes('ideo')
            ? `${files.url}/video`
            : path.includes('oice')
              ? `${files.url}/voice`
              : /end|status|picture/.test(path)
                ? `${files.url}/image`
                : undefined;
        default:
          return undefined;
      }
    };

    const made = wahaRequests(known);
    // One kind after another: what one request of a kind adds, the next removes.
    const requests = kinds.flatMap((kind) => made.filter((one) => one.kind === kind));
    const late = ({ operation: { path, method } }: WahaRequest) => LATE.test(path) || method === 'DELETE';
    const ordered = [...requests.filter((one) => !late(one)), ...requests.filter(late)];
    const counts = Object.fromEntries(
      KINDS.map((kind) => [kind, { done: 0, reasoned: 0, malformed: 0, 'no route': 0, other: 0 }]),
    ) as Record<Kind, Record<Outcome, number>>;
    const failures: Failure[] = [];
    for (const request of ordered) {
      const { status, text } = await send(system, request, { session: fresh, name: newName, key: makeKey });
      const outcome = outcomeOf(status, text);
      counts[request.kind][outcome] += 1;
      if (outcome === 'done' || outcome === 'reasoned') continue;
      const failure = {
        kind: request.kind,
        request: `${request.operation.method} ${request.operation.path}`,
        status,
        outcome,
        detail: detailOf(text),
      };
      failures.push(failure);
      if (outcome !== 'no route')
        onProgress(`${failure.kind} ${failure.request}: ${status} ${failure.detail}`);
    }
    return { byKind: counts, failures };
  } finally {
    await files.stop();
  }
};

const detailOf = (text: string): string => {
  try {
    const { detail, message } = problemSchema.parse(JSON.parse(text));
    return (detail ?? message ?? '').slice(0, 200);
  } catch {
    return text.slice(0, 100);
  }
};

const send = async (
  system: System,
  { operation, target, body }: WahaRequest,
  make: { session: () => Promise<string>; name: () => string; key: () => Promise<string> },
): Promise<{ status: number; text: string }> => {
  let json = JSON.stringify(body);
  let path = target;
  if (path.includes('ONE-OF-ITS-OWN') || json?.includes('ONE-OF-ITS-OWN')) {
    const name = await make.session();
    path = path.replaceAll('ONE-OF-ITS-OWN', name);
    json = json?.replaceAll('ONE-OF-ITS-OWN', name);
  }
  if (json?.includes('ONE-THAT-IS-NEW')) {
    // Only asked for, not started: each would be a browser more.
    json = json.replaceAll('ONE-THAT-IS-NEW', make.name()).replace('"start":true', '"start":false');
  }
  if (operation.path === '/api/sessions' && operation.method === 'POST' && json === '{}')
    json = '{"start":false}';
  // Deleted by one of the requests: each gets its own.
  if (path.includes('A-KEY')) path = path.replaceAll('A-KEY', await make.key());
  try {
    const response = await system.call(operation.method, path, json === undefined ? {} : { body: json });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
};

/** Requests of n8n's kind and those with what is required alone: two for each operation. */
export const COUNTED: readonly Kind[] = ['n8n', 'required'];

export const sumOf = (
  { byKind }: Score,
  outcomes: readonly Outcome[],
  kinds: readonly Kind[] = COUNTED,
): number =>
  kinds.reduce((sum, kind) => sum + outcomes.reduce((each, outcome) => each + byKind[kind][outcome], 0), 0);
