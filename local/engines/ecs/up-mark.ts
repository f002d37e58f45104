/** Looks for a text in output that comes in pieces; calls back once, when it has come whole. An empty text never comes. */
export const watchFor = (text: string, onFound: () => void): ((chunk: Buffer) => void) => {
  let tail = '';
  let isOver = text === '';
  return (chunk) => {
    if (isOver) return;
    const seen = tail + chunk.toString('latin1');
    if (seen.includes(text)) {
      isOver = true;
      onFound();
    }
    tail = seen.slice(1 - text.length);
  };
};
