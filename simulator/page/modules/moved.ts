import { BUILD } from '../build.ts';
import { define } from '../registry.ts';

/** Functions whose module or name differs between builds. Nothing here has orders or a Status of its own. */
export function defineMoved(): void {
  const { orderModule, revokeStatusExport } = BUILD;
  define({
    [orderModule]: { queryOrder: async () => ({ products: [], currency: 'EUR', subtotal: 0, total: 0 }) },
    WAWebRevokeStatusAction: { [revokeStatusExport]: async () => ({ messageSendResult: 'OK' }) },
  });
}
