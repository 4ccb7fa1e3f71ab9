import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { Child, type ChildOptions } from './child.ts'

const app = (): App => new App({ name: 't', log: { level: 'silent' } })

async function busyPort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) }
}

describe('a start that fails', () => {
  it('says that the port is taken', async () => {
    await using busy = await busyPort()
    await expect(app().listen(busy.port, '127.0.0.1')).rejects.toMatchObject({
      code: 'TUTTI_PORT_IN_USE',
      message: expect.stringContaining(`port ${busy.port}: another process uses this port`),
    })
  })

  it('says that the address is not one of this machine', async () => {
    await expect(app().listen(0, '203.0.113.1')).rejects.toMatchObject({
      code: 'TUTTI_LISTEN_FAILED',
      message: expect.stringContaining('no such address'),
    })
    await expect(app().listen(0, 'nowhere.invalid')).rejects.toMatchObject({ code: 'TUTTI_LISTEN_FAILED' })
  })

  it('says what is wrong with a port', async () => {
    await expect(app().listen(70_000)).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
  })

  it('leaves nothing running behind', async () => {
    await using busy = await busyPort()
    const stopped: string[] = []
    const failing = app()
    failing.onStart(() => stopped.push('start'))
    failing.onStop(() => stopped.push('stop'))
    const before = process.listenerCount('SIGTERM')
    await expect(failing.listen(busy.port, '127.0.0.1')).rejects.toThrow()
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })
})

describe('a process whose start fails', () => {
  async function fails(options: ChildOptions): Promise<string> {
    await using child = new Child(options)
    expect(await child.exit).toBeGreaterThan(0)
    expect(child.stdout).not.toContain('listening')
    return child.stderr
  }
  const count = (text: string, part: string): number => text.split(part).length - 1

  it('ends with a code that is not 0 and prints the reason once: a busy port', async () => {
    await using busy = await busyPort()
    const printed = await fails({ port: busy.port })
    expect(count(printed, 'another process uses this port')).toBe(1)
    expect(printed).toContain('TUTTI_PORT_IN_USE')
  })

  it('prints the reason once: an unknown host', async () => {
    expect(count(await fails({ host: '203.0.113.1' }), 'this machine has no such address')).toBe(1)
  })

  it('prints the reason once: TLS files that are not there', async () => {
    const printed = await fails({ app: { http: { tls: { cert: '/none.crt', key: '/none.key' } } } })
    expect(count(printed, 'names the file /none.crt, which cannot be read')).toBe(1)
  })

  it('names the hook that failed', async () => {
    expect(await fails({ mode: 'crash-at-start' })).toContain('no database here')
  })

  it('prints the reason once with workers as well', async () => {
    await using busy = await busyPort()
    const printed = await fails({ port: busy.port, app: { workers: 2 } })
    expect(count(printed, 'another process uses this port')).toBe(1)
    expect(printed).toContain('TUTTI_PORT_IN_USE')
  })

  it('says which hook failed in a worker', async () => {
    expect(
      count(await fails({ mode: 'crash-at-start', app: { workers: 2 } }), 'The start hook "onStart" failed: no database here'),
    ).toBeGreaterThanOrEqual(1)
  })

  it('gives up on workers that end again and again before they listen', async () => {
    const printed = await fails({ mode: 'exit-at-start', app: { workers: 1 } })
    expect(printed).toContain('TUTTI_WORKER_FAILED')
    expect(printed).toContain('exit code 3')
  })

  it('gives up on workers that end again and again as soon as they listen', async () => {
    await using child = new Child({ mode: 'crash-soon', app: { workers: 1 } })
    const code = await child.exit
    expect(code).toBeGreaterThan(0)
    expect(child.stdout + child.stderr).toContain('Workers end as soon as they start')
  })
})
