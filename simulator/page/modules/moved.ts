import type { App } from '../app.ts';
import { BUILD } from '../build.ts';
import type { MsgModel } from '../models.ts';
import { define } from '../registry.ts';
import { takeRevocation } from './message-changes.ts';

/** Functions whose module or name differs between builds. Nothing here has orders. */
export const defineMoved = (app: App): void => {
  const { orderModule, revokeStatusExport } = BUILD;
  define({
    [orderModule]: { queryOrder: async () => ({ products: [], currency: 'EUR', subtotal: 0, total: 0 }) },
    WAWebRevokeStatusAction: {
      [revokeStatusExport]: async (_status: unknown, msg: MsgModel) => {
        await app.deliver({ op: 'revoke', messageId: msg.id.id });
        takeRevocation(msg);
        return { messageSendResult: 'OK' };
      },
    },
  });
};
