/**
 * Operations of WAHA's API that whatsapp-web.js cannot do. They are part of the API so that a client that is ported to
 * Berth reads why: 501 with the engine's name and a sentence.
 */
import * as z from 'zod';
import { sessionNameSchema } from '../names.ts';
import { type Operation, operation, ownerQuerySchema } from '../operation.ts';

type Row = Pick<Operation, 'method' | 'path' | 'tag' | 'summary'> & { readonly because: string };

const BUTTONS =
  'WhatsApp does not show buttons and lists of linked devices; whatsapp-web.js has given them up.';
const PRESENCE = 'whatsapp-web.js does not tell when other people are online or type.';
const LABELS =
  'whatsapp-web.js gives labels to chats; labels themselves are made, changed and deleted on the phone.';
const CONVERT =
  'Files are sent as they are: convert them before. WhatsApp plays voice messages in Ogg with Opus.';

const ROWS = {
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
  getPresences: {
    method: 'GET',
    path: '/api/{session}/presence',
    tag: 'Presence',
    summary: 'Presence in all chats',
    because: PRESENCE,
  },
  getPresence: {
    method: 'GET',
    path: '/api/{session}/presence/{chatId}',
    tag: 'Presence',
    summary: 'Presence in a chat',
    because: PRESENCE,
  },
  subscribePresence: {
    method: 'POST',
    path: '/api/{session}/presence/{chatId}/subscribe',
    tag: 'Presence',
    summary: 'Follow the presence in a chat',
    because: PRESENCE,
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
} as const satisfies Readonly<Record<string, Row>>;

type UnsupportedId = keyof typeof ROWS;

/** Whatever is asked with: nothing of it is read but the session. */
const anyBody = z.looseObject({ session: sessionNameSchema.default('default') });
const PARAMS: Readonly<Record<string, z.ZodType>> = {
  session: sessionNameSchema,
  chatId: z.string().max(128),
  labelId: z.string().max(128),
};
const paramsOf = (path: string): z.ZodObject | undefined => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
  const shape = Object.fromEntries(names.flatMap((name) => (PARAMS[name] ? [[name, PARAMS[name]]] : [])));
  return names.length === 0 ? undefined : z.object(shape);
};

const refusal = (id: string, { because, ...row }: Row): Operation => {
  const params = paramsOf(row.path);
  return operation({
    waha: true,
    ...row,
    ...(params ? { params } : { body: anyBody }),
    id,
    handler: 'commands',
    auth: 'key',
    scope: row.method === 'GET' ? 'messages:read' : 'messages:send',
    description: because,
    query: ownerQuerySchema,
    responses: {},
    problems: ['not_found', 'not_supported'],
  });
};

export const UNSUPPORTED_OPERATIONS = Object.fromEntries(
  Object.entries(ROWS).map(([id, row]) => [id, refusal(id, row)]),
  // Each is made by its own row just above.
) as { readonly [Id in UnsupportedId]: Operation };
