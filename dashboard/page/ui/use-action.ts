import { useState } from 'preact/hooks';

/**
 * The work behind a button: at most one at a time, with the failure of the last one.
 *
 * @param staysBusy after success, because another view follows
 */
export const useAction = ({ staysBusy = false }: { readonly staysBusy?: boolean } = {}) => {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (work: () => Promise<void>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await work();
      if (!staysBusy) setBusy(false);
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return { busy, error, run, clearError: () => setError(undefined) };
};
