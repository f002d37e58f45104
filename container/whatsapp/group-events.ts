/**
 * Events of groups: who joined and left, what changed. WAHA reports the account's own joining with the whole group.
 */
import * as z from 'zod';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { type Time, withDeadline } from '../base/time.ts';
import { groupInfo } from './chat-payloads.ts';
import { idText, numberId } from './ids.ts';
import { anything, pnOf, remoteOf } from './payloads.ts';

const groupSource = z.object({
  id: anything,
  chatId: anything,
  author: anything,
  recipientIds: z.array(z.unknown()).catch([]),
  timestamp: z.number().catch(0),
  type: z.string().catch(''),
  body: z.string().catch(''),
  _data: z.object({ author: anything }).optional().catch(undefined),
});

/** Whether one of these ids is the account's own. */
export type IsMe = (...ids: (string | undefined)[]) => boolean;

type Role = 'left' | 'participant' | 'admin';

const notificationOf = (source: unknown) => {
  const parsed = groupSource.safeParse(source);
  if (!parsed.success) return undefined;
  const { id, chatId, author, recipientIds, timestamp, type, body, _data: data } = parsed.data;
  const group = idText(chatId) ?? remoteOf(id);
  if (group === undefined) return undefined;
  const by = idText(author);
  return {
    group,
    type,
    body,
    recipientIds,
    /** Members of every event of a group. */
    common: {
      timestamp,
      ...(by === undefined ? {} : { author: by }),
      ...pnOf('authorPn', data?.author),
      _data: { type, body },
    },
  };
};
type Notification = NonNullable<ReturnType<typeof notificationOf>>;

const concerned = ({ recipientIds }: Notification, isMe: IsMe) => ({
  others: recipientIds.filter((one) => !isMe(idText(one), numberId(one))),
  self: recipientIds.some((one) => isMe(idText(one), numberId(one))),
});

const participantsOf = (ids: readonly unknown[], role: Role) =>
  ids.flatMap((recipient) => {
    const id = idText(recipient);
    return id === undefined ? [] : [{ id, ...pnOf('pn', recipient), role }];
  });

/** As the library has it: of WAHA's deprecated events. */
export const rawNotification = (source: unknown) => {
  const parsed = groupSource.safeParse(source);
  const found = notificationOf(source);
  if (!parsed.success || !found) return undefined;
  const { id, author, recipientIds, timestamp, type, body } = parsed.data;
  const by = idText(author);
  return {
    id: idText(id) ?? '',
    chatId: found.group,
    ...(by === undefined ? {} : { author: by }),
    recipientIds: recipientIds.flatMap((one) => idText(one) ?? []),
    timestamp,
    type,
    body,
  };
};

/** The account itself joined or left; undefined: it did not. */
export const ownMembership = (source: unknown, isMe: IsMe) => {
  const found = notificationOf(source);
  if (!found || !concerned(found, isMe).self) return undefined;
  return { ...found.common, group: { id: found.group } };
};

const members = (type: 'join' | 'leave', role: Role) => (source: unknown, isMe: IsMe) => {
  const found = notificationOf(source);
  if (!found) return undefined;
  const participants = participantsOf(concerned(found, isMe).others, role);
  if (participants.length === 0) return undefined;
  return { ...found.common, type, group: { id: found.group }, participants };
};
export const othersJoined = members('join', 'participant');
export const othersLeft = members('leave', 'left');

/** A member, perhaps the account itself, became an admin or is no admin any more. */
export const adminsChanged = (source: unknown) => {
  const found = notificationOf(source);
  if (!found) return undefined;
  const type = found.type === 'demote' ? ('demote' as const) : ('promote' as const);
  const participants = participantsOf(found.recipientIds, type === 'promote' ? 'admin' : 'participant');
  return { ...found.common, type, group: { id: found.group }, participants };
};

/** The changed fields of the group, as far as the notification shows. */
const changedFields = ({ type, body }: Notification) => {
  if (type === 'subject') return { subject: body };
  if (type === 'description' && body !== '') return { description: body };
  if (type === 'announce' && /^(on|off)$/.test(body)) return { membersCanSendMessages: body === 'off' };
  return {};
};

/** The group itself was changed. */
export const groupChanged = (source: unknown) => {
  const found = notificationOf(source);
  if (!found) return undefined;
  return { ...found.common, type: found.type, group: { id: found.group, ...changedFields(found) } };
};

const settingsSchema = z.object({
  groupMetadata: z.object({
    announce: z.boolean().catch(false),
    memberAddMode: z.unknown().optional(),
    membershipApprovalMode: z.boolean().catch(false),
    participants: z.array(z.object({ id: anything })).catch([]),
  }),
});

/** The library's chat as WAHA's GroupInfo; undefined: it is no group that the account is in. */
const wholeGroup = (source: unknown) => {
  const group = groupInfo(source);
  const settings = settingsSchema.safeParse(source);
  if (!group || !settings.success) return undefined;
  const { announce, memberAddMode, membershipApprovalMode, participants } = settings.data.groupMetadata;
  return {
    id: group.id,
    subject: group.subject,
    description: group.description ?? '',
    membersCanAddNewMember: memberAddMode === 'all_member_add',
    membersCanSendMessages: !announce,
    newMembersApprovalRequired: membershipApprovalMode,
    participants: group.participants.map((one, index) => ({
      ...one,
      ...(one.id.endsWith('@c.us') ? { pn: one.id } : pnOf('pn', participants[index]?.id)),
    })),
  };
};

const READ_LIMIT_MS = 10_000;
const namesGroup = z.looseObject({ group: z.looseObject({ id: z.string() }) });

/**
 * The payload of the account's own joining with the whole group; with the group's id alone if it cannot be read.
 * Never rejects.
 */
export const withGroup = async (
  { time, log, readChat }: { time: Time; log: Log; readChat: (id: string) => Promise<unknown> },
  event: unknown,
): Promise<unknown> => {
  const payload = namesGroup.parse(event);
  try {
    const reading = readChat(payload.group.id);
    const group = wholeGroup(await withDeadline(time, READ_LIMIT_MS, 'reading the group', reading));
    return group === undefined ? payload : { ...payload, group };
  } catch (error) {
    log.warn('the group of an event was not read', { error: describeError(error) });
    return payload;
  }
};
