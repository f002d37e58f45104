/** The example workflow of n8n is one that n8n imports, and the API takes what its nodes send. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { PUBLIC_OPERATIONS } from '../../../contract/public-operations.ts';
import { tolerantParse } from '../../../functions/edge/tolerant.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'examples', 'n8n', 'auto-reply.json');

const workflowSchema = z.object({
  // `n8n import:workflow` demands it.
  id: z.string().regex(/^\w{16}$/),
  name: z.string(),
  nodes: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      type: z.enum(['@devlikeapro/n8n-nodes-waha.wahaTrigger', '@devlikeapro/n8n-nodes-waha.WAHA']),
      typeVersion: z.literal(202409),
      parameters: z.record(z.string(), z.string()),
      position: z.tuple([z.number(), z.number()]),
    }),
  ),
  connections: z.record(
    z.string(),
    z.object({
      main: z.array(z.array(z.object({ node: z.string(), type: z.literal('main'), index: z.int() }))),
    }),
  ),
});
const workflow = workflowSchema.parse(JSON.parse(readFileSync(FILE, 'utf8')));

/** Outputs of the trigger in the order of its version 202409. */
const MESSAGE_OUTPUT = 1;

test('messages lead to both nodes, and nothing else leads anywhere', () => {
  const names = workflow.nodes.map(({ name }) => name);
  const outputs = workflow.connections['WAHA Trigger']?.main ?? [];
  expect(outputs.map((targets) => targets.map(({ node }) => node))).toEqual([[], ['Mark as read', 'Reply']]);
  expect(outputs[MESSAGE_OUTPUT]?.every(({ node }) => names.includes(node))).toBe(true);
});

/** The requests of the nodes when they were executed, with the defaults that the node fills in. */
const SENT = {
  'Send Seen': {
    operation: PUBLIC_OPERATIONS.sendSeen,
    body: {
      session: 'demo',
      chatId: '46630342674894@lid',
      messageId: 'false_46630342674894@lid_655817EEA06F1EE7D9783099E096A184',
      participant: '11111111111@c.us',
    },
  },
  'Send Text': {
    operation: PUBLIC_OPERATIONS.sendText,
    body: {
      session: 'demo',
      chatId: '46630342674894@lid',
      reply_to: 'false_46630342674894@lid_655817EEA06F1EE7D9783099E096A184',
      text: 'Thank you for "when are you open?". We answer from 9 to 18 o\'clock.',
    },
  },
} as const;

test('the API takes what the nodes send', () => {
  const asked = workflow.nodes.flatMap(({ parameters }) => parameters.operation ?? []);
  expect(asked.toSorted()).toEqual(Object.keys(SENT).toSorted());
  for (const { operation, body } of Object.values(SENT))
    expect(tolerantParse<unknown>(operation.body, body, []).success, operation.id).toBe(true);
});
