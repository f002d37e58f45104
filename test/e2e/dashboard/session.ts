import { expect, test } from 'vitest';
import { type DashboardSystem, PATIENCE } from './dashboard-system.ts';
import { ACCOUNT } from './linking.ts';

export const session = (dashboard: () => DashboardSystem): void => {
  test('shows what is saved of an account, what happened and why, and what the webhooks made of it', async () => {
    const { system, hooks } = dashboard();
    await system.berth.sessions.update('shop', {
      config: {
        webhooks: [
          // Of this one there is exactly one: how many others a stop brings is the library's business.
          {
            url: hooks.url,
            events: ['session.stopped'],
            retries: { policy: 'constant', delaySeconds: 1, attempts: 1 },
          },
        ],
      },
    });
    const page = await dashboard().visit({ at: '/sessions/admin/shop' });
    await page.getByText('Harbour Shop').waitFor();
    await page.getByText(/^Chromium \d+/).waitFor();
    const start = page.getByRole('region', { name: 'Last start' });
    for (const step of ['task created', 'WhatsApp Web loaded', 'code shown'])
      await start.getByRole('rowheader', { name: step }).waitFor();
    await page.getByText(/kB$/).waitFor();

    hooks.answer(500);
    await page.getByRole('button', { name: 'Stop' }).click();
    const timeline = page.getByRole('region', { name: 'Timeline' });
    await timeline.getByText('Ended: stopped on request').waitFor();
    expect(await timeline.getByRole('listitem').getByText('Scan QR code').count()).toBeGreaterThan(0);

    const deliveries = page.getByRole('region', { name: 'Webhook deliveries' });
    await deliveries.getByText('1 dead letter').waitFor();
    await deliveries.getByText('given up', { exact: true }).waitFor();
    hooks.answer(200);
    await deliveries.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('1 event queued again').waitFor();
    await hooks.event((e) => e.event === 'session.stopped');
    await deliveries.getByText('delivered', { exact: true }).waitFor();
    await expect.poll(() => deliveries.getByText('1 dead letter').count(), PATIENCE).toBe(0);
    await page.context().close();
  });

  test('sends a test message, also by a session that has to be started for it', async () => {
    const { system } = dashboard();
    const page = await dashboard().visit({ at: '/sessions/admin/shop' });
    const form = page.getByRole('region', { name: 'Send a test message' });
    await form.getByLabel('To').fill('+49 171 222 3333');
    await form.getByLabel('Text').fill('All hands');
    await form.getByRole('button', { name: 'Start and send' }).click();
    await form.getByText(/^Sent to \+491712223333/).waitFor();
    const { messages } = await system.phone.inbox({ account: ACCOUNT, sent: true });
    expect(messages.map(({ body }) => body)).toEqual(['All hands']);
    await page.context().close();
  });

  test('reports that a session does not exist', async () => {
    const page = await dashboard().visit({ at: '/sessions/admin/nothing' });
    await page.getByRole('heading', { name: 'There is no session nothing' }).waitFor();
    await page.context().close();
  });
};
