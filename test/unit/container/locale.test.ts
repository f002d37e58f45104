import { expect, test } from 'vitest';
import { launchOptions } from '../../../container/browser/launch.ts';
import { acceptedLanguages, browserLocale, posixLocale } from '../../../container/browser/locale.ts';
import { parseEnvironment } from '../../../container/environment.ts';

test('the browser’s language is a valid tag for any LANG, and can be set (F7)', () => {
  for (const lang of [undefined, '', 'C', 'C.UTF-8', 'POSIX', 'en_US.UTF-8', 'en', 'xx@posix', 'nonsense!'])
    expect(() => new Intl.DateTimeFormat(browserLocale(undefined, lang))).not.toThrow();
  expect(browserLocale(undefined, 'C.UTF-8')).toBe('en-US');
  expect(browserLocale(undefined, 'de_DE.UTF-8@euro')).toBe('de-DE');
  expect(browserLocale('pt-br', 'de_DE.UTF-8')).toBe('pt-BR');
  expect(posixLocale('zh-Hant-TW')).toBe('zh_TW.UTF-8');
  expect(posixLocale('de')).toBe('de_DE.UTF-8');
  expect(acceptedLanguages('pt-BR')).toBe('pt-BR,pt');
  const { env, args } = launchOptions({
    browser: { executable: '/browser', build: 'Chromium 147.0.1', environment: {} },
    profileDir: '/profile',
    extraSwitches: [],
    locale: 'pt-BR',
  });
  expect(env.LANG).toBe('pt_BR.UTF-8');
  expect(args).toContain('--accept-lang=pt-BR,pt');
  expect(JSON.stringify(parseEnvironment({ BERTH_LOCALE: 'en-US@posix' }))).toContain(
    'BERTH_LOCALE: must be a language tag',
  );
});
