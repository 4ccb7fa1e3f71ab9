import { appendOne } from './append-one.ts'
import { otherWrites } from './other-writes.ts'
import { positions } from './positions.ts'
import { reads } from './reads.ts'
import { documentIndexes, partitions, tables } from './tables.ts'
import { writeBatch } from './write-batch.ts'

/** What the schema is made with. */
export interface SchemaOptions {
  /** The schema's name, quoted. */
  readonly schema: string
  /** The first key of the advisory locks: another one for each schema of a database. */
  readonly lockClass: number
  readonly partitionSize: number
}

/** One change of the schema; a released one is never changed, another one is put behind it. */
export interface SchemaStep {
  readonly version: number
  readonly name: string
  sql(options: SchemaOptions): string
}

export const schemaSteps: readonly SchemaStep[] = [
  {
    version: 1,
    name: 'events, streams, append keys and documents',
    sql: ({ schema, lockClass, partitionSize }) =>
      [
        tables(schema, partitionSize),
        partitions(schema),
        positions(schema, lockClass),
        appendOne(schema, lockClass),
        writeBatch(schema, lockClass),
        otherWrites(schema),
        reads(schema),
        `select ${schema}.ensure_partitions(0);`,
      ].join('\n'),
  },
  { version: 2, name: 'documents by status and tenant', sql: ({ schema }) => documentIndexes(schema) },
]
