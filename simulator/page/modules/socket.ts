import type { App } from '../app.ts';
import { BUILD } from '../build.ts';
import { define } from '../registry.ts';
import type { Session } from '../session.ts';

/** Connection state and the commands around it. */
export const defineSocket = (app: App, session: Session): void => {
  const { socket, cmd } = app;
  define({
    WAWebSocketModel: {
      Socket: Object.assign(socket, {
        logout: () => session.logout(),
        takeover: () => void session.run(),
        reconnect: () => void session.run(),
        ...(BUILD.initConn && { initConn: () => {} }),
      }),
    },
    WAWebCmd: { Cmd: Object.assign(cmd, { refreshQR: () => app.call({ op: 'refreshCode' }) }) },
    WAWebLaunchSocketUtils: { refreshQR: () => app.call({ op: 'refreshCode' }) },
    WAWebOfflineHandler: { OfflineMessageHandler: { getOfflineDeliveryProgress: () => app.offlineProgress } },
    WAWebStreamModel: { Stream: { markAvailable: () => {}, markUnavailable: () => {} } },
    WAWebSyncGatingUtils: { isPlaceholderMessageResendEnabled: () => false },
    WAWebNonMessageDataRequestPlaceholderMessageResendUtils: { handlePlaceholderMsgsSeen: () => {} },
  });
};
