/** The text that an editor shows when the pointer rests on a name: from the compiler's language server. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';

const root = join(import.meta.dirname, '..', '..');
const TIMEOUT_MS = 60_000;

const replySchema = z.object({
  // The server's own questions have ids of text.
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  // Notifications have none.
  result: z.unknown().optional(),
});
const hoverSchema = z.object({ contents: z.object({ value: z.string() }) });

/**
 * @param path the path of the text: it is not written there
 * @param head the text's first lines
 * @param snippets each ends with the name that is pointed at, and a semicolon
 */
export const hoverTexts = async (
  path: string,
  head: string,
  snippets: readonly string[],
): Promise<string[]> => {
  const server = spawn(join(root, 'node_modules', '.bin', 'tsc'), ['--lsp', '--stdio'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const waiting = new Map<number, (result: unknown) => void>();
  const failed = new Promise<never>((_, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`the language server ended with ${code}`)));
  });
  failed.catch(() => undefined);
  const send = (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const ask = (method: string, params: object): Promise<unknown> => {
    const id = waiting.size + 1;
    const answer = new Promise<unknown>((resolve) => waiting.set(id, resolve));
    send({ id, method, params });
    return Promise.race([answer, failed]);
  };
  let received = Buffer.alloc(0);
  server.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const head = /^[\s\S]*?Content-Length: (\d+)[\s\S]*?\r\n\r\n/.exec(received.toString('latin1'));
      const end = head === null ? 0 : head[0].length + Number(head[1]);
      if (head === null || received.length < end) return;
      const { id, method, result } = replySchema.parse(
        JSON.parse(received.subarray(head[0].length, end).toString('utf8')),
      );
      received = received.subarray(end);
      // Questions of the server (its configuration): nothing is configured.
      if (method !== undefined && id !== undefined) send({ id, result: null });
      else if (typeof id === 'number') waiting.get(id)?.(result);
    }
  });

  try {
    const text = `${head}${snippets.join('\n')}\n`;
    const lines = text.split('\n');
    const uri = pathToFileURL(path).href;
    await ask('initialize', { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities: {} });
    send({ method: 'initialized', params: {} });
    send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
    });
    const texts: string[] = [];
    for (const snippet of snippets) {
      const line = lines.indexOf(snippet.split('\n').at(-1) ?? '');
      const character = (lines[line]?.length ?? 0) - 2;
      const result = await ask('textDocument/hover', {
        textDocument: { uri },
        position: { line, character },
      });
      texts.push(hoverSchema.parse(result).contents.value);
    }
    return texts;
  } finally {
    server.kill();
  }
};
