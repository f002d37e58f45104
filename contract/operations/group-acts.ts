/** Commands that act on groups beside filling them. */
import * as z from 'zod';
import { LARGEST_BODY_BYTES } from '../operation.ts';
import { pictureSchema } from '../whatsapp/chat-acts.ts';
import { groupArgs } from '../whatsapp/chats.ts';
import { doneSchema } from '../whatsapp/done.ts';
import {
  adminsOnlySchema,
  groupAdminsArgs,
  groupDescriptionArgs,
  groupPictureArgs,
  groupPictureUrlArgs,
  groupSubjectArgs,
  inviteArgs,
  inviteInfoSchema,
  joinedGroupSchema,
  participantV2Schema,
  setAdminsOnlyArgs,
} from '../whatsapp/group-acts.ts';
import { countSchema } from '../whatsapp/lids.ts';
import { successSchema } from '../whatsapp/people.ts';
import { commandRows } from './command-rows.ts';

const COMMON = {
  tag: 'Groups',
  problems: ['not_found', 'unprocessable', 'worker_failed', 'worker_timeout'],
} as const;
const READS = {
  ...COMMON,
  method: 'GET',
  scope: 'messages:read',
  status: 200,
  says: 'As the session has it now.',
} as const;
const DOES = { ...COMMON, scope: 'messages:send', result: doneSchema, status: 200, says: 'Done.' } as const;
const GROUPS = '/api/{session}/groups';
const GROUP = `${GROUPS}/{id}` as const;
const SECURITY = `${GROUP}/settings/security` as const;

export const GROUP_ACTS = commandRows({
  countGroups: {
    ...READS,
    path: `${GROUPS}/count`,
    args: z.strictObject({}),
    result: countSchema,
    summary: 'How many groups the account is in',
    client: 'groups.count',
  },
  refreshGroups: {
    ...DOES,
    method: 'POST',
    path: `${GROUPS}/refresh`,
    args: z.strictObject({}),
    result: successSchema,
    summary: 'Read the groups anew',
    description:
      'They are read from WhatsApp Web at every question: this is here for clients that ask for it.',
    client: 'groups.refresh',
  },
  getInviteInfo: {
    ...READS,
    path: `${GROUPS}/join-info`,
    args: inviteArgs,
    result: inviteInfoSchema,
    summary: 'The group behind an invitation, before it is joined',
    client: 'groups.joinInfo',
  },
  joinGroup: {
    ...DOES,
    method: 'POST',
    path: `${GROUPS}/join`,
    args: inviteArgs,
    result: joinedGroupSchema,
    summary: 'Join a group by its invitation',
    client: 'groups.join',
  },
  deleteGroup: {
    ...DOES,
    method: 'DELETE',
    path: GROUP,
    args: groupArgs,
    summary: 'Leave a group and delete its chat, for this account only',
    client: 'groups.delete',
  },
  leaveGroup: {
    ...DOES,
    method: 'POST',
    path: `${GROUP}/leave`,
    args: groupArgs,
    summary: 'Leave a group',
    client: 'groups.leave',
  },
  getGroupPicture: {
    ...READS,
    path: `${GROUP}/picture`,
    args: groupPictureUrlArgs,
    result: pictureSchema,
    summary: "A group's picture",
    client: 'groups.picture',
  },
  setGroupPicture: {
    ...DOES,
    method: 'PUT',
    path: `${GROUP}/picture`,
    args: groupPictureArgs,
    result: successSchema,
    maxBodyBytes: LARGEST_BODY_BYTES,
    problems: [...COMMON.problems, 'too_large', 'unsupported_media_type'],
    summary: "Set a group's picture",
    description: 'JPEG, PNG or WebP; it is cut to a square.',
    client: 'groups.setPicture',
  },
  deleteGroupPicture: {
    ...DOES,
    method: 'DELETE',
    path: `${GROUP}/picture`,
    args: groupArgs,
    result: successSchema,
    summary: "Take a group's picture away",
    client: 'groups.deletePicture',
  },
  setGroupSubject: {
    ...DOES,
    method: 'PUT',
    path: `${GROUP}/subject`,
    args: groupSubjectArgs,
    summary: "Set a group's name",
    client: 'groups.setSubject',
  },
  setGroupDescription: {
    ...DOES,
    method: 'PUT',
    path: `${GROUP}/description`,
    args: groupDescriptionArgs,
    summary: "Set a group's description",
    client: 'groups.setDescription',
  },
  getInfoAdminsOnly: {
    ...READS,
    path: `${SECURITY}/info-admin-only`,
    args: groupArgs,
    result: adminsOnlySchema,
    summary: 'Whether only admins change name, description and picture',
    client: 'groups.infoAdminsOnly',
  },
  setInfoAdminsOnly: {
    ...DOES,
    method: 'PUT',
    path: `${SECURITY}/info-admin-only`,
    args: setAdminsOnlyArgs,
    summary: 'Let only admins, or all members, change name, description and picture',
    client: 'groups.setInfoAdminsOnly',
  },
  getMessagesAdminsOnly: {
    ...READS,
    path: `${SECURITY}/messages-admin-only`,
    args: groupArgs,
    result: adminsOnlySchema,
    summary: 'Whether only admins write',
    client: 'groups.messagesAdminsOnly',
  },
  setMessagesAdminsOnly: {
    ...DOES,
    method: 'PUT',
    path: `${SECURITY}/messages-admin-only`,
    args: setAdminsOnlyArgs,
    summary: 'Let only admins, or all members, write',
    client: 'groups.setMessagesAdminsOnly',
  },
  getInviteCode: {
    ...READS,
    path: `${GROUP}/invite-code`,
    args: groupArgs,
    result: z.string(),
    summary: 'The code by which people join a group',
    client: 'groups.inviteCode',
  },
  revokeInviteCode: {
    ...DOES,
    method: 'POST',
    path: `${GROUP}/invite-code/revoke`,
    args: groupArgs,
    result: z.string(),
    summary: 'Replace the code by which people join a group',
    client: 'groups.revokeInviteCode',
  },
  getParticipantsV2: {
    ...READS,
    path: `${GROUP}/participants/v2`,
    args: groupArgs,
    result: z.array(participantV2Schema),
    summary: 'Members of a group, with phone numbers',
    client: 'groups.participantsV2',
  },
  promoteParticipants: {
    ...DOES,
    method: 'POST',
    path: `${GROUP}/admin/promote`,
    args: groupAdminsArgs,
    summary: 'Make members of a group admins',
    client: 'groups.promote',
  },
  demoteParticipants: {
    ...DOES,
    method: 'POST',
    path: `${GROUP}/admin/demote`,
    args: groupAdminsArgs,
    summary: 'Make admins of a group members',
    client: 'groups.demote',
  },
});
