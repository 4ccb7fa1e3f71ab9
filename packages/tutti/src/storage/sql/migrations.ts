import { OptionError, shown, TuttiError } from '../../kernel/index.ts'
import { StorageError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import { migratorFor, type Migration, type Migrator } from './kysely-dialect.ts'

/** One of the user's migrations. */
export interface UserMigration {
  /** The name of its file without the extension; migrations are done in the order of their names. */
  readonly name: string
  /** When it was done; `undefined` where it waits. */
  readonly doneAt: Date | undefined
}

/** Where migrations are: a folder with files that export `up(db)` and maybe `down(db)`, `db` being Kysely. */
export interface MigrationFolder {
  /** @default 'migrations' */
  readonly folder?: string
}

/**
 * Does all migrations that wait, in one transaction, which also keeps others from doing the same; MySQL commits each change of the schema
 * by itself. Resolves with their names. Throws `TUTTI_MIGRATION_FAILED`.
 */
export function migrateUp(storage: Storage, options: MigrationFolder = {}): Promise<readonly string[]> {
  return migrate(storage, options, (migrator) => migrator.migrateToLatest())
}

/** Undoes the last migration that was done. Resolves with its name, if there was one. Throws `TUTTI_MIGRATION_FAILED`. */
export function migrateDown(storage: Storage, options: MigrationFolder = {}): Promise<readonly string[]> {
  return migrate(storage, options, (migrator) => migrator.migrateDown())
}

/** All migrations, in their order. */
export async function migrationStatus(
  storage: Storage,
  { folder = 'migrations' }: MigrationFolder = {},
): Promise<readonly UserMigration[]> {
  const found = await migratorFor(storage, await load(folder)).getMigrations()
  return found.map(({ name, executedAt }) => ({ name, doneAt: executedAt }))
}

async function migrate(
  storage: Storage,
  { folder = 'migrations' }: MigrationFolder,
  work: (migrator: Migrator) => ReturnType<Migrator['migrateUp']>,
): Promise<readonly string[]> {
  const migrations = await load(folder)
  return storage.transaction(async (tx) => {
    const { error, results = [] } = await work(migratorFor(tx, migrations))
    if (error === undefined) return results.map(({ migrationName }) => migrationName)
    const failed = results.find(({ status }) => status === 'Error')?.migrationName
    throw new StorageError(
      'TUTTI_MIGRATION_FAILED',
      `${failed === undefined ? 'The migrations' : `The migration ${failed}`} in ${folder} failed: ${TuttiError.from(error).message}`,
      { cause: error, details: { folder, ...(failed !== undefined && { migration: failed }) } },
    )
  })
}

/** Scripts, but neither type declarations nor tests. */
const migrationFile = /^(?!.*\.(?:d|test)\.)(.+)\.[cm]?[jt]s$/

async function load(folder: string): Promise<Record<string, Migration>> {
  const { join, resolve } = process.getBuiltinModule('node:path')
  const { pathToFileURL } = process.getBuiltinModule('node:url')
  const files = await filesOf(folder)
  const migrations: Record<string, Migration> = Object.create(null)
  for (const file of files.toSorted()) {
    const name = migrationFile.exec(file)?.[1]
    if (name === undefined) continue
    const module: unknown = await import(pathToFileURL(join(resolve(folder), file)).href)
    if (!isMigration(module))
      throw new OptionError(`The migration ${join(folder, file)} exports no function up; wanted \`export async function up(db) { … }\`.`)
    if (name in migrations) throw new OptionError(`The folder ${folder} has two migrations with the name ${name}; wanted different names.`)
    migrations[name] = module
  }
  return migrations
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await process.getBuiltinModule('node:fs/promises').readdir(folder)
  } catch (cause) {
    throw new OptionError(
      `The folder of migrations ${shown(folder)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

function isMigration(module: unknown): module is Migration {
  return typeof module === 'object' && module !== null && 'up' in module && typeof module.up === 'function'
}
