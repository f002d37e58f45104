/** Answers private chats: `node bot.ts shop`. Berth delivers what comes in to BOT_URL, which must reach this. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createClient, readWebhook } from 'berth/client';

const [session = 'shop'] = process.argv.slice(2);
const { BERTH_URL = 'http://localhost:3000', BERTH_API_KEY, PORT = '8080' } = process.env;
const { BOT_URL = `http://127.0.0.1:${PORT}`, BOT_SECRET = crypto.randomUUID() } = process.env;
const berth = createClient({ baseUrl: BERTH_URL, apiKey: BERTH_API_KEY });

const server = createServer(async (request, response) => {
  const event = await readWebhook(await text(request), request.headers, BOT_SECRET);
  if (!event) return response.writeHead(401).end();
  try {
    // Private chats alone: all members would see an answer to a Status, a group or a channel.
    if (event.event === 'message' && /@(c\.us|lid)$/.test(String(event.payload.from))) {
      const { id, from, body } = event.payload;
      const answer = { session, chatId: String(from), text: `You said: ${body}`, reply_to: String(id) };
      // An event that comes twice has the same id: it is answered once.
      await berth.messages.sendText(answer, { idempotencyKey: event.id });
    }
    response.writeHead(200).end();
  } catch (error) {
    console.error(String(error));
    response.writeHead(500).end();
  }
});
server.listen(Number(PORT));

const webhook = { url: BOT_URL, events: ['message' as const], hmac: { key: BOT_SECRET } };
const ignore = { status: true, groups: true, channels: true, broadcast: true };
await berth.sessions.update(session, { config: { webhooks: [webhook], ignore } });
console.log(`Answering for ${session}`);
