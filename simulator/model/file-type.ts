/** What WhatsApp calls a file of this type, unless it is sent as something else. */
export const fileType = (mimetype: string, as?: 'voice' | 'document' | 'sticker'): string => {
  if (as === 'document' || as === 'sticker') return as;
  const [family] = mimetype.split('/');
  if (family === 'audio') return as === 'voice' ? 'ptt' : 'audio';
  return family === 'image' || family === 'video' ? family : 'document';
};
