import { describe, expect, it } from 'vitest'
import { currentContext } from '../../src/kernel/index.ts'
import { createProjector, subscription } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { processOf } from './frozen-storage.ts'
import { Account, pay, until } from './support.ts'

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
