import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mysql } from '@tutti/mysql'
import { postgres } from '@tutti/postgres'
import type { Storage } from 'tutti/storage'

/** A storage that no other test uses. */
export interface OwnStorage {
  /** What `STORAGE` would say. */
  readonly url: string
  remove(): Promise<void>
}

/** A kind of storage that the shop runs on. */
interface StorageKind {
  readonly name: string
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined
  create(): Promise<OwnStorage>
}

const servers = {
  PostgreSQL: { env: 'TUTTI_POSTGRES_URL', open: postgres, ends: 'with (force)' },
  MariaDB: { env: 'TUTTI_MARIADB_URL', open: mysql, ends: '' },
} as const

/** All of them; `npm test` brings the servers up. */
export const storages: readonly StorageKind[] = [{ name: 'SQLite', create: fileStorage }, server('PostgreSQL'), server('MariaDB')]

/** A storage in a file. */
export async function fileStorage(): Promise<OwnStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-'))
  return { url: `sqlite:${join(folder, 'shop.db')}`, remove: () => rm(folder, { recursive: true }) }
}

function server(name: keyof typeof servers): StorageKind {
  const { env, open, ends } = servers[name]
  const url = process.env[env] ?? ''
  const run = async (work: (storage: Storage) => PromiseLike<unknown>): Promise<void> => {
    await using storage = open({ url })
    await work(storage)
  }
  return {
    name,
    missing: url === '' ? `${env} is not set; npm test sets it` : undefined,
    async create() {
      const database = `shop_${randomBytes(6).toString('hex')}`
      await run(({ sql }) => sql`create database ${sql.id(database)}`)
      const own = new URL(url)
      own.pathname = database
      return { url: own.href, remove: () => run(({ sql }) => sql`drop database ${sql.id(database)} ${sql.raw(ends)}`) }
    },
  }
}
