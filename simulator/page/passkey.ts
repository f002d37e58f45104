/**
 * The screen that WhatsApp Web shows if the account has a passkey: a button that has the browser sign, then a wait,
 * then perhaps a code with a button below it. Its parts are named by `data-testid` as WhatsApp Web names them.
 */
import type { PasskeyAssertion, PasskeyChallenge } from '../../contract/whatsapp/passkey.ts';
import type { CallsServer } from './server-link.ts';

type Stage = 'NotStarted' | 'WaitingForPrimaryIdentity' | 'WaitingForVerificationCodeConfirmation';

export class PasskeyScreen {
  readonly #app: CallsServer;
  #stage: Stage = 'NotStarted';
  #code: string | undefined;

  constructor(app: CallsServer) {
    this.#app = app;
  }

  get stage(): Stage {
    return this.#stage;
  }

  get code(): string | null {
    return this.#code ?? null;
  }

  ask(failed = false): void {
    this.#stage = 'NotStarted';
    const button = make('button', 'shortcake_passkey_continue_button', 'Continue');
    button.onclick = () => {
      button.disabled = true;
      this.#sign().catch(() => this.ask(true));
    };
    const card = make('div', 'shortcake_passkey_prompt_card', 'Use your passkey to link this device. ');
    if (failed) card.append(make('span', 'shortcake_error', 'That did not work. '));
    card.append(button);
    this.#show(card);
  }

  showCode(code: string): void {
    this.#code = code;
    this.#stage = 'WaitingForVerificationCodeConfirmation';
    const shown = make('div', 'shortcake_verification_code_display', '');
    // Letter by letter, with a dash in the middle, as WhatsApp Web draws it.
    for (const [at, letter] of [...code].entries()) {
      if (at === 4) shown.append(make('span', 'dash', '-'));
      shown.append(make('span', 'letter', letter));
    }
    const button = make('button', 'shortcake_code_confirm_button', 'Confirm');
    button.onclick = () => {
      button.disabled = true;
      this.#app.call({ op: 'confirmPasskey' }).catch(() => {
        button.disabled = false;
      });
    };
    const card = make('div', 'shortcake_code_matching_card', 'Does your phone show this code? ');
    card.append(shown, button);
    this.#show(card);
  }

  close(): void {
    this.#stage = 'NotStarted';
    this.#code = undefined;
    document.querySelector('[data-testid=shortcake_passkey_screen]')?.remove();
  }

  async #sign(): Promise<void> {
    const options = await this.#app.call({ op: 'passkeyOptions' });
    const credential = await navigator.credentials.get({ publicKey: requestOf(options) });
    const assertion = assertionOf(credential);
    this.#stage = 'WaitingForPrimaryIdentity';
    this.#show(make('div', 'shortcake_waiting', 'Waiting for your phone'));
    await this.#app.call({ op: 'passkeyPrologue', assertion });
  }

  #show(card: HTMLElement): void {
    document.querySelector('[data-testid=shortcake_passkey_screen]')?.remove();
    const screen = make('div', 'shortcake_passkey_screen', '');
    const cancel = make('button', 'shortcake_cancel_button', 'Cancel');
    cancel.onclick = () => void this.#app.call({ op: 'cancelPasskey' }).catch(() => {});
    screen.append(card, cancel);
    document.body.append(screen);
  }
}

const make = <T extends 'div' | 'span' | 'button'>(tag: T, testId: string, text: string) => {
  const element = document.createElement(tag);
  element.dataset.testid = testId;
  element.append(text);
  return element;
};

const requestOf = ({ challenge, allowCredentials, timeout, rpId, extensions }: PasskeyChallenge) => {
  return {
    challenge: decode(challenge),
    timeout,
    rpId,
    allowCredentials: allowCredentials.map(({ id, type }) => ({ id: decode(id), type })),
    userVerification: 'required' as const,
    ...(extensions && { extensions }),
  };
};

/** Throws if the browser gave anything but an assertion that it made itself. */
const assertionOf = (credential: Credential | null): PasskeyAssertion => {
  if (!(credential instanceof PublicKeyCredential) || credential.type !== 'public-key')
    throw new Error('no credential');
  const { response, id, rawId } = credential;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new Error('no assertion');
  if (typeof credential.getClientExtensionResults() !== 'object') throw new Error('no extension results');
  if (credential.toJSON().id !== id) throw new Error('it says something else in JSON');
  return {
    id,
    rawId: encode(rawId),
    type: 'public-key',
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : undefined,
    },
  };
};

const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const encode = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
