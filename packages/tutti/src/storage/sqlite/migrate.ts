import { StorageError } from '../errors.ts'
import type { MigrationReport } from '../storage.ts'
import type { Connection } from './connection.ts'
import type { DatabaseFile } from './database-file.ts'
import { currentVersion, schemaVersions } from './schema.ts'

/** The version of the schema that a connection sees; 0 where there is none. */
export function schemaVersion(connection: Connection): number {
  if (connection.get("select 1 from sqlite_schema where type = 'table' and name = 'tutti_schema'") === undefined) return 0
  return connection.get<{ version: number }>('select coalesce(max(version), 0) as version from tutti_schema')?.version ?? 0
}

/** Throws where the schema is not what this Tutti works with. */
export function assertSchema(version: number): void {
  if (version === currentVersion) return
  throw new StorageError(
    'TUTTI_STORAGE_SCHEMA',
    version < currentVersion
      ? `The SQLite file has the schema version ${version}; wanted ${currentVersion}. Call storage.migrate() first.`
      : `The SQLite file has the schema version ${version}, of a later Tutti; this one knows ${currentVersion}. Deploy the later one.`,
    { details: { version, wanted: currentVersion } },
  )
}

/** Brings the schema up to date in one transaction, which is the lock against others who do the same. */
export async function migrateFile(
  file: DatabaseFile,
  { dryRun, now }: { readonly dryRun: boolean; readonly now: number },
): Promise<MigrationReport> {
  if (dryRun) return reportOf(await file.read(schemaVersion), true)
  return file.turns.during(async () => {
    await file.begin()
    try {
      const report = reportOf(schemaVersion(file.writer), false)
      if (report.from > report.to) assertSchema(report.from)
      if (report.steps.length === 0) {
        file.rollback()
        return report
      }
      file.writer.exec('create table if not exists tutti_schema (version integer primary key, name text not null, time integer not null)')
      for (const { version, name, statements } of schemaVersions) {
        if (version <= report.from) continue
        file.writer.exec(statements)
        file.writer.run('insert into tutti_schema (version, name, time) values (?, ?, ?)', version, name, now)
      }
      await file.commit(report.steps.length * 65536)
      return report
    } catch (error) {
      file.rollback()
      throw error
    }
  })
}

function reportOf(from: number, dryRun: boolean): MigrationReport {
  const steps = schemaVersions.filter(({ version }) => version > from).map(({ version, name }) => ({ version, name }))
  return { from, to: currentVersion, steps, dryRun }
}
