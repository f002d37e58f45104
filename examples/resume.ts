/** Sends from a session that was stopped for being idle: it starts again, without a QR code, and sends then. */
import { createClient } from 'berth/client';

const [name = 'shop', chatId = '', text = 'We are back.'] = process.argv.slice(2);
const { BERTH_URL = 'http://localhost:3000', BERTH_API_KEY } = process.env;
const berth = createClient({ baseUrl: BERTH_URL, apiKey: BERTH_API_KEY });

const { status, stopReason, linked } = await berth.sessions.get(name);
console.log(`${name} is ${status}${stopReason ? ` (${stopReason})` : ''}${linked ? '' : ', not linked'}`);

const sent = await berth.messages.sendText({ session: name, chatId, text }, { wake: true });
// A start that takes longer than a request may is answered with a command to wait for.
const message = 'commandId' in sent ? await berth.commands.wait(sent.commandId) : sent;
console.log(`Sent ${message.id}`);
