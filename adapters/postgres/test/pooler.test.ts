import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runStorageCase, storageConformance, tortureStorage } from 'tutti/testing'
import { freePort } from '../../../scripts/services/private-server.mjs'
import { postgres } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((file) => spawnSync(file, ['--version']).status === 0)

const describeWithPooler = (name: string, tests: () => void): void => {
  if (program === undefined) describe.skip(`${name} (skipped: pgbouncer is not installed)`, tests)
  else describeWithServer(name, tests)
}

// Three server connections for everybody, and another one for every transaction: nothing of a session can survive.
describeWithPooler('Behind PgBouncer in transaction mode', () => {
  const schema = ownSchema()
  let pooler: ChildProcess
  let folder: string
  let pooled: string

  beforeAll(async () => {
    const direct = await testStorage(schema)
    await direct.close()
    const { hostname, port, username, pathname } = new URL(url)
    folder = mkdtempSync(join(tmpdir(), 'tutti-pgbouncer-'))
    chmodSync(folder, 0o755)
    const own = await freePort()
    const file = join(folder, 'pgbouncer.ini')
    writeFileSync(join(folder, 'users.txt'), `"${username}" ""\n`)
    writeFileSync(
      file,
      `[databases]
* = host=${hostname} port=${port} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
`,
    )
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
    pooler = spawn(program as string, [...user, file], { stdio: 'ignore' })
    pooled = `postgres://${username}@127.0.0.1:${own}${pathname}`
    const probe = postgres({ url: pooled, schema, wakeUps: false })
    await vi.waitFor(() => probe.ping(), { timeout: 60_000, interval: 50 })
    await probe.close()
  }, 120_000)

  afterAll(async () => {
    pooler.kill('SIGKILL')
    await dropSchema(schema)
    await rm(folder, { recursive: true, force: true })
  })

  const open = () => postgres({ url: pooled, schema, wakeUps: { url } })

  it('answers like the server itself', async () => {
    const failed: string[] = []
    for (const one of storageConformance) {
      await runStorageCase(one, open).catch((error: unknown) => failed.push(`${one.name}: ${String(error)}`))
    }
    expect(failed).toEqual([])
  }, 300_000)

  it('skips nothing and inverts nothing', async () => {
    const { events } = await tortureStorage(() => postgres({ url: pooled, schema, wakeUps: false }), {
      seconds: 2,
      writers: 12,
      storages: 2,
    })
    expect(events).toBeGreaterThan(50)
  }, 120_000)

  it('makes and updates the schema', async () => {
    const own = ownSchema()
    await using storage = postgres({ url: pooled, schema: own, wakeUps: false })
    await expect(storage.migrate()).resolves.toMatchObject({ from: 0 })
    await expect(storage.migrate()).resolves.toMatchObject({ steps: [] })
    await dropSchema(own)
  })
})
