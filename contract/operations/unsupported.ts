/**
 * Operations of WAHA's API that whatsapp-web.js cannot do. They are part of the API so that a client that is ported to
 * Berth reads why: 501 with the engine's name and a sentence.
 */
import * as z from 'zod';
import { sessionNameSchema } from '../names.ts';
import { type Operation, operation, ownerQuerySchema } from '../operation.ts';

type Row = Pick<Operation, 'method' | 'path' | 'tag' | 'summary'> & {
  readonly because: string;
  /** It is about no session. */
  readonly ofServer?: true;
  /** Only clients of WAHA before 2025 have it, such as the first version of n8n's node. */
  readonly old?: true;
};

const BUTTONS =
  'WhatsApp does not show buttons and lists of linked devices; whatsapp-web.js has given them up.';
const LABELS =
  'whatsapp-web.js gives labels to chats; labels themselves are made, changed and deleted on the phone.';
const CONVERT =
  'Files are sent as they are: convert them before. WhatsApp plays voice messages in Ogg with Opus.';

const SERVERS =
  'There is no single server: functions start and end by themselves, and each session has its own task.';
const APPS = 'Berth has no apps inside: subscribe to its webhooks or to GET /api/events.';

const NAMELESS =
  'This path of older clients names no channel. Use POST /api/{session}/channels/{id}/follow, unfollow, mute or unmute.';
const REGISTRATION =
  'Accounts are registered on a phone. Link one with GET /api/{session}/auth/qr or POST /api/{session}/auth/request-code.';

const ROWS = {
  getCaptcha: {
    method: 'GET',
    path: '/api/{session}/auth/captcha',
    tag: 'Linking',
    summary: 'The picture of a captcha',
    old: true,
    because: `WhatsApp asks linked devices for no captcha. ${REGISTRATION}`,
  },
  sendCaptcha: {
    method: 'POST',
    path: '/api/{session}/auth/captcha',
    tag: 'Linking',
    summary: 'Answer a captcha',
    old: true,
    because: `WhatsApp asks linked devices for no captcha. ${REGISTRATION}`,
  },
  authorizeCode: {
    method: 'POST',
    path: '/api/{session}/auth/authorize-code',
    tag: 'Linking',
    summary: 'Register an account with a code from an SMS',
    old: true,
    because: REGISTRATION,
  },
  followNamelessChannel: {
    method: 'POST',
    path: '/api/{session}/channels/follow',
    tag: 'Channels',
    summary: 'Follow a channel that the path does not name',
    old: true,
    because: NAMELESS,
  },
  unfollowNamelessChannel: {
    method: 'POST',
    path: '/api/{session}/channels/unfollow',
    tag: 'Channels',
    summary: 'Unfollow a channel that the path does not name',
    old: true,
    because: NAMELESS,
  },
  muteNamelessChannel: {
    method: 'POST',
    path: '/api/{session}/channels/mute',
    tag: 'Channels',
    summary: 'Mute a channel that the path does not name',
    old: true,
    because: NAMELESS,
  },
  unmuteNamelessChannel: {
    method: 'POST',
    path: '/api/{session}/channels/unmute',
    tag: 'Channels',
    summary: 'Unmute a channel that the path does not name',
    old: true,
    because: NAMELESS,
  },
  sendButtons: {
    method: 'POST',
    path: '/api/sendButtons',
    tag: 'Messages',
    summary: 'Send buttons',
    because: BUTTONS,
  },
  sendButtonsReply: {
    method: 'POST',
    path: '/api/send/buttons/reply',
    tag: 'Messages',
    summary: 'Answer buttons',
    because: BUTTONS,
  },
  sendList: {
    method: 'POST',
    path: '/api/sendList',
    tag: 'Messages',
    summary: 'Send a list',
    because: BUTTONS,
  },
  sendLinkCustomPreview: {
    method: 'POST',
    path: '/api/send/link-custom-preview',
    tag: 'Messages',
    summary: 'Send a link with a preview of your own',
    because: 'WhatsApp Web makes previews by itself: send the link with sendText and linkPreview.',
  },
  createLabel: {
    method: 'POST',
    path: '/api/{session}/labels',
    tag: 'Labels',
    summary: 'Make a label',
    because: LABELS,
  },
  updateLabel: {
    method: 'PUT',
    path: '/api/{session}/labels/{labelId}',
    tag: 'Labels',
    summary: 'Change a label',
    because: LABELS,
  },
  deleteLabel: {
    method: 'DELETE',
    path: '/api/{session}/labels/{labelId}',
    tag: 'Labels',
    summary: 'Delete a label',
    because: LABELS,
  },
  getChannelViews: {
    method: 'GET',
    path: '/api/{session}/channels/search/views',
    tag: 'Channels',
    summary: 'Lists of channels that WhatsApp has',
    because: 'whatsapp-web.js has no list of them: by-view takes RECOMMENDED, TRENDING, POPULAR and NEW.',
  },
  getChannelCountries: {
    method: 'GET',
    path: '/api/{session}/channels/search/countries',
    tag: 'Channels',
    summary: 'Countries of channels',
    because: 'whatsapp-web.js has no list of them: by-view takes codes of ISO 3166-1 such as DE.',
  },
  getChannelCategories: {
    method: 'GET',
    path: '/api/{session}/channels/search/categories',
    tag: 'Channels',
    summary: 'Categories of channels',
    because: 'whatsapp-web.js does not look for channels by category.',
  },
  convertVoice: {
    method: 'POST',
    path: '/api/{session}/media/convert/voice',
    tag: 'Messages',
    summary: 'Convert a file to a voice message',
    because: CONVERT,
  },
  convertVideo: {
    method: 'POST',
    path: '/api/{session}/media/convert/video',
    tag: 'Messages',
    summary: 'Convert a file to a video',
    because: CONVERT,
  },
  stopServer: {
    method: 'POST',
    path: '/api/server/stop',
    tag: 'Server',
    summary: 'Stop the server',
    ofServer: true,
    because: `${SERVERS} Stop or restart a session, or end all of them with berth drain.`,
  },
  getCpuProfile: {
    method: 'GET',
    path: '/api/server/debug/cpu',
    tag: 'Server',
    summary: 'A CPU profile of the server',
    ofServer: true,
    because: `${SERVERS} An environment with tracing has traces of the functions in AWS X-Ray.`,
  },
  getHeapSnapshot: {
    method: 'GET',
    path: '/api/server/debug/heapsnapshot',
    tag: 'Server',
    summary: 'A heap snapshot of the server',
    ofServer: true,
    because: `${SERVERS} A heap snapshot would have the secrets of every session.`,
  },
  getBrowserTrace: {
    method: 'GET',
    path: '/api/server/debug/browser/trace/{session}',
    tag: 'Server',
    summary: "A trace of a session's browser",
    because: 'A trace is too large for an API response. GET /api/screenshot shows the page.',
  },
  listApps: {
    method: 'GET',
    path: '/api/apps',
    tag: 'Server',
    summary: 'List apps',
    ofServer: true,
    because: APPS,
  },
  createApp: {
    method: 'POST',
    path: '/api/apps',
    tag: 'Server',
    summary: 'Create an app',
    ofServer: true,
    because: APPS,
  },
  getApp: {
    method: 'GET',
    path: '/api/apps/{id}',
    tag: 'Server',
    summary: 'Show an app',
    ofServer: true,
    because: APPS,
  },
  updateApp: {
    method: 'PUT',
    path: '/api/apps/{id}',
    tag: 'Server',
    summary: 'Change an app',
    ofServer: true,
    because: APPS,
  },
  deleteApp: {
    method: 'DELETE',
    path: '/api/apps/{id}',
    tag: 'Server',
    summary: 'Delete an app',
    ofServer: true,
    because: APPS,
  },
  callMcp: {
    method: 'POST',
    path: '/mcp',
    tag: 'Server',
    summary: 'Model Context Protocol over HTTP',
    ofServer: true,
    because: 'Berth speaks the Model Context Protocol over stdio: run `berth mcp`.',
  },
} as const satisfies Readonly<Record<string, Row>>;

type UnsupportedId = keyof typeof ROWS;

/** Nothing of the body is read but the session. */
const anyBody = z.looseObject({ session: sessionNameSchema.default('default') });
const PARAMS: Readonly<Record<string, z.ZodType>> = {
  session: sessionNameSchema,
  id: z.string().max(128),
  chatId: z.string().max(128),
  labelId: z.string().max(128),
};
const paramsOf = (path: string): z.ZodObject | undefined => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
  const shape = Object.fromEntries(names.flatMap((name) => (PARAMS[name] ? [[name, PARAMS[name]]] : [])));
  return names.length === 0 ? undefined : z.object(shape);
};

const refusal = (id: string, { because, ofServer, old, ...row }: Row): Operation => {
  const params = paramsOf(row.path);
  return operation({
    ...(old ? {} : { waha: true }),
    ...row,
    ...(params ? { params } : {}),
    ...(params || ofServer ? {} : { body: anyBody }),
    id,
    handler: 'sessions-read',
    auth: 'key',
    scope: ofServer ? null : row.method === 'GET' ? 'messages:read' : 'messages:send',
    description: because,
    query: ownerQuerySchema,
    responses: {},
    problems: ['not_found', 'not_supported'],
  });
};

/** Operations that are about no session: refused without looking for one. */
export const isAboutServer = ({ params, body }: Operation): boolean =>
  !body && !(params && 'session' in params.shape);

export const UNSUPPORTED_OPERATIONS = Object.fromEntries(
  Object.entries(ROWS).map(([id, row]) => [id, refusal(id, row)]),
  // Each is made by its own row just above.
) as { readonly [Id in UnsupportedId]: Operation };
