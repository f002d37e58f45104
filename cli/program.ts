import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addActs } from './commands/acts.ts';
import { addAudit } from './commands/audit.ts';
import { addAws } from './commands/aws.ts';
import { addBuilds } from './commands/builds.ts';
import { addCall } from './commands/call.ts';
import { addCapacity } from './commands/capacity.ts';
import { addCleanup } from './commands/cleanup.ts';
import { addCost } from './commands/cost.ts';
import { addDashboard } from './commands/dashboard.ts';
import { addDrain } from './commands/drain.ts';
import { addErase } from './commands/erase.ts';
import { addEvents } from './commands/events.ts';
import { addKeys } from './commands/keys.ts';
import { addLids } from './commands/lids.ts';
import { addLinking } from './commands/linking.ts';
import { addMcp } from './commands/mcp.ts';
import { addMessages } from './commands/messages.ts';
import { addPasskey } from './commands/passkey.ts';
import { addPhone } from './commands/phone.ts';
import { addPostman } from './commands/postman.ts';
import { addRollout } from './commands/rollout.ts';
import { addSelftest } from './commands/selftest.ts';
import { addSend } from './commands/send.ts';
import { addSessions } from './commands/sessions.ts';
import { addStandby } from './commands/standby.ts';
import { addWebhooks } from './commands/webhooks.ts';
import { DEFAULT_URL } from './context.ts';
import { EXIT_HELP } from './exit.ts';

const HELP = `
Examples:
  berth sessions create shop --qr
  berth send shop "+49 170 1234567" "Your order is ready"
  berth sessions ls --all --json
  berth emergency-cleanup --dry-run

The key comes from --key, BERTH_API_KEY or, for a system on this machine, the nearest .berth/admin-key.
A key given by --key can be seen in the list of processes: prefer the others.

${EXIT_HELP}`;

/** The whole command line. */
export const createProgram = (): Command => {
  const program = new Command('berth')
    .description('WhatsApp sessions, one task each: create, link, send, stop, clean up')
    .version(packageJson.version)
    .option('--url <url>', `the API (default: BERTH_URL, else ${DEFAULT_URL})`)
    .option('--key <key>', 'the API key')
    .option('--json', 'output for programs: one JSON document, or one line per item of a list')
    .addHelpText('after', HELP)
    // Inherited by every command made below: errors are said in one place, see run.ts.
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError();
  addSessions(program);
  addLinking(program);
  addPasskey(program);
  addSend(program);
  addMessages(program);
  addActs(program);
  addEvents(program);
  addSelftest(program);
  addPhone(program);
  addLids(program);
  addCall(program);
  addMcp(program);
  addPostman(program);
  addCapacity(program);
  addStandby(program);
  addDashboard(program);
  addCleanup(program);
  addDrain(program);
  addErase(program);
  addRollout(program);
  addKeys(program);
  addAudit(program);
  addBuilds(program);
  addWebhooks(program);
  addCost(program);
  addAws(program);
  return program;
};
