import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, projection, topic, workflow, type AppOptions, type HealthReport } from '../../src/index.ts'
import { memoryBroker } from '../../src/messaging/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock, testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const create = (options: AppOptions = {}): App => new App({ name: 't', log: { level: 'silent' }, ...options })

describe('probes', () => {
  it('answer outside of middleware, in the media type of health reports', async () => {
    const app = create().use(() => {
      throw new Error('nobody gets through here')
    })
    await using t = await testApp(app)
    for (const path of ['/health', '/health/live', '/health/ready', '/health/startup'])
      await t.get(path).expect(200, { status: 'pass', checks: {} }).expectHeader('content-type', 'application/health+json')
    await t.get('/other').expect(500)
  })

  it('tell of storages and projections by themselves', async () => {
    await using t = await testApp(create({ storage: memoryStorage() }).use(Account, projection('list', { from: [Account] }, {})))
    const { body } = await t.get('/health').expect(200)
    expect(body).toMatchObject({ status: 'pass', checks: { storage: [{ status: 'pass' }], projections: [{ status: 'pass' }] } })
  })

  it('tell of brokers, consumers, schedules and workflows by themselves, which are no reason to take no requests', async () => {
    const notes = topic('notes', z.object({ text: z.string() }))
    let away = false
    const broker = memoryBroker()
    const ping = broker.ping.bind(broker)
    broker.ping = async () => {
      if (away) throw new Error('nobody there')
      return ping()
    }
    let broken = true
    const clock = fakeClock({ now: new Date('2026-03-01T00:00:00Z') })
    const app = create({ storage: memoryStorage(), broker })
      .use(workflow('rest', {}, () => 1))
      .consume(notes, { group: 'readers' }, () => {})
      .cron('nightly', '0 2 * * *', { timezone: 'UTC' }, () => {
        if (broken) throw new Error('no')
      })
    await using t = await testApp(app, { clock })
    const health = async (): Promise<HealthReport> => {
      await clock.advance('10s')
      return t.app.health()
    }
    expect(await health()).toMatchObject({
      status: 'pass',
      checks: {
        broker: [{ status: 'pass' }],
        consumers: [{ status: 'pass', details: { 'notes/readers': { paused: false, lag: 0 } } }],
        schedules: [{ status: 'pass', details: { nightly: { state: 'waiting', next: '2026-03-01T02:00:00.000Z' } } }],
        workflows: [{ status: 'pass', details: { stranded: 0 } }],
      },
    })
    away = true
    expect(await health()).toMatchObject({ status: 'warn', checks: { broker: [{ status: 'warn', output: 'nobody there' }] } })
    await t.get('/health/ready').expect(200)
    away = false
    await t.app.schedules.runNow('nightly')
    await expect.poll(async () => (await health()).checks['schedules']?.[0]?.output).toBe('Failed the last time: nightly.')
    broken = false
    await t.app.schedules.runNow('nightly')
    await expect.poll(async () => (await health()).status).toBe('pass')
  })

  it('fail where something critical fails, and warn where it is not', async () => {
    let broken = new Set<string>()
    const check = (name: string) => () => {
      if (broken.has(name)) throw new Error(`${name} is down`)
      return { queue: 3 }
    }
    const app = create()
      .healthCheck('search', check('search'), { critical: false, cache: 0 })
      .healthCheck('bank', check('bank'), { cache: 0 })
    await using t = await testApp(app)
    expect((await t.get('/health').expect(200)).body).toMatchObject({ status: 'pass', checks: { bank: [{ details: { queue: 3 } }] } })
    broken = new Set(['search'])
    expect((await t.get('/health').expect(200)).body).toMatchObject({ status: 'warn', checks: { search: [{ output: 'search is down' }] } })
    await t.get('/health/ready').expect(200)
    broken = new Set(['bank'])
    expect((await t.get('/health/ready').expect(503)).body).toMatchObject({ status: 'fail', checks: { bank: [{ status: 'fail' }] } })
    await t.get('/health/live').expect(200)
    expect(await t.app.health()).toMatchObject({ status: 'fail' })
  })

  it('make checks no more often than their results are good for, and one at a time', async () => {
    let made = 0
    const app = create().healthCheck(
      'slow',
      async () => {
        made++
        await new Promise((resolve) => setImmediate(resolve))
      },
      { cache: '1h' },
    )
    await using t = await testApp(app)
    await Promise.all(Array.from({ length: 20 }, () => t.get('/health/ready').expect(200)))
    expect(made).toBe(1)
  })

  it('do not wait for a check that never ends', async () => {
    let fired = false
    const app = create().healthCheck(
      'stuck',
      (signal) => {
        signal.addEventListener('abort', () => (fired = true))
        return new Promise<void>(() => {})
      },
      { timeout: 20 },
    )
    await using t = await testApp(app)
    expect((await t.get('/health/ready').expect(503)).body).toMatchObject({ status: 'fail' })
    expect(fired).toBe(true)
  })

  it('tell strangers nothing in production', async () => {
    const app = create({ health: { details: false } }).healthCheck('db', () => {
      throw new Error('password=hunter2')
    })
    await using t = await testApp(app)
    expect(JSON.stringify((await t.get('/health').expect(503)).body)).not.toContain('hunter2')
  })

  it('fail while the application stops, and leave paths to the application that it answers itself', async () => {
    await using t = await testApp(create({ health: { path: '/probes' } }).get('/probes/live', () => 'mine'))
    await t.get('/probes/live').expect(200, 'mine')
    await t.get('/health').expect(404)
    await t.stop()
    await t.get('/probes/ready').expect(503)
    await using off = await testApp(create({ health: false }))
    await off.get('/health').expect(404)
  })

  it('refuse what cannot be meant', () => {
    expect(() => create({ health: { path: 'health' } })).toThrow(/wanted a path/)
    expect(() => create().healthCheck('a b', () => {})).toThrow(/received the name/)
    expect(() =>
      create()
        .healthCheck('a', () => {})
        .healthCheck('a', () => {}),
    ).toThrow(/are called "a"/)
  })
})
