import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { App, type AppOptions } from '../../../src/index.ts'
import { RawSocket, statuses } from './raw-socket.ts'

const host = 'Host: a.example\r\n'
const open: App[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.stop()
})

async function serve(http: NonNullable<AppOptions['http']>): Promise<string> {
  const app = new App({ name: 't', log: { level: 'silent' }, http })
  app.get('/', () => 'root')
  app.get('/never', () => new Promise(() => {}))
  app.get('/source', async ({ source }) => {
    let size = 0
    for await (const chunk of source) size += (chunk as Buffer).length
    return { size }
  })
  open.push(app)
  return (await app.listen(0)).url
}

describe('connections', () => {
  it('are closed when they wait too long for their next request', async () => {
    const socket = await RawSocket.open(await serve({ keepAliveTimeout: '100ms' }))
    const answer = await socket.send(`GET / HTTP/1.1\r\n${host}\r\n`).whole()
    expect(statuses(answer)).toEqual([200])
  })

  it('are closed when they are silent for too long in the middle of a request', async () => {
    const socket = await RawSocket.open(await serve({ idleTimeout: '200ms' }))
    expect(await socket.send(`GET /never HTTP/1.1\r\n${host}\r\n`).whole()).toBe('')
  })

  it('are no more than are allowed', async () => {
    const url = await serve({ maxConnections: 1 })
    const first = await RawSocket.open(url)
    await first.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(/root$/)
    const second = await RawSocket.open(url)
    expect(await second.send(`GET / HTTP/1.1\r\n${host}\r\n`).whole()).toBe('')
    await first.send(`GET / HTTP/1.1\r\n${host}\r\n`).until(/root[^]*root$/)
    first.destroy()
  })

  it('can be read by handlers where there is no body', async () => {
    expect(await (await fetch(`${await serve({})}/source`)).json()).toEqual({ size: 0 })
  })
})

describe('a plain server', () => {
  it('loads neither node:http2 nor node:tls nor node:https', async () => {
    const index = new URL('../../../src/index.ts', import.meta.url).href
    const script = `
      const { App } = await import(${JSON.stringify(index)})
      const app = new App({ name: 't', log: { level: 'silent' } })
      app.get('/', () => 'root')
      await app.listen(0)
      const loaded = process.moduleLoadList.filter((name) => /^NativeModule (internal\\/http2|http2|tls|https)/.test(name))
      console.log(JSON.stringify(loaded))
      await app.stop()`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@tutti/source', '--input-type=module', '--eval', script],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    )
    expect(JSON.parse(stdout)).toEqual([])
  })
})
