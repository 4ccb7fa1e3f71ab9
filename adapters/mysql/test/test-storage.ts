import { randomBytes } from 'node:crypto'
import { createConnection } from 'mysql2/promise'
import { describe } from 'vitest'
import { mysql, type MysqlOptions, type MysqlStorage } from '../src/index.ts'

/** The server of the tests; `npm test` brings it up. */
export const url = process.env['TUTTI_MARIADB_URL'] ?? ''

/** Tests that need the server; without it they are skipped, and their name says why. In CI `npm test` fails instead. */
export function describeWithServer(name: string, tests: () => void): void {
  if (url === '') describe.skip(`${name} (skipped: TUTTI_MARIADB_URL is not set; npm test sets it)`, tests)
  else describe(name, tests)
}

/** A database that no other test uses. */
export async function ownDatabase(server = url): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name} character set utf8mb4`, server)
  return name
}

/** Drops a database with everything in it. */
export async function dropDatabase(name: string, server = url): Promise<void> {
  await onServer(`drop database if exists ${name}`, server)
}

/** Runs a statement without Tutti. */
export async function onServer(statement: string, server = url): Promise<readonly Record<string, unknown>[]> {
  const connection = await createConnection(server)
  try {
    const [rows] = await connection.query(statement)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  } finally {
    await connection.end()
  }
}

/** A storage whose tables are there. */
export async function testStorage(database: string, options: MysqlOptions = {}): Promise<MysqlStorage> {
  const storage = mysql({ url, database, ...options })
  await storage.migrate()
  return storage
}
