import { StorageError, type MigrationReport } from 'tutti/storage'
import type { Connections } from './connections.ts'
import type { Lease } from './lease.ts'
import { literal } from './literals.ts'
import { migrations } from './migrations.ts'
import type { Tables } from './tables.ts'

/** Whose schema is migrated. */
export interface MigrateParts {
  readonly connections: Connections
  readonly tables: Tables
  readonly database: string
  readonly prefix: string
}

/** How long another process may migrate before this one gives up, in seconds. */
const patience = 60

/** Brings the tables to the latest version, one process at a time. */
export async function migrate(parts: MigrateParts, { dryRun }: { readonly dryRun: boolean }): Promise<MigrationReport> {
  return parts.connections.with(
    async (lease) => {
      if (dryRun) return report(await versionOf(lease, parts), true)
      // The server knows names of up to 64 characters, for all databases together.
      const lock = literal(`${parts.prefix}migrate ${parts.database}`.slice(0, 64))
      const [locked] = await lease.ask([`select get_lock(${lock}, ${patience})`])
      if (locked?.rows[0]?.[0] !== 1)
        throw new StorageError(
          'TUTTI_STORAGE_CONTENTION',
          `Another process has been migrating ${parts.connections.place} for more than ${patience} seconds. Do it again.`,
          { status: 503, details: { outcome: 'none' } },
        )
      try {
        return await run(lease, parts)
      } finally {
        await lease.ask([`select release_lock(${lock})`]).catch(() => lease.release(true))
      }
    },
    { attempts: 2 },
  )
}

async function run(lease: Lease, parts: MigrateParts): Promise<MigrationReport> {
  const from = await versionOf(lease, parts)
  const done = report(from, false)
  const collation = await collationOf(lease)
  const t = parts.tables
  const log = `create table if not exists ${t.migrations} (version int not null primary key, name varchar(250) not null) engine = InnoDB default character set utf8mb4 collate ${collation}`
  if (done.steps.length > 0) await lease.ask([log])
  for (const migration of migrations) {
    if (migration.version <= from) continue
    for (const statement of migration.statements(t, collation)) await lease.ask([statement])
    await lease.ask([`insert into ${t.migrations} (version, name) values (${migration.version}, ${literal(migration.name)})`])
  }
  return done
}

function report(from: number, dryRun: boolean): MigrationReport {
  const steps = migrations.filter(({ version }) => version > from).map(({ version, name }) => ({ version, name }))
  return { from, to: migrations.at(-1)?.version ?? from, steps, dryRun }
}

async function versionOf(lease: Lease, { tables, database, prefix, connections }: MigrateParts): Promise<number> {
  const [there] = await lease.ask([
    `select 1 from information_schema.tables where table_schema = ${literal(database)} and table_name = ${literal(`${prefix}migrations`)}`,
  ])
  if (there?.rows.length !== 1) return 0
  const [row] = (await lease.ask([`select max(version) from ${tables.migrations}`]))[0]?.rows ?? []
  const version = Number(row?.[0] ?? 0)
  const known = migrations.at(-1)?.version ?? 0
  if (version <= known) return version
  throw new StorageError(
    'TUTTI_STORAGE_SCHEMA',
    `The schema at ${connections.place} has version ${version}, but this Tutti knows ${known}. Deploy the later version everywhere.`,
  )
}

/** Compares characters exactly, trailing spaces included; MariaDB and MySQL call it differently. */
async function collationOf(lease: Lease): Promise<string> {
  const names = `'utf8mb4_nopad_bin', 'utf8mb4_0900_bin'`
  const [found] = await lease.ask([`select collation_name from information_schema.collations where collation_name in (${names})`])
  const name = found?.rows[0]?.[0]
  if (typeof name === 'string') return name
  throw new StorageError(
    'TUTTI_STORAGE_SCHEMA',
    'The server knows neither the collation utf8mb4_nopad_bin nor utf8mb4_0900_bin; Tutti works with MySQL from 8.0.17 and MariaDB from 10.6.',
  )
}
