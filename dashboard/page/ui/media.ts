import { useEffect, useState } from 'preact/hooks';

/** Whether a media query holds, now and from now on. */
export const useMedia = (query: string): boolean => {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => setHolds(list.matches);
    update();
    list.addEventListener('change', update);
    return () => list.removeEventListener('change', update);
  }, [query]);
  return holds;
};

/** Below this a table's row is a card; the same number is in styles/sessions.css. */
export const NARROW = '(max-width: 60rem)';
