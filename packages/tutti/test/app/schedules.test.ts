import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, command, dependency } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock, testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const create = (): App => new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage() }).use(Account)
const start = new Date('2026-03-01T00:00:00Z')

describe('schedules of an application', () => {
  it('fire at their times, with everything that handlers can do', async () => {
    const clock = fakeClock({ now: start })
    const notes = dependency('notes', () => new Array<string>())
    const app = create()
      .cron('nightly', '0 2 * * *', { timezone: 'Europe/Berlin', deps: { notes } }, async ({ deps, send, scheduledAt }) => {
        deps.notes.push(scheduledAt.toISOString())
        await send(Account.commands.deposit('interest', { amount: 1 }))
      })
      .cron('often', { every: '12h' }, ({ load }) => load(Account, 'interest').catch(() => undefined))
    await using t = await testApp(app, { clock })
    await clock.advance('2h')
    const seen = await t.app.resolve(notes)
    await expect.poll(() => seen).toEqual(['2026-03-01T01:00:00.000Z'])
    await expect.poll(async () => (await t.app.find(Account, 'interest'))?.balance).toBe(1)
    expect(await t.app.schedules.status()).toMatchObject([{ name: 'nightly' }, { name: 'often' }])
    await t.app.schedules.runNow('nightly')
    await expect.poll(async () => (await t.app.find(Account, 'interest'))?.balance).toBe(2)
  })

  it('send commands later, once, whatever handles them', async () => {
    const clock = fakeClock({ now: start })
    const seen: string[] = []
    const Remind = command('remind', { input: z.object({ whom: z.string() }) })
    const app = create()
      .handle(Remind, ({ input }) => void seen.push(input.whom))
      .post('/remind', ({ later }) => later('1h', Remind({ whom: 'ada' }), { id: 'r-1' }))
    await using t = await testApp(app, { clock })
    expect((await t.post('/remind').expect(200)).body).toMatchObject({ id: 'r-1', due: '2026-03-01T01:00:00.000Z' })
    await t.post('/remind').expect(200)
    await t.app.later(new Date('2026-03-01T02:00:00Z'), Account.commands.deposit('1', { amount: 7 }))
    expect(await t.app.schedules.jobs()).toHaveLength(2)
    await clock.advance('1h')
    await expect.poll(() => seen).toEqual(['ada'])
    expect(await t.app.find(Account, '1')).toBeUndefined()
    await clock.advance('1h')
    await expect.poll(async () => (await t.app.find(Account, '1'))?.balance).toBe(7)
    expect(seen).toEqual(['ada'])
  })

  it('need a storage, and names of their own', async () => {
    await using t = await testApp(new App({ log: { level: 'silent' } }))
    await expect(t.app.later('1h', Account.commands.deposit('1', { amount: 1 }))).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNUSED' })
    expect(() =>
      create()
        .cron('a', '* * * * *', () => {})
        .cron('a', '* * * * *', () => {}),
    ).toThrow(/are called "a"/)
    expect(() => create().cron('b', 'never', () => {})).toThrow(/cron text "never"/)
    expect(() => create().schedules).toThrow(expect.objectContaining({ code: 'TUTTI_STORAGE_UNUSED' }))
  })
})
