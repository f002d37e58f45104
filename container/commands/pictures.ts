import * as z from 'zod';
import type { FileSource } from '../../contract/whatsapp/messages.ts';
import { normalizeType } from '../../core/accounts/file-type.ts';
import type { Picture } from '../whatsapp/account-acts.ts';
import { ask } from './ask.ts';
import type { CommandContext } from './context.ts';
import { CommandFailed } from './failure.ts';
import { loadFile } from './send-file.ts';

const urlSchema = z.string().min(1).nullable().catch(null);

/** The link of a person's picture; null: there is none, or none that this account may see. */
export const pictureOf = async (context: CommandContext, id: string): Promise<string | null> =>
  urlSchema.parse((await ask(context, 'reading the picture', (account) => account.pictureUrl(id))) ?? null);

const PICTURES = /^image\/(jpeg|png|webp)\b/;

/** A picture to be set, fetched if it comes by URL. */
export const loadPicture = async (context: CommandContext, file: FileSource): Promise<Picture> => {
  const { data, mimetype } = await loadFile(context, file);
  if (!PICTURES.test(normalizeType(mimetype)))
    throw new CommandFailed(
      'unsupported_media',
      `The file is ${mimetype.slice(0, 100)}; a picture is JPEG, PNG or WebP. Nothing was changed.`,
    );
  return { data, mimetype };
};
