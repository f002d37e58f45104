export type Listener = (...args: unknown[]) => void;

/** Events as WhatsApp Web's models have them: several names in one string, listeners called in order. */
export class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>();

  on(names: string, listener: Listener): void {
    for (const name of names.split(' ')) {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners.add(listener));
    }
  }

  off(names: string, listener: Listener): void {
    for (const name of names.split(' ')) this.#listeners.get(name)?.delete(listener);
  }

  once(name: string, listener: Listener): void {
    const wrapped: Listener = (...args) => {
      this.off(name, wrapped);
      listener(...args);
    };
    this.on(name, wrapped);
  }

  trigger(name: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...args);
  }

  hasListeners(name: string): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }
}
