/** Channels (newsletters). */
import * as z from 'zod';
import type {
  Channel,
  channelArgs,
  channelListSchema,
  channelMessageSchema,
  channelsByTextArgs,
  channelsByViewArgs,
  createChannelArgs,
  getChannelsArgs,
  previewChannelArgs,
} from '../../contract/whatsapp/channels.ts';
import { CHANNEL_VIEWS } from '../../contract/whatsapp/channels.ts';
import type { LibraryAccount } from '../whatsapp/account.ts';
import { idText } from '../whatsapp/ids.ts';
import { readChannelAccess } from '../whatsapp/recipient-page.ts';
import { ask, change } from './ask.ts';
import { getMessages } from './chats.ts';
import { type CommandContext, workingClient } from './context.ts';
import { CommandFailed } from './failure.ts';
import { unknownOutcome } from './hand-over.ts';
import { loadPicture } from './pictures.ts';
import { untilSeen } from './until-seen.ts';

type Done = Record<string, never>;
const refused = (why: string): CommandFailed => new CommandFailed('refused', `${why}; nothing was changed.`);
const text = z.string().min(1).nullable().catch(null);

const ROLES = { owner: 'OWNER', admin: 'ADMIN', subscriber: 'SUBSCRIBER', guest: 'GUEST' } as const;
const metadataSource = z
  .object({
    membershipType: z.string().catch('guest'),
    description: text,
    inviteCode: text,
    inviteLink: text,
    verified: z.boolean().catch(false),
    size: z.number().int().min(0).catch(0),
    subscribersCount: z.number().int().min(0).optional().catch(undefined),
  })
  .partial();
const channelSource = z.object({
  id: z.unknown(),
  name: text,
  description: text,
  channelMetadata: metadataSource.catch({}),
});

const isRole = (name: string): name is keyof typeof ROLES => Object.hasOwn(ROLES, name);

const channelOf = (source: unknown): Channel | undefined => {
  const parsed = channelSource.safeParse(source);
  const id = parsed.success ? idText(parsed.data.id) : undefined;
  if (!parsed.success || id === undefined) return undefined;
  const { name, description, channelMetadata: about } = parsed.data;
  const role = (about.membershipType ?? 'guest').toLowerCase();
  return {
    id,
    name: name ?? '',
    description: about.description ?? description,
    invite:
      about.inviteLink ?? (about.inviteCode ? `https://whatsapp.com/channel/${about.inviteCode}` : null),
    picture: null,
    role: isRole(role) ? ROLES[role] : 'GUEST',
    verified: about.verified ?? false,
    subscribersCount: about.subscribersCount ?? about.size ?? 0,
  };
};

export const getChannels = async (
  context: CommandContext,
  { role }: z.output<typeof getChannelsArgs>,
): Promise<Channel[]> => {
  const found = await ask(context, 'reading the channels', (account) => account.channels());
  return found
    .flatMap((source) => channelOf(source) ?? [])
    .filter((channel) => (role === undefined ? channel.role !== 'GUEST' : channel.role === role))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
};

/** Looked up first: the library fails in its own way if there is no such channel. */
export const getChannel = async (
  context: CommandContext,
  { id }: z.output<typeof channelArgs>,
): Promise<Channel> => {
  const absent = () => new CommandFailed('not_found', 'There is no such channel.');
  const page = workingClient(context).pupPage;
  const isId = id.endsWith('@newsletter');
  if (isId && page) {
    const { found } = await ask(context, 'looking the channel up', () => readChannelAccess(page, id));
    if (!found) throw absent();
  }
  const source = await ask(context, 'reading the channel', (account) =>
    isId ? account.chat(id) : account.channelByInvite(id),
  );
  const channel = channelOf(source);
  if (!channel) throw absent();
  return channel;
};

const createdSchema = z.object({ nid: z.unknown(), title: z.string(), inviteLink: text });

export const createChannel = async (
  context: CommandContext,
  { name, description, picture: file }: z.output<typeof createChannelArgs>,
): Promise<Channel> => {
  const picture = file ? await loadPicture(context, file) : undefined;
  const made = await change(context, 'making the channel', (account) =>
    account.createChannel(name, description ?? undefined, picture),
  );
  if (typeof made === 'string' && /^CreateChannelError/.test(made))
    throw refused('WhatsApp did not allow it');
  const created = createdSchema.safeParse(made);
  const id = created.success ? idText(created.data.nid) : undefined;
  if (!created.success || id === undefined)
    throw unknownOutcome('making the channel', 'WhatsApp Web failed during the command');
  return {
    id,
    name: created.data.title,
    description: description ?? null,
    invite: created.data.inviteLink,
    picture: null,
    role: 'OWNER',
    verified: false,
    subscribersCount: 0,
  };
};

/** A change to which the library answers false if WhatsApp's server refused. */
const changes = async (
  context: CommandContext,
  what: string,
  make: (account: LibraryAccount) => Promise<boolean>,
): Promise<void> => {
  if (!(await change(context, what, make))) throw refused('WhatsApp did not allow it');
};

export const deleteChannel = async (
  context: CommandContext,
  args: z.output<typeof channelArgs>,
): Promise<Done> => {
  const { id, role } = await getChannel(context, args);
  if (role !== 'OWNER') throw refused('Only its owner deletes a channel');
  await changes(context, 'deleting the channel', (account) => account.deleteChannel(id));
  return {};
};

const setFollowing =
  (follow: boolean) =>
  async (context: CommandContext, args: z.output<typeof channelArgs>): Promise<Done> => {
    const { id, role } = await getChannel(context, args);
    if (role === 'OWNER') throw refused('The account owns the channel');
    if ((role !== 'GUEST') === follow) return {};
    const what = follow ? 'following the channel' : 'leaving the channel';
    await changes(context, what, (account) => account.followChannel(id, follow));
    const look = async () => (await getChannels(context, {})).some((channel) => channel.id === id);
    if (!(await untilSeen(context, look, (now) => now === follow)))
      throw unknownOutcome(what, 'WhatsApp Web does not show it');
    return {};
  };
export const followChannel = setFollowing(true);
export const unfollowChannel = setFollowing(false);

const setMuted =
  (muted: boolean) =>
  async (context: CommandContext, args: z.output<typeof channelArgs>): Promise<Done> => {
    const { id } = await getChannel(context, args);
    const what = muted ? 'muting the channel' : 'unmuting the channel';
    await changes(context, what, (account) => account.muteChannel(id, muted));
    return {};
  };
export const muteChannel = setMuted(true);
export const unmuteChannel = setMuted(false);

export const previewChannel = async (
  context: CommandContext,
  { limit, downloadMedia, ...args }: z.output<typeof previewChannelArgs>,
): Promise<z.infer<typeof channelMessageSchema>[]> => {
  const { id } = await getChannel(context, args);
  const messages = await getMessages(context, {
    chatId: id,
    limit,
    offset: 0,
    sortOrder: 'desc',
    downloadMedia,
  });
  return messages.map((message) => ({ message, reactions: {}, viewCount: 0 }));
};

type Found = z.infer<typeof channelListSchema>;
const ONE_PAGE = { startCursor: null, endCursor: null, hasNextPage: false, hasPreviousPage: false };

const find = async (
  context: CommandContext,
  search: Parameters<LibraryAccount['searchChannels']>[0],
): Promise<Found> => {
  const found = await ask(context, 'looking for channels', (account) => account.searchChannels(search));
  return { page: ONE_PAGE, channels: found.flatMap((source) => channelOf(source) ?? []) };
};

export const findChannelsByView = (
  context: CommandContext,
  { view, countries, limit }: z.output<typeof channelsByViewArgs>,
): Promise<Found> =>
  find(context, {
    view: CHANNEL_VIEWS.indexOf(view),
    limit: limit === 0 ? 50 : limit,
    ...(countries ? { countryCodes: countries.map((code) => code.toUpperCase()) } : {}),
  });

export const findChannelsByText = (
  context: CommandContext,
  { text: searchText, limit }: z.output<typeof channelsByTextArgs>,
): Promise<Found> => find(context, { searchText, limit: limit === 0 ? 50 : limit });
