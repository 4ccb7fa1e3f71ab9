import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, chmod, readFile, rm, writeFile, mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRunning, processStart } from '../lock.mjs'
import { servicesRequired } from '../needs.mjs'
import * as host from '../services/host.mjs'
import { createManager } from '../services/manager.mjs'
import { probeMysql, probePostgres, probePrometheus } from '../services/probe.mjs'
import { services } from '../services/table.mjs'

const execute = promisify(execFile)

/** The table with default ports on which nothing answers, whatever else runs on this machine. */
const privateTable = await Promise.all(services.map(async (service) => ({ ...service, port: await host.freePort() })))

const queries: Record<string, (url: URL, sql: string) => Promise<string>> = {
  async postgres(url, sql) {
    return (await execute('psql', ['--no-psqlrc', '-At', url.href, '-c', sql])).stdout.trim()
  },
  async mariadb(url, sql) {
    const args = ['--no-defaults', '-N', '-B', '-h', url.hostname, '-P', url.port, '-u', url.username, url.pathname.slice(1), '-e', sql]
    return (await execute('mariadb', args)).stdout.trim()
  },
}

describe.each(privateTable)('$title', (service) => {
  const query = queries[service.name]
  let root: string
  const manager = () => createManager({ root, table: privateTable, env: {} })
  const state = async () => JSON.parse(await readFile(join(root, `.tutti/services/${service.name}.json`), 'utf8'))
  let reason: string | undefined
  const folders = new Set<string>()

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tutti-services-'))
    await chmod(root, 0o755)
    const [found] = await manager().up([service.name])
    if (found.source === 'none') reason = found.reason
    else folders.add(dirname((await state()).log))
  }, 180_000)

  afterAll(async () => {
    await manager().down([service.name])
    for (const folder of [...folders, root]) await rm(folder, { recursive: true, force: true })
  }, 240_000)

  /** A test that needs the server: without one it fails in CI, and elsewhere is skipped with the reason. */
  const served = (name: string, work: () => Promise<void>) =>
    it(name, { timeout: 240_000 }, async ({ skip }) => {
      if (reason !== undefined && !servicesRequired()) skip(reason)
      expect(reason).toBeUndefined()
      await work()
    })

  served('is up, and is to be had at the same place after a restart', async () => {
    const [first] = await manager().status([service.name])
    expect(first).toMatchObject({ source: 'started', name: service.name })
    const url = new URL(first.url)
    expect(url.hostname).toBe('127.0.0.1')
    if (query !== undefined) {
      // As an ordinary account.
      await query(url, 'CREATE TABLE kept (n int)')
      await query(url, 'INSERT INTO kept VALUES (42)')
    }
    expect(await manager().down([service.name])).toMatchObject([{ outcome: 'stopped' }])
    expect(await manager().status([service.name])).toMatchObject([{ source: 'none' }])
    const [second] = await manager().up([service.name])
    expect(second).toMatchObject({ source: 'started', url: first.url })
    if (query !== undefined) expect(await query(url, 'SELECT n FROM kept')).toBe('42')
  })

  served('is started once by callers at the same time', async () => {
    await manager().down([service.name])
    const found = await Promise.all([1, 2, 3].map(() => manager().up([service.name])))
    expect(new Set(found.map(([one]) => one.url)).size).toBe(1)
    expect(isRunning(await state())).toBe(true)
  })

  served('prefers the URL of the environment, and does not stop what others started', async () => {
    const [{ url }] = await manager().up([service.name])
    const elsewhere = await mkdtemp(join(tmpdir(), 'tutti-services-'))
    const other = createManager({ root: elsewhere, table: privateTable, env: { [service.env]: url } })
    expect(await other.up([service.name])).toMatchObject([{ source: 'environment', url }])
    expect(await other.down([service.name])).toMatchObject([{ outcome: 'not started from here' }])
    expect(await manager().status([service.name])).toMatchObject([{ source: 'started', url }])
    await rm(elsewhere, { recursive: true })
  })

  served('is used where it answers on the default port', async () => {
    const [{ url }] = await manager().up([service.name])
    const elsewhere = await mkdtemp(join(tmpdir(), 'tutti-services-'))
    const table = [{ ...service, port: Number(new URL(url).port) }]
    expect(await createManager({ root: elsewhere, table, env: {} }).up()).toMatchObject([{ source: 'default port', url }])
    expect(existsSync(join(elsewhere, `.tutti/services/${service.name}.json`))).toBe(false)
    await rm(elsewhere, { recursive: true })
  })

  // The others know no accounts.
  if (query !== undefined)
    served('lets nobody but its account in without a password', async () => {
      const [{ url }] = await manager().up([service.name])
      const stranger = new URL(url)
      stranger.username = 'stranger'
      await expect(service.probe(stranger.href, { login: true })).rejects.toThrow(/answers|password/)
      await expect(service.probe(stranger.href)).resolves.toBeDefined()
    })

  served('does not stop a foreign process that has the id of a server that ended', async () => {
    await manager().down([service.name])
    const file = join(root, `.tutti/services/${service.name}.json`)
    await writeFile(file, JSON.stringify({ ...(await state()), pid: process.pid, start: 'long ago' }))
    expect(await manager().down([service.name])).toMatchObject([{ outcome: 'not running' }])
    expect(processStart(process.pid)).toBeDefined()
  })
})

describe('PostgreSQL', () => {
  it.runIf(process.getuid?.() === 0 && existsSync('/usr/lib/postgresql'))(
    'keeps its data outside a checkout that its user cannot enter, on real durability settings',
    async () => {
      const root = await mkdtemp(join(tmpdir(), 'tutti-closed-'))
      const manager = createManager({ root, table: privateTable, env: {} })
      try {
        const [found] = await manager.up(['postgres'])
        expect(found).toMatchObject({ source: 'started' })
        const url = new URL(found.url)
        const settings = ['fsync', 'synchronous_commit', 'max_connections']
        const values = await Promise.all(settings.map((setting) => queries['postgres']?.(url, `SHOW ${setting}`)))
        expect(values).toEqual(['on', 'on', '200'])
        expect(await queries['postgres']?.(url, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toBe('f')
      } finally {
        const { log } = JSON.parse(await readFile(join(root, '.tutti/services/postgres.json'), 'utf8'))
        expect(log).toMatch(/^\/var\/tmp\/tutti-/)
        await manager.down(['postgres'])
        await rm(dirname(log), { recursive: true, force: true })
        await rm(root, { recursive: true, force: true })
      }
    },
    240_000,
  )
})

describe('where no server is to be had', () => {
  it('says that the URL of the environment does not answer, and starts nothing in its place', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tutti-services-'))
    const port = await host.freePort()
    const env = { TUTTI_POSTGRES_URL: `postgres://tutti@127.0.0.1:${port}/tutti` }
    expect(await createManager({ root, table: services, env }).up(['postgres'])).toMatchObject([
      { source: 'none', reason: `TUTTI_POSTGRES_URL is set, but 127.0.0.1:${port} cannot be reached (ECONNREFUSED)` },
    ])
    await rm(root, { recursive: true })
  })

  it('says what is missing and what to do', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tutti-services-'))
    const table = privateTable.map((service) => ({ ...service, folders: [], programs: ['no-such-program'] }))
    const bare = { ...host, isRoot: () => false, hasCompose: () => false }
    const [found] = await createManager({ root, table, env: {}, host: bare }).up(['postgres'])
    expect(found.source).toBe('none')
    expect(found.reason).toContain('no-such-program not installed')
    expect(found.reason).toContain('Install PostgreSQL, start Docker, or set TUTTI_POSTGRES_URL to the URL of a running server')
    await rm(root, { recursive: true })
  })

  it('names the services there are when asked for another', async () => {
    await expect(createManager({ root: tmpdir(), table: services, env: {} }).up(['oracle'])).rejects.toThrow(
      'there is no service "oracle"; the services are postgres, mariadb, prometheus, chromium',
    )
  })
})

describe.each([
  { protocol: 'PostgreSQL', probe: probePostgres, scheme: 'postgres' },
  { protocol: 'MySQL', probe: probeMysql, scheme: 'mysql' },
])('the $protocol probe', ({ protocol, probe, scheme }) => {
  const listen = async (answer: string | undefined): Promise<{ server: Server; url: string }> => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      if (answer === undefined) socket.destroy()
      else socket.write(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return { server, url: `${scheme}://tutti@127.0.0.1:${typeof address === 'object' ? address?.port : 0}/tutti` }
  }

  it('is not taken in by another protocol on the port', async () => {
    const { server, url } = await listen('HTTP/1.1 400 Bad Request\r\nConnection: keep-alive\r\n')
    await expect(probe(url)).rejects.toThrow(`does not speak the ${protocol} protocol`)
    server.close()
  })

  it('is not taken in by a port that only accepts', async () => {
    const { server, url } = await listen(undefined)
    await expect(probe(url)).rejects.toThrow(/closed the connection without an answer|cannot be reached/)
    server.close()
  })
})

describe('the Prometheus probe', () => {
  it('is not taken in by another web server', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    await expect(probePrometheus(url)).rejects.toThrow('does not speak as Prometheus does')
    server.close()
    await expect(probePrometheus(`http://127.0.0.1:${await host.freePort()}`)).rejects.toThrow('cannot be reached (ECONNREFUSED)')
  })
})

describe('withLock', () => {
  it('takes over from a holder that died', async () => {
    const { withLock } = await import('../lock.mjs')
    const folder = await mkdtemp(join(tmpdir(), 'tutti-lock-'))
    await mkdir(join(folder, 'a'))
    await writeFile(join(folder, 'a/lock'), JSON.stringify({ pid: process.pid, start: 'another time' }))
    expect(await withLock(join(folder, 'a/lock'), () => 'mine')).toBe('mine')
    await rm(folder, { recursive: true })
  })

  it('lets one in at a time', async () => {
    const { withLock } = await import('../lock.mjs')
    const folder = await mkdtemp(join(tmpdir(), 'tutti-lock-'))
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all([1, 2, 3, 4].map(() => withLock(join(folder, 'lock'), work)))
    expect({ most, inside }).toEqual({ most: 1, inside: 0 })
    await rm(folder, { recursive: true })
  })
})
