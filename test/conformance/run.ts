/** Sends what WAHA's clients send to a running system with a linked session, and counts the results. */
import * as z from 'zod';
import type { System } from '../helpers/system.ts';
import { KINDS, type Kind, type WahaRequest, wahaRequests } from './requests.ts';
import { type Setting, startSetting } from './setting.ts';

/**
 * done         2xx
 * reasoned     501 with a sentence: the engine cannot do it
 * malformed    400: the request was not understood
 * no route     404 of the gateway
 * other        any other status, or no answer
 */
export type Outcome = 'done' | 'reasoned' | 'malformed' | 'no route' | 'other';

type Failure = {
  readonly kind: Kind;
  readonly request: string;
  readonly status: number;
  readonly outcome: Outcome;
  readonly detail: string;
};
type Score = {
  readonly byKind: Readonly<Record<Kind, Readonly<Record<Outcome, number>>>>;
  readonly failures: readonly Failure[];
};

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
 * @param system with room for four sessions
 * @param kinds of requests that are sent
 * @param onProgress gets a line for each request that was not taken
 */
export const runConformance = async (
  system: System,
  onProgress: (line: string) => void = () => undefined,
  kinds: readonly Kind[] = KINDS,
): Promise<Score> => {
  const setting = await startSetting(system);
  try {
    const all = wahaRequests(setting.known);
    // One kind after another: what one request of a kind adds, the next removes.
    const requests = kinds.flatMap((kind) => all.filter((one) => one.kind === kind));
    const late = ({ operation: { path, method } }: WahaRequest) => LATE.test(path) || method === 'DELETE';
    const ordered = [...requests.filter((one) => !late(one)), ...requests.filter(late)];
    const counts = Object.fromEntries(
      KINDS.map((kind) => [kind, { done: 0, reasoned: 0, malformed: 0, 'no route': 0, other: 0 }]),
    ) as Record<Kind, Record<Outcome, number>>;
    const failures: Failure[] = [];
    for (const request of ordered) {
      const { status, text } = await send(system, request, setting);
      await setting.tidy();
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
    await setting.stop();
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
  { made }: Setting,
): Promise<{ status: number; text: string }> => {
  let json = JSON.stringify(body);
  let path = target;
  for (const [mark, make] of Object.entries(made)) {
    if (!path.includes(mark) && !json?.includes(mark)) continue;
    const value = await make();
    path = path.replaceAll(mark, encodeURIComponent(value));
    json = json?.replaceAll(mark, value);
  }
  if (operation.path === '/api/sessions' && operation.method === 'POST') {
    // Only created, not started: each would be a browser more.
    json = json === '{}' ? '{"start":false}' : json?.replace('"start":true', '"start":false');
  }
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
