/**
 * The library's idea of an auth strategy over a profile folder that is not its business: what LocalAuth and RemoteAuth
 * do (delete the account on any unusual state, copy databases that are being written) is exactly what must not happen.
 * The folder is named in the launch options; saving, restoring and deleting are the host's.
 */
export class OwnAuthStrategy {
  readonly #onBrowser: () => void;

  constructor(onBrowser: () => void) {
    this.#onBrowser = onBrowser;
  }

  setup(): void {}
  async beforeBrowserInitialized(): Promise<void> {}
  /** Called when browser and page exist and nothing is loaded yet. */
  async afterBrowserInitialized(): Promise<void> {
    this.#onBrowser();
  }
  async onAuthenticationNeeded(): Promise<{
    failed: boolean;
    restart: boolean;
    failureEventPayload: undefined;
  }> {
    return { failed: false, restart: false, failureEventPayload: undefined };
  }
  async getAuthEventPayload(): Promise<undefined> {
    return undefined;
  }
  async afterAuthReady(): Promise<void> {}
  async disconnect(): Promise<void> {}
  async destroy(): Promise<void> {}
  async logout(): Promise<void> {}
}
