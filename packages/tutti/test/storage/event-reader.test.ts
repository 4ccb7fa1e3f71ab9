import { describe, expect, it } from 'vitest'
import type { EventRow } from '../../src/message/index.ts'
import { eventReader, type EventRows } from '../../src/storage/event-reader.ts'

const row = (position: number): EventRow => {
  return { id: '', type: 't', version: 1, data: '{}', meta: '{}', position, stream: 's', streamVersion: position, time: 0, tenant: null }
}

/** Pages of two events each; `fetched` tells which were asked for. */
function pagesOf(count: number, broken?: number): { readonly first: () => Promise<EventRows>; readonly fetched: number[] } {
  const fetched: number[] = []
  const page = async (nth: number): Promise<EventRows> => {
    fetched.push(nth)
    await Promise.resolve()
    if (nth === broken) throw new Error(`page ${nth} is broken`)
    return { rows: [row(2 * nth - 1), row(2 * nth)], next: nth === count ? undefined : () => page(nth + 1) }
  }
  return { first: () => page(1), fetched }
}

describe('a reader of events', () => {
  for (const ahead of [false, true]) {
    it(`gives all of them in their order, ${ahead ? 'ahead' : 'as they are asked for'}`, async () => {
      const { first, fetched } = pagesOf(5)
      const events = await eventReader(first, ahead).toArray()
      expect(events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect(fetched).toEqual([1, 2, 3, 4, 5])
    })

    it(`can be asked for several at the same time, ${ahead ? 'ahead' : 'as they are asked for'}`, async () => {
      const { first, fetched } = pagesOf(3)
      const iterator = eventReader(first, ahead)[Symbol.asyncIterator]()
      const asked = await Promise.all(Array.from({ length: 9 }, () => iterator.next()))
      expect(asked.map(({ value }) => value?.position)).toEqual([1, 2, 3, 4, 5, 6, undefined, undefined, undefined])
      expect(fetched).toEqual([1, 2, 3])
    })

    it(`fails where a page does, and is at its end then, ${ahead ? 'ahead' : 'as they are asked for'}`, async () => {
      const iterator = eventReader(pagesOf(4, 3).first, ahead)[Symbol.asyncIterator]()
      for (let i = 0; i < 4; i++) await iterator.next()
      await expect(iterator.next()).rejects.toThrow('page 3 is broken')
      expect(await iterator.next()).toEqual({ done: true, value: undefined })
    })
  }

  it('fetches the next page only for whoever has read a second one', async () => {
    const { first, fetched } = pagesOf(5)
    const iterator = eventReader(first, true)[Symbol.asyncIterator]()
    for (let i = 0; i < 2; i++) await iterator.next()
    expect(fetched).toEqual([1])
    await iterator.next()
    expect(fetched).toEqual([1, 2, 3])
    expect((await iterator.next()).value?.position).toBe(4)
  })

  it('is silent about a page that nobody came to read', async () => {
    for await (const { position } of eventReader(pagesOf(4, 3).first, true)) if (position === 3) break
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('can be read again from the beginning', async () => {
    const reader = eventReader(pagesOf(2).first)
    expect(await reader.toArray()).toHaveLength(4)
    expect(await reader.toArray()).toHaveLength(4)
  })
})
