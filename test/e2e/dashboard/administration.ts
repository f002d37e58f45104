import { expect, test } from 'vitest';
import { linkSession } from '../../helpers/system.ts';
import { type DashboardSystem, PATIENCE, rowOf } from './dashboard-system.ts';

/** Sweeps beside the work that they wait for. */
const SWEEPS = { ...PATIENCE, interval: 1_000 };

export const administration = (dashboard: () => DashboardSystem): void => {
  test('changes a limit after it has said what that would mean', async () => {
    const { berth } = dashboard().system;
    const page = await dashboard().visit({ at: '/admin/limits' });
    const all = page.getByRole('region', { name: 'All sessions' });
    await all.getByLabel('Sessions at once, all users').fill('0');
    await all.getByText('No session can start until the limit is raised.').waitFor();
    await all.getByLabel('Sessions at once, all users').fill('40');
    await all.getByText('40 sessions more can start; now it is 50.').waitFor();
    await all.getByText('The alarms will stand at 32 and 38.').waitFor();
    expect((await berth.limits.get()).global.limit).toBe(50);
    await all.getByRole('button', { name: 'Change 50 to 40' }).click();
    await page.getByText('All sessions: 50 is now 40').waitFor();
    expect((await berth.limits.get()).global.limit).toBe(40);

    const one = page.getByRole('region', { name: 'One user' });
    await one.getByLabel('User', { exact: true }).fill('anna');
    await one.getByRole('button', { name: 'Look up' }).click();
    await one.getByRole('button', { name: 'Back to the default of 5' }).click();
    await page.getByText('anna has the default again').waitFor();
    expect((await berth.limits.get({ userId: 'anna' })).user).toMatchObject({ limit: 5, own: false });
    await page.context().close();
  });

  test('changes what each user may take, within its bounds', async () => {
    const { berth } = dashboard().system;
    const before = (await berth.limits.get()).bounds;
    const page = await dashboard().visit({ at: '/admin/limits' });
    const panel = page.getByRole('region', { name: 'Bounds per user' });
    const waits = panel.getByLabel('Requests that wait at once (long polls)');
    await waits.fill('0');
    await panel.getByText('A whole number from 1 to 500.').waitFor();
    await waits.fill('17');
    await panel.getByRole('button', { name: 'Change' }).click();
    await page.getByText('The bounds per user are changed').waitFor();
    expect((await berth.limits.get()).bounds).toEqual({ ...before, waits: 17 });
    await berth.limits.set({ bounds: { waits: null } });
    expect((await berth.limits.get()).bounds).toEqual(before);
    await page.context().close();
  });

  test('changes how many standby tasks are kept ready, and returns to the plan of the environment', async () => {
    const { berth } = dashboard().system;
    const { max, plan } = await berth.standby.get();
    const page = await dashboard().visit({ at: '/admin/limits' });
    const panel = page.getByRole('region', { name: 'Standby tasks' });
    await panel.getByLabel('Standby tasks to keep ready').fill(String(max + 1));
    await panel.getByText(`A whole number from 0 to ${max}.`).waitFor();
    await panel.getByLabel('Standby tasks to keep ready').fill('2');
    await panel.getByRole('button', { name: `Change ${plan.target} to 2` }).click();
    await page.getByText(`Standby tasks to keep ready: ${plan.target} is now 2`).waitFor();
    await panel.getByText('0 of 2 ready').waitFor();
    expect(await berth.standby.get()).toMatchObject({ planBy: 'api', target: 2 });
    await panel.getByRole('button', { name: 'Use the environment’s plan' }).click();
    await page.getByText("Standby tasks follow the environment's plan").waitFor();
    await panel.getByLabel('What they do while they wait').selectOption('page');
    await panel.getByRole('button', { name: 'Change' }).click();
    await page.getByText('Standby tasks: WhatsApp Web is loaded too').waitFor();
    expect(await berth.standby.get()).toMatchObject({ plan: { target: plan.target, depth: 'page' } });
    await panel.getByRole('button', { name: 'Use the environment’s plan' }).click();
    await expect
      .poll(() => berth.standby.get(), PATIENCE)
      .toMatchObject({ planBy: 'settings', target: plan.target, plan: { depth: plan.depth } });
    await page.context().close();
  });

  test('ends sessions only after it has listed them, and only what is still asked for', async () => {
    const { berth } = dashboard().system;
    await berth.sessions.start('reef', { userId: 'anna' });
    const page = await dashboard().visit({ at: '/admin/cleanup' });
    await page.getByRole('radio', { name: 'Emergency' }).check();
    const armed = page.getByRole('button', { name: 'End 1 session' });
    await page.getByRole('button', { name: 'End sessions', disabled: true }).waitFor();
    await page.getByRole('button', { name: 'Show what would end' }).click();
    await armed.waitFor();
    await page.getByRole('row', { name: /^reef anna/ }).waitFor();

    await page.getByLabel('User').selectOption('admin');
    await expect.poll(() => armed.count(), PATIENCE).toBe(0);
    await page.getByRole('button', { name: 'Show what would end' }).click();
    await page.getByText('Nothing would end').waitFor();
    await page.getByRole('button', { name: 'End sessions', disabled: true }).waitFor();

    await page.getByLabel('User').selectOption('anna');
    await page.getByRole('button', { name: 'Show what would end' }).click();
    await armed.click();
    await page.getByRole('dialog').getByRole('button', { name: 'End 1 session' }).click();
    await page.getByRole('region', { name: 'Result' }).getByText('reef').waitFor();
    const ended = await berth.sessions.waitForStatus('reef', 'STOPPED', { userId: 'anna' });
    expect(ended).toMatchObject({ stopReason: 'emergency' });
    await page.context().close();
  });

  test('makes a key, shows it once, and what it opens is its own; revoked, it signs its holder out', async () => {
    const { system } = dashboard();
    const page = await dashboard().visit({ at: '/admin/keys' });
    const form = page.getByRole('region', { name: 'New key' });
    await form.getByLabel('User', { exact: true }).fill('anna');
    await form.getByLabel('Label').fill('night shift');
    await form.getByLabel('show sessions').check();
    await form.getByRole('button', { name: 'Make the key' }).click();
    const dialog = page.getByRole('dialog', { name: 'The key for anna' });
    const key = (await dialog.locator('code').textContent()) ?? '';
    expect((await system.call('GET', '/api/sessions', { key })).status).toBe(200);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('row', { name: /night shift/ }).waitFor();
    expect(await page.content()).not.toContain(key);

    const hers = await dashboard().visit({ key, at: '/sessions' });
    await rowOf(hers, 'pier').waitFor();
    expect(await rowOf(hers, 'shop').count()).toBe(0);
    expect(await hers.getByRole('button', { name: 'Start pier' }).count()).toBe(0);
    expect(await hers.getByRole('link', { name: 'Administration' }).count()).toBe(0);
    await hers.goto(`${system.stack.url}/dashboard#/admin/keys`);
    await hers.getByRole('heading', { name: 'No such page' }).waitFor();
    await hers.goto(`${system.stack.url}/dashboard#/`);
    await hers.getByRole('meter').waitFor();

    await page.getByRole('button', { name: 'Revoke night shift' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText('The key night shift is revoked').waitFor();
    await hers.getByText('You were signed out').waitFor();
    await hers.context().close();
    await page.context().close();
  });

  test('previews a rollout, starts it once that was seen, and shows how it goes and ends', async () => {
    const { system } = dashboard();
    await linkSession(system, { name: 'kept', config: { keepAlive: true } }, '491700000061');
    await expect.poll(async () => (await system.berth.sessions.get('kept')).linked, PATIENCE).toBe(true);
    const { epoch } = await system.berth.sessions.get('kept');
    const page = await dashboard().visit({ at: '/admin/rollout' });
    await page.getByText('There was no rollout yet').waitFor();
    await page.getByRole('button', { name: 'Show what would move' }).click();
    await page.getByText('0 sessions would move, 1 have the newest version').waitFor();
    await page.getByRole('button', { name: 'Start the rollout', disabled: true }).waitFor();

    await system.stack.deployWorker();
    await page.getByLabel('Pause after a wave (seconds)').fill('0');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('1 session would move').waitFor();
    await page.getByRole('button', { name: 'Start the rollout' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start the rollout' }).click();
    await page.getByRole('region', { name: 'The rollout that runs' }).waitFor();
    await expect
      .poll(async () => {
        await system.stack.trigger('reaper');
        return (await system.berth.rollout.get()).rollout?.state;
      }, SWEEPS)
      .toBe('completed');
    await page
      .getByRole('region', { name: 'The last rollout' })
      .getByText('1 session moved in 1 wave')
      .waitFor();
    expect(await system.berth.sessions.get('kept')).toMatchObject({ status: 'WORKING', epoch: epoch + 1 });
    await system.berth.sessions.delete('kept');
    await page.context().close();
  });

  test('shows the dead letters of all users, and that there are none', async () => {
    const page = await dashboard().visit({ at: '/admin/dead-letters' });
    await page.getByText('Every event has arrived').waitFor();
    await page.context().close();
  });
};
