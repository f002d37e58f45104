import { join } from 'node:path';
import type { Clock } from '../../contract/clock.ts';
import type { ApiListener } from '../api/server.ts';
import type { Model } from '../assembly/model.ts';
import type { Closers } from '../closers.ts';
import type { Endpoint } from '../endpoint.ts';
import { LogFile } from '../runtime/log-file.ts';
import { SocketApi, type SocketApiOptions } from './api.ts';

/** Serves the WebSocket API of the template at the callers' address, as WAHA has its `/ws`. */
export const serveSocketApis = (
  model: Pick<Model, 'socketApis' | 'permissions'>,
  {
    listener,
    endpoint,
    invoke,
    logs,
    clock,
    closers,
  }: {
    readonly listener: Pick<ApiListener, 'serveSockets'>;
    readonly endpoint: Pick<Endpoint, 'serveConnections'>;
    readonly invoke: SocketApiOptions['invoke'];
    /** The folder of logs. */
    readonly logs: string;
    readonly clock: Clock;
    readonly closers: Closers;
  },
): void => {
  const [api, second] = model.socketApis;
  if (second !== undefined) throw new Error('local mode serves one WebSocket API');
  if (api === undefined) return;
  const log = new LogFile(join(logs, 'live-access.log'));
  closers.add(() => log.close());
  const { permissions } = model;
  const served = new SocketApi({
    api,
    permissions,
    invoke,
    clock,
    onAccess: (entry) => log.write(entry),
  });
  endpoint.serveConnections((stage) => (stage === api.stage ? served.connections : undefined));
  listener.serveSockets(served);
  closers.add(() => served.close());
};
