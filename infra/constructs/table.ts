import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { DUE_PROJECTION, INDEXES, TTL_ATTRIBUTE } from '../../core/items.ts';
import { removalOf } from './removal.ts';

/**
 * The one table. `due` carries only what finds the base item: an index proposes, the base item decides, and every
 * change of a session would be paid a second time for data that no reader may rely on.
 */
export const createTable = (
  scope: Construct,
  id: string,
  options: { protected: boolean; locked: boolean },
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
    indexName: 'byUser',
    partitionKey: { name: INDEXES.byUser.partition, type: AttributeType.STRING },
    sortKey: { name: INDEXES.byUser.sort, type: AttributeType.STRING },
    projectionType: ProjectionType.ALL,
  });
  table.addGlobalSecondaryIndex({
    indexName: 'due',
    partitionKey: { name: INDEXES.due.partition, type: AttributeType.STRING },
    sortKey: { name: INDEXES.due.sort, type: AttributeType.NUMBER },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...DUE_PROJECTION],
  });
  return table;
};
