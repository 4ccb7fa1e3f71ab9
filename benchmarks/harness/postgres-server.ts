import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { serviceUrl } from './service-url.ts'

/** Databases of the run's own, by the names that were asked for. */
export type Databases<Name extends string> = Readonly<Record<Name, string>>

/**
 * Makes databases for one run on the PostgreSQL server of the tests, which it brings up, and drops them whatever happens. Rejects where the
 * server acknowledges what is not on the disk.
 */
export async function withDatabases<Name extends string, T>(
  names: readonly Name[],
  work: (urls: Databases<Name>) => Promise<T>,
): Promise<T> {
  const server = serviceUrl({ name: 'postgres', variable: 'TUTTI_POSTGRES_URL' })
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const prefix = `tutti_bench_${crypto.randomUUID().slice(0, 8)}`
  const made: string[] = []
  try {
    await requireDurability(client)
    const urls: Partial<Record<Name, string>> = {}
    for (const name of names) {
      const database = `${prefix}_${name}`
      await client.query(`create database ${database}`)
      made.push(database)
      const url = new URL(server)
      url.pathname = `/${database}`
      urls[name] = url.href
    }
    return await work(urls as Databases<Name>)
  } finally {
    for (const database of made) await drop(client, database)
    await client.end()
  }
}

/** Forcing it would fail on what the server itself does in the database, which gives way where nobody forces it. */
async function drop(client: pg.Client, database: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(`drop database ${database}`)
      return
    } catch (error) {
      // The server has not noticed yet that the programs under test are gone.
      if (attempt === 100) throw error
      await sleep(100)
    }
  }
}

async function requireDurability(client: pg.Client): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await client.query<Record<string, string>>(`show ${setting}`)
    const value = rows[0]?.[setting]
    if (value !== 'on') throw new Error(`the server has ${setting} = ${value}; wanted on, for what is measured is durable`)
  }
}

/**
 * Waits until no other database of the server has a transaction open that writes: Emmett's consumers see nothing that was committed after
 * the oldest of them began. Rejects where it takes too long.
 */
export async function waitForNeighbours(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const end = performance.now() + 30_000; performance.now() < end; await sleep(100)) {
      const { rows } = await client.query('select from pg_stat_activity where backend_xid is not null')
      if (rows.length === 0) return
    }
    throw new Error('others had transactions open on the server for 30 s, which stops what is to be measured; run this when they are done')
  } finally {
    await client.end()
  }
}
