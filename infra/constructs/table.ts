import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { DUE_PROJECTION, INDEXES, LIST_PROJECTION, TTL_ATTRIBUTE } from '../../core/items.ts';
import type { OldIndex } from '../environment-schema.ts';
import { removalOf } from './removal.ts';

/**
 * The one table. `ofUser` carries what a list shows, `due` only what finds the base item: an index proposes, the base item
 * decides, and every change of a session would be paid a second time for data that no reader may rely on.
 *
 * An index's projection can't be changed, and one update of a table makes or removes one index. So another projection is
 * another index, and the old one goes with a second update (docs/operations.md#upgrades).
 */
export const createTable = (
  scope: Construct,
  id: string,
  options: { protected: boolean; locked: boolean; oldIndexes?: readonly OldIndex[] },
): Table => {
  const table = new Table(scope, id, {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: TTL_ATTRIBUTE,
    deletionProtection: options.locked,
    removalPolicy: removalOf(options),
  });
  table.addGlobalSecondaryIndex({
    indexName: 'ofUser',
    partitionKey: { name: INDEXES.ofUser.partition, type: AttributeType.STRING },
    sortKey: { name: INDEXES.ofUser.sort, type: AttributeType.STRING },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...LIST_PROJECTION],
  });
  table.addGlobalSecondaryIndex({
    indexName: 'due',
    partitionKey: { name: INDEXES.due.partition, type: AttributeType.STRING },
    sortKey: { name: INDEXES.due.sort, type: AttributeType.NUMBER },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...DUE_PROJECTION],
  });
  for (const indexName of options.oldIndexes ?? []) {
    table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: { name: INDEXES.ofUser.partition, type: AttributeType.STRING },
      sortKey: { name: INDEXES.ofUser.sort, type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
  }
  return table;
};
