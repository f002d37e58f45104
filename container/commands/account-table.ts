/**
 * Which file carries out which command of the account. A person waits for the code, so these are loaded with the session, and
 * all others by the first command that needs them (table.ts): their contract is most of what a worker would load.
 */
import { ACCOUNT_COMMANDS } from '../../contract/worker/account-commands.ts';
import { getQr } from './get-qr.ts';
import { handlersOf } from './handlers.ts';
import { logout } from './logout.ts';
import { confirmPasskey, getPasskeyChallenge, getPasskeyConfirmation, submitPasskey } from './passkey.ts';
import { requestCode } from './request-code.ts';

export const ACCOUNT_HANDLERS = handlersOf(ACCOUNT_COMMANDS, {
  getQr,
  requestCode,
  getPasskeyChallenge,
  submitPasskey,
  getPasskeyConfirmation,
  confirmPasskey,
  logout,
});
