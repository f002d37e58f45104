/** A language model's program at the running system: the client of the protocol over stdio, and the simulated phone. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, test } from 'vitest';
import { compileCache } from '../../helpers/compile-cache.ts';
import type { System } from '../../helpers/system.ts';
import { BIN } from '../../unit/cli/run-cli.ts';

const CONTACT = '491712223333@c.us';

/**
 * @param open the running system
 * @param account that of its session `shop`, which works
 */
export const mcpTools = (open: () => System, account: string): void => {
  const withClient = async (
    env: Readonly<Record<string, string>>,
    act: (client: Client) => Promise<void>,
  ): Promise<void> => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [BIN, 'mcp'],
        env: { PATH: process.env.PATH ?? '', ...compileCache(), BERTH_URL: open().stack.url, ...env },
        cwd: '/',
        stderr: 'ignore',
      }),
    );
    try {
      await act(client);
    } finally {
      await client.close();
    }
  };

  test('a tool sends a message, and it arrives at the phone; the key decides which tools there are', async () => {
    const { berth, phone } = open();
    await berth.sessions.waitForStatus('shop', 'WORKING');
    const { id, key } = await berth.keys.create({
      sessions: ['shop'],
      scopes: ['messages:send'],
      label: 'model',
    });
    await withClient({ BERTH_API_KEY: key }, async (client) => {
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toContain('sendText');
      expect(names).not.toContain('getChats');
      expect(names).not.toContain('listSessions');

      const text = 'sent by a tool';
      const sent = await client.callTool({ name: 'sendText', arguments: { chatId: CONTACT, text } });
      expect(sent.isError, JSON.stringify(sent.content)).toBeFalsy();
      const { messages } = await phone.inbox({ account, sent: true });
      expect(messages.at(-1)).toMatchObject({ body: text });

      await berth.keys.delete(id);
      const refused = await client.callTool({ name: 'sendText', arguments: { chatId: CONTACT, text } });
      expect(refused).toMatchObject({ isError: true });
      expect(JSON.stringify(refused.content)).toContain('HTTP 401');
    });
  });
};
