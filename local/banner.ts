import { PAGE_PATH } from '../contract/dashboard-path.ts';
import type { LocalStack } from './stack.ts';

const box = (lines: readonly string[]): string => {
  const width = Math.max(...lines.map((line) => line.length));
  const bar = '═'.repeat(width + 2);
  return [`╔${bar}╗`, ...lines.map((line) => `║ ${line.padEnd(width)} ║`), `╚${bar}╝`].join('\n');
};

const keyLine = ({ adminKey, adminKeyIsNew }: LocalStack, keyFile: string): string => {
  if (adminKey === undefined) {
    return `Admin key   made by an earlier start, and ${keyFile} is gone; use --reset to start with empty data`;
  }
  return adminKeyIsNew
    ? `Admin key   ${adminKey}   (shown this once; kept in ${keyFile})`
    : `Admin key   in ${keyFile}`;
};

const portFlag = (url: string): string => (new URL(url).port === '3000' ? '' : ` --url ${url}`);

const whatsAppPart = ({ whatsapp, phoneUrl }: LocalStack, wanted: boolean): string[] =>
  whatsapp === 'live'
    ? ['WhatsApp    the real one: linked accounts and messages are real']
    : [
        '',
        box([
          'SIMULATOR: this is not WhatsApp. No real account, no real message.',
          wanted ? 'Chosen by --simulate.' : 'WhatsApp Web did not answer within 3 s; --live insists on it.',
        ]),
        '',
        `Phone       ${phoneUrl}   (one click scans the code)`,
      ];

/** The text for the person at the terminal once the system answers. */
export const banner = (
  stack: LocalStack,
  options: {
    readonly keyFile: string;
    readonly logDir: string;
    readonly simulateWanted: boolean;
    readonly seconds: number;
  },
): string => {
  const flag = portFlag(stack.url);
  const shownUrl = stack.url.replace('127.0.0.1', 'localhost');
  return [
    '',
    `Berth       ${shownUrl}   (ready after ${options.seconds.toFixed(1)} s)`,
    `Dashboard   ${shownUrl}${PAGE_PATH}   (sign in with the admin key)`,
    keyLine(stack, options.keyFile),
    ...whatsAppPart(stack, options.simulateWanted),
    `Logs        ${options.logDir}`,
    '',
    'Next:',
    `  npx berth sessions create demo${flag}`,
    `  npx berth qr demo${flag}`,
    ...(stack.whatsapp === 'simulator' ? [`  npx berth phone scan demo${flag}`] : []),
    `  curl -H "X-Api-Key: $(cat ${options.keyFile})" ${stack.url}/api/sessions`,
    '',
  ].join('\n');
};

/** The same for programs and for people in a hurry. */
export const shortBanner = (stack: LocalStack, keyFile: string): string =>
  `${stack.url}\n${keyLine(stack, keyFile)}`;
