import { describe, expect, it } from 'vitest'
import { createInline, createProjector, projection } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Account, documentsOf, openStorage, pay, storages, sums, totals } from './support.ts'

describe.each(storages)('an inline projection on %s', (kind) => {
  it('is written in the transaction of the append', async () => {
    const storage = await openStorage(kind)
    const definition = sums({ mode: 'inline' })
    const inline = createInline(storage, [definition])
    await inline.start()
    await inline.append('account-a', [Account.events.paid({ amount: 1 }), Account.events.paid({ amount: 2 })])
    expect(await documentsOf(storage, 'sums@1')).toEqual({ 'account-a': 3 })
    await inline.append('account-a', [Account.events.opened({ customer: 'x' })])
    await inline.append('account-a', [Account.events.paid({ amount: 4 })], { key: 'k' })
    await inline.append('account-a', [Account.events.paid({ amount: 4 })], { key: 'k' })
    expect(await documentsOf(storage, 'sums@1')).toEqual(await totals(storage))
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 99)
    expect(await projector.view(definition).get('account-a')).toBe(7)
  })

  it('fails the append with its handler, and goes with the transaction around it', async () => {
    const storage = await openStorage(kind)
    const inline = createInline(storage, [
      projection(
        'picky',
        { from: [Account], mode: 'inline' },
        {
          'account.paid': ({ data, stream }, { documents }) => {
            documents.put(stream, data.amount)
            if (data.amount < 0) throw new RangeError('negative')
          },
        },
      ),
    ])
    await inline.start()
    await expect(inline.append('account-a', [Account.events.paid({ amount: -1 })])).rejects.toThrow(RangeError)
    await expect(
      storage.transaction(async () => {
        await inline.append('account-a', [Account.events.paid({ amount: 1 })])
        throw new Error('later')
      }),
    ).rejects.toThrow('later')
    expect(await totals(storage)).toEqual({})
    expect(await documentsOf(storage, 'picky@1')).toEqual({})
  })

  it('is built from the events that were there before it, version by version', async () => {
    const storage = await openStorage(kind)
    for (let i = 0; i < 700; i++) await pay(storage, String(i % 3), 1)
    await createInline(storage, [sums({ mode: 'inline' })]).start()
    await createInline(storage, [sums({ mode: 'inline' })]).start()
    expect(await documentsOf(storage, 'sums@1')).toEqual(await totals(storage))
    const second = createInline(storage, [sums({ mode: 'inline', version: 2 })])
    await second.start()
    await second.append('account-1', [Account.events.paid({ amount: 5 })])
    expect(await documentsOf(storage, 'sums@2')).toEqual(await totals(storage))
  })
})

it('only inline projections are taken', () => {
  expect(() => createInline(memoryStorage(), [sums()])).toThrow('mode "async"')
})
