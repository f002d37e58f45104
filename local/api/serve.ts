import { join } from 'node:path';
import type { Clock } from '../../contract/clock.ts';
import type { ApiModel, Model } from '../assembly/model.ts';
import type { Closers } from '../closers.ts';
import { LogFile } from '../runtime/log-file.ts';
import type { ChangesUnderWay } from './changes-under-way.ts';
import type { ApiOptions } from './http-api.ts';
import type { ApiListener } from './server.ts';
import { type StageThrottles, type Throttle, UNTHROTTLED } from './throttle.ts';

/** Serves each HTTP API of the template at the listener whose address it was given. */
export const serveApis = (
  model: Pick<Model, 'apis' | 'permissions'>,
  {
    callers,
    workers,
    throttle,
    invoke,
    changes,
    logs,
    clock,
    closers,
  }: {
    readonly callers: Pick<ApiListener, 'url' | 'serve'>;
    readonly workers: Pick<ApiListener, 'url' | 'serve'>;
    /** In place of the template's throttle on callers; false: none at all. */
    readonly throttle: Throttle | false | undefined;
    readonly invoke: ApiOptions['invoke'];
    readonly changes: ChangesUnderWay;
    /** The folder of logs. */
    readonly logs: string;
    readonly clock: Clock;
    readonly closers: Closers;
  },
): void => {
  const accessLog = new LogFile(join(logs, 'api-access.log'));
  closers.add(() => accessLog.close());
  for (const api of model.apis)
    [callers, workers]
      .find(({ url }) => url === api.url)
      ?.serve({
        api: { ...api, throttles: throttlesOf(api, throttle) },
        permissions: model.permissions,
        invoke,
        clock,
        onAccess: (entry) => accessLog.write(entry),
        // A worker's report is not a caller's request.
        ...(api.url === callers.url ? { onRequest: (method: string) => changes.begin(method) } : {}),
      });
};

const throttlesOf = (api: ApiModel, given: Throttle | false | undefined): StageThrottles => {
  if (given === false) return UNTHROTTLED;
  const ofCallers = api.routes.some(({ authorizer }) => authorizer !== undefined);
  return given && ofCallers ? { byDefault: given, byRoute: {} } : api.throttles;
};
