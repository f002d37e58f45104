/**
 * The browser's language. Without one Chromium takes it from LANG; an unset LANG, `C` and `C.UTF-8` become
 * `en-US@posix`, which is no language tag: every use of Intl with `navigator.language` throws.
 */
const DEFAULT = 'en-US';

const canonical = (tag: string | undefined): string | undefined => {
  try {
    return tag === undefined ? undefined : Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
};

/** The first of these that names a language, as a BCP 47 tag; `en-US` if none does. */
export const browserLocale = (wanted: string | undefined, lang: string | undefined): string => {
  // `de_DE.UTF-8@euro` → `de-DE`
  const fromLang = /^[a-z]{2,3}(?:_[A-Z]{2})?(?=$|[.@])/.exec(lang ?? '')?.[0]?.replace('_', '-');
  return canonical(wanted) ?? canonical(fromLang) ?? DEFAULT;
};

/** As POSIX names it, for LANG: `zh-Hant-TW` → `zh_TW.UTF-8`. A language without a region gets its likeliest one. */
export const posixLocale = (tag: string): string => {
  const { language, region } = new Intl.Locale(tag).maximize();
  return `${language}_${region ?? 'US'}.UTF-8`;
};

/** For `navigator.languages`: the tag, then its language alone. */
export const acceptedLanguages = (tag: string): string => {
  const { language } = new Intl.Locale(tag);
  return language === tag ? tag : `${tag},${language}`;
};
