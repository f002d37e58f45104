import { THEMES, theme } from '../state/theme.ts';
import { IconButton } from '../ui/button.tsx';

const WORDS = { auto: 'system', light: 'light', dark: 'dark' } as const;

export const ThemeSwitch = () => {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
  return (
    <IconButton
      name={theme.value}
      label={`Colors: ${WORDS[theme.value]}. Change to ${WORDS[next]}`}
      onClick={() => {
        theme.value = next;
      }}
    />
  );
};
