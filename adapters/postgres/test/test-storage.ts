import { randomBytes } from 'node:crypto'
import { describe } from 'vitest'
import { postgres, type PostgresOptions, type PostgresStorage } from '../src/index.ts'

/** The server of the tests; `npm test` brings it up. */
export const url = process.env['TUTTI_POSTGRES_URL'] ?? ''

/** Tests that need the server; without it they are skipped, and their name says why. In CI `npm test` fails instead. */
export function describeWithServer(name: string, tests: () => void): void {
  if (url === '') describe.skip(`${name} (skipped: TUTTI_POSTGRES_URL is not set; npm test sets it)`, tests)
  else describe(name, tests)
}

/** A schema that no other test uses. */
export function ownSchema(): string {
  return `test_${randomBytes(6).toString('hex')}`
}

/** A storage whose schema is there. */
export async function testStorage(schema: string, options: PostgresOptions = {}): Promise<PostgresStorage> {
  const storage = postgres({ url, ...options, schema })
  await storage.migrate()
  return storage
}

/** Drops a schema with everything in it. */
export async function dropSchema(schema: string): Promise<void> {
  const storage = postgres({ url, schema, wakeUps: false })
  await storage.sql`drop schema if exists ${storage.sql.id(schema)} cascade`
  await storage.close()
}
