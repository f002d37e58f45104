import type { Command } from 'commander';
import * as z from 'zod';
import { PAGE_PATH } from '../../contract/dashboard-path.ts';
import { examples, runs } from '../command.ts';

/** `berth dashboard` */
export const addDashboard = (program: Command): void => {
  const command = program
    .command('dashboard')
    .description("the dashboard's address; sign in there with an API key");
  examples(command, '');
  runs(command, z.object({}), async (_, { out, url }) => {
    const address = new URL(`.${PAGE_PATH}`, url.endsWith('/') ? url : `${url}/`).href;
    out.result({ url: address }, address);
  });
};
