/** Links a WhatsApp account: `node link-account.ts shop`, then scan qr.png with the phone. */
import { writeFile } from 'node:fs/promises';
import { createClient } from 'berth/client';

const [name = 'shop'] = process.argv.slice(2);
const { BERTH_URL = 'http://localhost:3000', BERTH_API_KEY } = process.env;
const berth = createClient({ baseUrl: BERTH_URL, apiKey: BERTH_API_KEY });

await berth.sessions.create({ name });
let session = await berth.sessions.waitForStatus(name, ['SCAN_QR_CODE', 'STOPPED', 'FAILED']);
while (session.status === 'SCAN_QR_CODE') {
  await writeFile('qr.png', await berth.auth.qrPng(name));
  console.log('Scan qr.png: WhatsApp, Linked devices, Link a device');
  session = await berth.sessions.waitForChange(name, 'SCAN_QR_CODE', 15);
}
session = await berth.sessions.waitForStatus(name, ['WORKING', 'STOPPED', 'FAILED']);
console.log(session.me ? `Linked ${session.me.id}` : `Not linked: ${session.stopReason}`);
