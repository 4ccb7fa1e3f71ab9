import { describe, expect, it } from 'vitest'
import { currentContext } from '../../src/kernel/index.ts'
import { createProjector, subscription } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { processOf } from './frozen-storage.ts'
import { Account, openStorage, pay, storages, until } from './support.ts'

describe.each(storages)('a subscription on %s', (kind) => {
  it('begins now, and goes on where it stood', async () => {
    const storage = await openStorage(kind)
    await pay(storage, 'a', 1)
    const seen: number[] = []
    const mail = subscription('mail', { from: [Account.events.paid] }, ({ data }) => void seen.push(data.amount))
    for (const amount of [2, 3]) {
      await using projector = createProjector(storage, [mail])
      await projector.start()
      await projector.waitFor(mail, await pay(storage, 'a', amount))
    }
    await pay(storage, 'a', 4)
    await using projector = createProjector(storage, [mail])
    await projector.start()
    await projector.waitFor(mail, 4)
    expect(seen).toEqual([2, 3, 4])
  })

  it('handles each stream in order, and streams side by side', async () => {
    const storage = await openStorage(kind)
    const seen: string[] = []
    let running = 0
    let most = 0
    const slow = subscription('slow', { from: [Account], start: 'beginning', segments: 16 }, async ({ stream, streamVersion }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 1))
      running--
      seen.push(`${stream}:${streamVersion}`)
    })
    for (let i = 0; i < 60; i++) await pay(storage, String(i % 20), i)
    await using projector = createProjector(storage, [slow])
    await projector.start()
    await projector.waitFor(slow, 60)
    expect(most).toBeGreaterThan(3)
    for (let i = 0; i < 20; i++)
      expect(seen.filter((one) => one.startsWith(`account-${i}:`))).toEqual([1, 2, 3].map((version) => `account-${i}:${version}`))
  })

  it('goes on in a new version where the one before stood, whatever the segments', async () => {
    const storage = await openStorage(kind)
    const seen: string[] = []
    const make = (version: number, segments: number) =>
      subscription('s', { from: [Account.events.paid], version, segments }, ({ data }) => void seen.push(`${version}:${data.amount}`))
    const first = createProjector(storage, [make(1, 8)])
    await first.start()
    for (let i = 0; i < 10; i++) await pay(storage, String(i), i)
    await first.waitFor('s', 10)
    await first.stop()
    for (let i = 10; i < 20; i++) await pay(storage, String(i), i)
    await using second = createProjector(storage, [make(2, 3)])
    await second.start()
    await second.waitFor('s', 20)
    expect(seen.map((one) => Number(one.slice(2))).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(seen.filter((one) => one.startsWith('2:'))).toHaveLength(10)
    await second.reset('s', { from: 17 })
    await until(() => seen.length === 23)
    expect(seen.slice(20).toSorted()).toEqual(['2:17', '2:18', '2:19'])
  })
})

describe('a subscription', () => {
  it('runs outside of any transaction, in the context of its event', async () => {
    const storage = memoryStorage()
    let told: unknown
    const mail = subscription('mail', { from: [Account.events.paid] }, async (event) => {
      // Within a transaction this would wait for it for ever.
      await storage.events.append('account-reply', [Account.events.opened({ customer: 'x' })])
      told = { caused: currentContext()?.causationId === event.id, inside: storage.running !== undefined }
    })
    await using projector = createProjector(storage, [mail])
    await projector.start()
    await projector.waitFor(mail, await pay(storage, 'a', 1))
    expect(told).toEqual({ caused: true, inside: false })
  })

  it('handles again, with the same id, what was not noted before its process died', async () => {
    const shared = memoryStorage()
    const clock = fakeClock()
    const ids: string[] = []
    const dying = processOf(shared)
    const make = (then: () => void) =>
      subscription('mail', { from: [Account.events.paid] }, (event) => {
        ids.push(event.id)
        then()
      })
    const a = createProjector(dying.storage, [make(() => dying.kill())], { clock, owner: 'a' })
    await a.start()
    await pay(shared, 'a', 1)
    await clock.advance(1)
    const b = createProjector(shared, [make(() => undefined)], { clock, owner: 'b' })
    await b.start()
    await clock.advance('40s')
    expect(ids).toHaveLength(2)
    expect(ids[0]).toBe(ids[1])
    await a.stop()
    await b.stop()
  })

  it('gives up what it has not begun when its process stops', async () => {
    const storage = memoryStorage()
    const seen: number[] = []
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const slow = subscription('slow', { from: [Account], start: 'beginning', segments: 1 }, async ({ data }) => {
      seen.push('amount' in data ? data.amount : 0)
      await gate
    })
    for (const amount of [1, 2, 3]) await pay(storage, 'a', amount)
    const first = createProjector(storage, [slow])
    await first.start()
    await until(() => seen.length === 1)
    const stopping = first.stop()
    open()
    await stopping
    expect(seen).toEqual([1])
    await using second = createProjector(storage, [slow])
    await second.start()
    await second.waitFor(slow, 3)
    expect(seen).toEqual([1, 2, 3])
  })
})
