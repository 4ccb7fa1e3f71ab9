import { StorageError, type MigrationReport } from 'tutti/storage'
import type { PoolClient } from './client.ts'
import type { Connections } from './connections.ts'
import { storageError } from './failures.ts'
import { schemaSteps, type SchemaOptions } from './schema/steps.ts'

/** The changes of a part of the schema, and the table in which it is noted which of them were made. */
export interface MigrationPlan {
  /** The schema's name, quoted. */
  readonly schema: string
  readonly table: string
  readonly steps: readonly { readonly version: number; readonly name: string; readonly sql: string }[]
}

/** Brings the storage's schema to the newest version. */
export function migrate(connections: Connections, options: SchemaOptions, dryRun: boolean): Promise<MigrationReport> {
  const steps = schemaSteps.map(({ version, name, sql }) => ({ version, name, sql: sql(options) }))
  return carryOut(connections, { schema: options.schema, table: 'migrations', steps }, dryRun)
}

/** Makes what is missing of a part of the schema, in one transaction that waits for other processes doing the same. */
export async function carryOut(connections: Connections, plan: MigrationPlan, dryRun: boolean): Promise<MigrationReport> {
  const client = await connections.checkout()
  try {
    const report = await runSteps(client, plan, dryRun)
    client.release()
    return report
  } catch (error) {
    // Ends the transaction as well.
    client.release(true)
    throw storageError(error, connections.place, 'none')
  }
}

async function runSteps(client: PoolClient, plan: MigrationPlan, dryRun: boolean): Promise<MigrationReport> {
  const { schema, table } = plan
  await client.query('begin isolation level read committed')
  // One lock for all parts: they make the same schema.
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${schema}.migrations`])
  const from = await versionOf(client, `${schema}.${table}`)
  const to = plan.steps.at(-1)?.version ?? 0
  if (from > to)
    throw new StorageError(
      'TUTTI_STORAGE_SCHEMA',
      `The schema ${schema} has version ${from}; this program knows versions up to ${to}. Deploy the newer @tutti/postgres that migrated it.`,
    )
  const steps = plan.steps.filter(({ version }) => version > from)
  if (!dryRun && steps.length > 0) {
    await client.query(`create schema if not exists ${schema}`)
    await client.query(
      `create table if not exists ${schema}.${table} (version integer primary key, name text not null, at timestamptz not null default now())`,
    )
    for (const step of steps) {
      await client.query(step.sql)
      await client.query(`insert into ${schema}.${table} (version, name) values ($1, $2)`, [step.version, step.name])
    }
  }
  await client.query(dryRun ? 'rollback' : 'commit')
  return { from, to, steps: steps.map(({ version, name }) => ({ version, name })), dryRun }
}

async function versionOf(client: PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ there: string | null }>('select to_regclass($1) as there', [table])
  if ((rows[0]?.there ?? null) === null) return 0
  const versions = await client.query<{ version: number }>(`select coalesce(max(version), 0) as version from ${table}`)
  return versions.rows[0]?.version ?? 0
}
