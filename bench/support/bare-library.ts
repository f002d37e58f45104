/**
 * whatsapp-web.js as its users run it: LocalAuth, all clients in one process, the library's own defaults except the
 * browser and the address of WhatsApp Web. A separate process that receives commands from its parent.
 *
 *   { start: 'a' }   ── { code, ms } or { ready: ms }
 *   { stop: 'a' }    ── { stopped: true }
 */
import whatsapp from 'whatsapp-web.js';
import * as z from 'zod';

const [folder = '', executablePath = '', switches = '[]'] = process.argv.slice(2);
const args = z.array(z.string()).parse(JSON.parse(switches));
const taskSchema = z.union([z.object({ start: z.string() }), z.object({ stop: z.string() })]);
const clients = new Map<string, whatsapp.Client>();
const say = (message: object): void => void process.send?.(message);

const start = (clientId: string): void => {
  const began = performance.now();
  const ms = () => performance.now() - began;
  const client = new whatsapp.Client({
    authStrategy: new whatsapp.LocalAuth({ clientId, dataPath: folder }),
    puppeteer: { executablePath, headless: true, args: ['--no-sandbox', ...args] },
    webVersionCache: { type: 'none' },
  });
  clients.set(clientId, client);
  let shown = false;
  client.on('qr', (code) => {
    if (!shown) say({ code, ms: ms() });
    shown = true;
  });
  client.on('ready', () => say({ ready: ms() }));
  client.initialize().catch((error: unknown) => say({ failed: String(error) }));
};

process.on('message', (message) => {
  const task = taskSchema.parse(message);
  if ('start' in task) return start(task.start);
  const client = clients.get(task.stop);
  clients.delete(task.stop);
  void client?.destroy().then(() => say({ stopped: true }));
});
say({ up: true });
