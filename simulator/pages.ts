/** The open pages: whose they are, how their bytes travel, and events for them. */
import { type Connection, type Network, ONLINE } from './connection.ts';
import type { AccountRecord, DeviceRecord } from './model/records.ts';
import type { World } from './model/world.ts';
import type { PageEvent } from './protocol.ts';
import { CallRefusal, PhoneRefusal } from './refusal.ts';

export class Pages {
  readonly #world: World;
  readonly #connections = new Map<string, Connection>();
  /** Networks that were set for one profile (its identity key), which outlive its connections. */
  readonly #networks = new Map<string, Network>();
  #network: Network = ONLINE;

  constructor(world: World) {
    this.#world = world;
  }

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection);
    connection.onClose(() => this.#connections.delete(connection.id));
  }

  get(id: string): Connection | undefined {
    return this.#connections.get(id);
  }

  /** The pages that speak for a linked device. */
  ofDevice(deviceId: string): Connection[] {
    return [...this.#connections.values()].filter((connection) => connection.deviceId === deviceId);
  }

  /** The linked device for which a page speaks. Throws if it is not linked. */
  deviceOf({ deviceId }: Connection): DeviceRecord {
    const device = deviceId === undefined ? undefined : this.#world.device(deviceId);
    if (!device) throw new CallRefusal(401, 'not linked');
    return device;
  }

  /** The account of a linked page. */
  accountOf(connection: Connection): AccountRecord {
    const account = this.#world.account(this.deviceOf(connection).account);
    if (!account) throw new CallRefusal(500, 'companion without account');
    return account;
  }

  /** The linked devices of a target: an account or one device; none of a page. Throws for another name. */
  devicesOf(target: string): DeviceRecord[] {
    const device = this.#world.device(target);
    if (device) return [device];
    const account = this.#world.account(target);
    if (account) return this.#world.devices(account.phoneNumber);
    if (this.#connections.has(target)) return [];
    throw new PhoneRefusal('unknown_target', `no account, linked device or page is called ${target}`);
  }

  /** The open pages of a target: an account, a device or a page. */
  of(target: string): Connection[] {
    const page = this.#connections.get(target);
    return page ? [page] : this.devicesOf(target).flatMap(({ id }) => this.ofDevice(id));
  }

  /** Sends an event to the open pages of a target; returns to how many. */
  send(target: string, event: PageEvent): number {
    const open = this.of(target);
    for (const connection of open) connection.send(event);
    return open.length;
  }

  /** Sends an event to every connected page of an account. */
  notify(account: string, event: PageEvent): void {
    for (const device of this.#world.devices(account)) {
      for (const connection of this.ofDevice(device.id)) connection.send(event);
    }
  }

  /** The network for a profile that is about to connect, or the default for all. */
  network(identityKey?: string): Network {
    if (this.#network.mode !== 'online') return this.#network;
    return (identityKey !== undefined && this.#networks.get(identityKey)) || this.#network;
  }

  /** Sets the network of a target (account, companion or pending page), or of all. Offline closes open connections. */
  setNetwork(target: string | undefined, network: Network): void {
    const open = target === undefined ? [...this.#connections.values()] : this.of(target);
    if (target === undefined) {
      this.#network = network;
      this.#networks.clear();
    } else {
      const away = this.devicesOf(target).map(({ identityKey }) => identityKey);
      for (const key of [...away, ...open.map(({ keys }) => keys.identityKey)])
        this.#networks.set(key, network);
    }
    for (const connection of open) {
      connection.network = network;
      if (network.mode === 'offline') connection.close();
    }
  }

  close(): void {
    for (const connection of [...this.#connections.values()]) connection.close();
  }
}
