/** The open connections of a WebSocket API, with the limits that API Gateway has for them. */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket } from 'ws';
import type { Clock } from '../../contract/clock.ts';
import { FrameLimit } from './frames.ts';

export type ConnectionLimits = {
  /** Of a message in either direction. */
  readonly messageBytes: number;
  /** Of a frame that a client sends. */
  readonly frameBytes: number;
  readonly idleMs: number;
  readonly durationMs: number;
  /** The bytes that may wait for a client that does not read. More are rejected. */
  readonly bufferBytes: number;
};

type ConnectionEnd = { readonly code: number; readonly reason: string };

type Open = {
  readonly socket: WebSocket;
  readonly connectedAt: number;
  lastActiveAt: number;
  readonly timer: ReturnType<typeof setTimeout>;
};

/** Codes of RFC 6455 that API Gateway closes with. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const TOO_LARGE = 1009;

type PostResult = 'sent' | 'gone' | 'too_large' | 'buffer_full';

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();

  constructor(limits: ConnectionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** As AWS makes them: 11 random bytes in base64, with the `=` at the end. */
  static newId(): string {
    return randomBytes(11).toString('base64');
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes over an open socket.
   *
   * @param stream the connection below it, from which the frames are read as well
   */
  add(
    id: string,
    socket: WebSocket,
    stream: Duplex,
    on: { readonly message: (text: string) => void; readonly end: (end: ConnectionEnd) => void },
  ): void {
    const now = this.#clock();
    const connection: Open = {
      socket,
      connectedAt: now,
      lastActiveAt: now,
      timer: setInterval(() => this.#endIfDue(connection), CHECK_MS).unref(),
    };
    this.#open.set(id, connection);
    const frames = new FrameLimit(this.#limits.frameBytes);
    stream.on('data', (bytes: Buffer) => {
      connection.lastActiveAt = this.#clock();
      if (!frames.accepts(bytes)) end(socket, TOO_LARGE, 'Message too big');
    });
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (!isBinary) on.message(data.toString());
    });
    // The library closes with 1009 or 1002 by itself; the event `close` follows.
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      clearInterval(connection.timer);
      this.#open.delete(id);
      on.end({ code, reason: reason.toString() });
    });
  }

  /** Sends a message to one connection; the result is the management API's. */
  post(id: string, data: Buffer): PostResult {
    const connection = this.#open.get(id);
    if (connection?.socket.readyState !== WebSocket.OPEN) return 'gone';
    if (data.length > this.#limits.messageBytes) return 'too_large';
    if (connection.socket.bufferedAmount + data.length > this.#limits.bufferBytes) return 'buffer_full';
    connection.lastActiveAt = this.#clock();
    connection.socket.send(data, { binary: false });
    return 'sent';
  }

  /** False: there is no such connection. */
  close(id: string): boolean {
    const connection = this.#open.get(id);
    if (connection === undefined) return false;
    // A client that is too slow finds the code behind all that waits for it.
    end(connection.socket, NORMAL, 'Connection Closed Normally', SLOW_CLOSE_MS);
    return true;
  }

  /** When it was made and last used, ms; undefined if there is none. */
  describe(id: string): { readonly connectedAt: number; readonly lastActiveAt: number } | undefined {
    return this.#open.get(id);
  }

  /** Closes all, as when the system stops. */
  closeAll(): void {
    for (const { socket } of this.#open.values()) end(socket, GOING_AWAY, 'Going away');
  }

  #endIfDue({ socket, connectedAt, lastActiveAt }: Open): void {
    const now = this.#clock();
    const { idleMs, durationMs } = this.#limits;
    if (now - lastActiveAt >= idleMs || now - connectedAt >= durationMs)
      end(socket, GOING_AWAY, 'Going away');
  }
}

/** How often limits of time are looked at. */
const CHECK_MS = 1_000;
/** For the client to answer a close; one that does not read never would. */
const CLOSE_MS = 1_000;
const SLOW_CLOSE_MS = 10_000;

const end = (socket: WebSocket, code: number, reason: string, graceMs = CLOSE_MS): void => {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), graceMs).unref();
};
