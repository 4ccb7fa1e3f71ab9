import { describe, expect, it } from 'vitest'
import { App, projection, type LogDestination } from '../../src/index.ts'
import type { LogRecord, TelemetrySource } from '../../src/observe/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function destination(): LogDestination & { readonly lines: string[] } {
  const lines: string[] = []
  return { lines, write: (line) => lines.push(line) }
}

describe('the log of an application', () => {
  it('reaches whoever collects telemetry, with the ids of the trace, and never twice', async () => {
    const heard: LogRecord[] = []
    let source: TelemetrySource | undefined
    const sink = { log: (record: LogRecord) => void heard.push(record), flush: async () => {}, close: async () => {} }
    const open = async (from: TelemetrySource): Promise<typeof sink> => {
      source = from
      return sink
    }
    const to = destination()
    const app = new App({ name: 'shop', log: { level: 'info', destination: to, base: { region: 'eu' } }, telemetry: { export: { open } } })
    app.get('/', ({ log }) => {
      log.debug('too little')
      log.info('somebody is here', { password: 'p' })
      return 'hello'
    })
    await using t = await testApp(app)
    await t.get('/', { headers: { traceparent } }).expect(200)
    const record = heard.find(({ message }) => message === 'somebody is here')
    expect(record).toMatchObject({ level: 'info', fields: { app: 'shop', region: 'eu', password: '[redacted]' } })
    expect(record?.fields['traceId']).toBe(traceparent.split('-')[1])
    expect(heard.some(({ message }) => message === 'too little')).toBe(false)
    const before = heard.length
    // What is said about a sink never leads back into it.
    source?.report('The collector is down.')
    expect(heard).toHaveLength(before)
    expect(to.lines.at(-1)).toContain('The collector is down.')
  })

  it('tells the parts of Tutti apart, whose levels change while it runs', async () => {
    const to = destination()
    const app = new App({
      name: 'shop',
      storage: memoryStorage(),
      log: { level: 'silent', levels: { 'tutti.projections': 'warn' }, destination: to },
    })
    let broken = true
    app.use(
      Account,
      projection(
        'list',
        { from: [Account] },
        {
          'account.deposited': () => {
            if (broken) throw new Error('not yet')
          },
        },
      ),
    )
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('a', { amount: 1 }))
    await expect.poll(() => to.lines.length).toBeGreaterThan(0)
    expect(JSON.parse(to.lines[0] ?? '')).toMatchObject({ component: 'tutti.projections', app: 'shop' })
    t.app.log.setLevel('silent', 'tutti.projections')
    broken = false
    expect(t.app.log.levels).toEqual({ 'tutti.projections': 'silent' })
  })
})
