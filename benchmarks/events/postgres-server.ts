import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'

const root = join(import.meta.dirname, '../..')

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
  const server = serverUrl()
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
    for (const database of made) await client.query(`drop database ${database} with (force)`)
    await client.end()
  }
}

function serverUrl(): string {
  const given = process.env['TUTTI_POSTGRES_URL']
  if (given !== undefined && given !== '') return given
  const { stdout, status } = spawnSync(process.execPath, [join(root, 'scripts/services.mjs'), 'up', 'postgres', '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [service] = JSON.parse(stdout) as readonly { readonly url?: string; readonly reason?: string }[]
  if (status !== 0 || service?.url === undefined) throw new Error(`PostgreSQL does not answer: ${service?.reason}`)
  return service.url
}

async function requireDurability(client: pg.Client): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await client.query<Record<string, string>>(`show ${setting}`)
    const value = rows[0]?.[setting]
    if (value !== 'on') throw new Error(`the server has ${setting} = ${value}; wanted on, for what is measured is durable`)
  }
}
