import type { Build } from './builds.ts';
import type { CompanionKeys } from './model/world.ts';
import type { PageEvent, WithIdentities } from './protocol.ts';

/** How a page's bytes travel. `delayMs` is per direction. */
export type Network = { readonly mode: 'online' | 'slow' | 'offline'; readonly delayMs: number };
export const ONLINE: Network = { mode: 'online', delayMs: 0 };

/** One open page: its stream down, and whether it waits for a scan or speaks for a linked companion. */
export class Connection {
  readonly id: string;
  readonly keys: CompanionKeys;
  readonly since: number;
  /** Of its browser. */
  readonly language: string | undefined;
  /** The page's build. */
  readonly build: Build;
  /** The companion it speaks for, once linked. */
  deviceId: string | undefined;
  network: Network = ONLINE;
  readonly #address: (event: PageEvent) => WithIdentities<PageEvent>;
  readonly #write: (line: string) => void;
  readonly #end: () => void;
  readonly #onClose: (() => void)[] = [];
  #closed = false;

  constructor(parts: {
    id: string;
    keys: CompanionKeys;
    since: number;
    language?: string;
    build: Build;
    /** Puts the ids of people into the build's form. */
    address: (event: PageEvent) => WithIdentities<PageEvent>;
    write: (line: string) => void;
    end: () => void;
  }) {
    this.id = parts.id;
    this.keys = parts.keys;
    this.since = parts.since;
    this.language = parts.language || undefined;
    this.build = parts.build;
    this.#address = parts.address;
    this.#write = parts.write;
    this.#end = parts.end;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends in order; a slow network delays every event by the same time. */
  send(event: PageEvent): void {
    const line = `${JSON.stringify(this.#address(event))}\n`;
    if (this.network.mode !== 'slow') this.#write(line);
    else setTimeout(() => this.#write(line), this.network.delayMs).unref();
  }

  /** The last word on this connection: said at once, however slow the network, or the page would connect again. */
  dismiss(event: PageEvent): void {
    this.#write(`${JSON.stringify(event)}\n`);
    this.close();
  }

  onClose(callback: () => void): void {
    if (this.#closed) callback();
    else this.#onClose.push(callback);
  }

  /** Ends the stream, as a lost connection does; repeated calls change nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end();
    for (const callback of this.#onClose) callback();
  }
}
