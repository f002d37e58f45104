import type { Command } from 'commander';
import * as z from 'zod';
import { TAGS } from '../../contract/operation.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { examples, runs } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { toolsFor } from '../mcp/tools.ts';

const tagSchema = z.enum(Object.keys(TAGS) as [keyof typeof TAGS]);

const input = z.object({
  readOnly: z.boolean().default(false),
  tags: z
    .string()
    .transform((text) => text.split(',').map((tag) => tag.trim()))
    .pipe(z.array(tagSchema).min(1))
    .optional(),
});

/** `berth mcp`: a server of the Model Context Protocol over stdio. */
export const addMcp = (program: Command): void => {
  const mcp = program
    .command('mcp')
    .summary('offer the API as tools to a language model (Model Context Protocol, stdio)')
    .description(
      'Offers the operations of the API as tools over stdin and stdout, for programs that start MCP servers. ' +
        'Tools that the key may not use are not listed: give it a key with the scopes and sessions that it needs.',
    )
    .option('--read-only', 'only tools that change nothing')
    .option('--tags <list>', `only tools of these chapters: ${Object.keys(TAGS).join(', ')}`);
  examples(mcp, '', '--read-only', '--tags Sessions,Messages,Chats');
  runs(mcp, input, async ({ readOnly, tags }, context) => {
    const caller = await context.api().me();
    const tools = toolsFor(caller, { readOnly, tags });
    if (tools.length === 0)
      throw new CliError(EXIT.denied, 'this key may use none of these tools', 'see --tags and --read-only');
    // The protocol's library is loaded by this command alone.
    const { serveMcp } = await import('../mcp/server.ts');
    process.stderr.write(`berth mcp: ${tools.length} tools at ${context.url}\n`);
    await serveMcp({
      version: packageJson.version,
      tools,
      transport: context.transport(),
      newKey: () => crypto.randomUUID(),
    });
  });
};
