import { useState } from 'preact/hooks';
import { Button } from './button.tsx';

/** Puts a text on the clipboard, and says so. */
export const Copy = ({ text, what }: { readonly text: string; readonly what: string }) => {
  const [copied, setCopied] = useState<boolean>();
  return (
    <>
      <Button
        icon={copied ? 'check' : 'copy'}
        onClick={() => {
          navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
          );
        }}
      >
        Copy {what}
      </Button>
      <span class="visually-hidden" role="status">
        {copied === true && 'Copied'}
        {copied === false && 'The browser did not allow it: select the text and copy it yourself'}
      </span>
    </>
  );
};
