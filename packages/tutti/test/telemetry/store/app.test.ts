import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { App, type AppOptions } from '../../../src/index.ts'
import { openTelemetryStore } from '../../../src/telemetry/index.ts'
import { temporaryFolder, testSource } from './support.ts'

const silent: AppOptions = { name: 'shop', log: { level: 'silent' }, health: false, docs: false }

describe('an application', () => {
  it('keeps its telemetry where it is told to, and hands over what is left when it stops', async () => {
    await using folder = await temporaryFolder()
    const path = folder.file('kept.db')
    const app = new App({ ...silent, telemetry: { store: { path, maxAge: '1h', maxSize: '10mb' } } })
    app.get('/', () => 'hello')
    const { url } = await app.listen(0, '127.0.0.1')
    await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true)
    expect(await (await fetch(url)).text()).toBe('hello')
    await app.stop()
    const store = await openTelemetryStore({ path, interval: 0 }, testSource())
    expect(store.traces().items.map(({ name }) => name)).toEqual(['GET /'])
    await store.close()
  })

  it('works without where the file cannot be opened, and says so', async () => {
    const lines: string[] = []
    const app = new App({
      ...silent,
      log: { destination: { write: (line) => void lines.push(line) } },
      telemetry: { store: { path: '/dev/null/impossible.db' } },
    })
    app.get('/', () => 'hello')
    const { url } = await app.listen(0, '127.0.0.1')
    await expect.poll(() => lines.join('')).toContain('Telemetry cannot be kept')
    expect(await (await fetch(url)).text()).toBe('hello')
    await app.stop()
  })

  it('keeps none in tests and production unless it is told to', async () => {
    const app = new App(silent)
    app.get('/', () => 'hello')
    await app.listen(0, '127.0.0.1')
    await app.stop()
    expect(existsSync('.tutti/shop.telemetry.db')).toBe(false)
  })

  it.each([
    [{ path: '' }, /path/],
    [{ maxAge: 'soon' as never }, /soon/],
    [{ maxSize: 'large' as never }, /large/],
  ])('refuses %j', (store, message) => {
    expect(() => new App({ telemetry: { store } })).toThrow(message)
  })
})
