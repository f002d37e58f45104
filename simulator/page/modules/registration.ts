import type { App } from '../app.ts';
import { define } from '../registry.ts';
import { decodeB64, encodeB64, type Identity } from '../storage.ts';

const DEVICE_PLATFORM = '1';

/** Keys, codes and linking: what a QR is made of, and the letters that stand in for it. */
export const defineRegistration = (app: App): void => {
  const identity = (): Identity => {
    if (!app.identity) throw new Error('the page has no keys yet');
    return app.identity;
  };
  const browser = { name: 'Chrome', os: 'Linux', version: '1' };

  define({
    WAWebConnModel: { Conn: app.conn },
    WABase64: { encodeB64, decodeB64 },
    WAWebCompanionRegClientUtils: { DEVICE_PLATFORM },
    WAWebMiscBrowserUtils: { info: () => browser },
    WAWebAdvSignatureApi: {},
    WAWebUserPrefsInfoStore: {
      waNoiseInfo: { get: async () => ({ staticKeyPair: { pubKey: decodeB64(identity().noiseKey) } }) },
    },
    WAWebSignalStoreApi: {
      waSignalStore: {
        getRegistrationInfo: async () => ({
          registrationId: identity().registrationId,
          identityKeyPair: { pubKey: decodeB64(identity().identityKey) },
        }),
      },
    },
    WAWebUserPrefsMultiDevice: { getADVSecretKey: () => identity().advSecret },
    WAWebUserPrefsMeUser: {
      getMaybeMePnUser: () => app.me?.wid,
      getMaybeMeLidUser: () => app.me?.lidWid,
      getMePnUserOrThrow: () => meOrThrow(app).wid,
      getMeLidUserOrThrow: () => meOrThrow(app).lidWid,
    },
    WAWebShortcakeLinkingApi: {
      getShortcakeLinkingStage: () => app.passkey.stage,
      getVerificationCode: () => app.passkey.code,
    },
    WAWebAltDeviceLinkingApi: {
      setPairingType: () => {},
      initializeAltDeviceLinking: async () => {},
      initializeQRLinking: () => app.call({ op: 'showQr' }),
      startAltLinkingFlow: async (phoneNumber: string) =>
        (await app.call({ op: 'pairingCode', phoneNumber })).code,
    },
  });
};

const meOrThrow = (app: App) => {
  if (!app.me) throw new Error('not logged in');
  return app.me;
};
