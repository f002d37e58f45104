import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { postmanCollection } from '../postman/collection.ts';

/** `berth postman`: needs no key and no server. */
export const addPostman = (program: Command): void => {
  const command = program
    .command('postman')
    .summary('print the API as a Postman collection')
    .description(
      'Prints the API as a Postman collection (format 2.1), which Bruno and Insomnia import as well. It has no key: set ' +
        'the variable apiKey in an environment. The variables session, chatId, groupId, channelId and messageId say what ' +
        'its requests are about.',
    );
  examples(command, '> berth.postman_collection.json');
  runs(command, z.object({}), async (_, { out, url }) => {
    const collection = postmanCollection(url);
    out.result(collection, JSON.stringify(collection, null, 2));
  });
};
