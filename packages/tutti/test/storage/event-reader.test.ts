import { describe, expect, it } from 'vitest'
import type { EventRow } from '../../src/message/index.ts'
import { eventReader, type EventPages } from '../../src/storage/event-reader.ts'

const row = (position: number): EventRow => {
  return { id: '', type: 't', version: 1, data: '{}', meta: '{}', position, stream: 's', streamVersion: position, time: 0, tenant: null }
}

interface Store {
  readonly positions: readonly number[]
  readonly ahead: boolean
  /** Reading behind it fails. */
  readonly broken?: number
  readonly limit?: number
}

/** Pages of two events of a store that has some; `asked` tells behind which positions they were read. */
function storeOf({ positions, ahead, broken, limit = 1000 }: Store): { readonly open: () => EventPages; readonly asked: number[] } {
  const asked: number[] = []
  const open = (): EventPages => ({
    first: 0,
    limit,
    size: 2,
    nextSize: () => 2,
    ahead,
    async read(after, most) {
      asked.push(after)
      await Promise.resolve()
      if (after === broken) throw new Error(`reading behind ${after} is broken`)
      return positions
        .filter((position) => position > after)
        .slice(0, most)
        .map(row)
    },
    behind: ({ position }) => position,
    ifDense: (after, count) => after + count,
  })
  return { open, asked }
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

async function readAll(store: Store): Promise<{ readonly read: readonly number[]; readonly asked: readonly number[] }> {
  const { open, asked } = storeOf(store)
  const events = await eventReader(open).toArray()
  return { read: events.map(({ position }) => position), asked }
}

describe('a reader of events', () => {
  for (const ahead of [false, true]) {
    describe(ahead ? 'that fetches ahead' : 'that fetches what it is asked for', () => {
      it('gives all of them in their order', async () => {
        for (const last of [0, 1, 2, 3, 4, 5, 8, 9, 10]) {
          const { read } = await readAll({ positions: upTo(last), ahead })
          expect(read).toEqual(upTo(last))
        }
      })

      it('gives all of them where positions have holes', async () => {
        for (const positions of [
          [5, 6, 7, 9, 10, 20, 21, 22, 23, 24, 25, 26, 30],
          [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 14],
        ]) {
          expect((await readAll({ positions, ahead })).read).toEqual(positions)
        }
      })

      it('gives no more than were asked for', async () => {
        for (const positions of [upTo(20), [1, 2, 3, 4, 6, 7, 9, 10, 11, 12, 13]])
          for (const limit of [0, 1, 2, 3, 7, 8, 9]) {
            const { read, asked } = await readAll({ positions, ahead, limit })
            expect(read).toEqual(positions.slice(0, limit))
            expect(asked.length).toBeLessThanOrEqual(limit + 1)
          }
      })

      it('can be asked for several at the same time', async () => {
        const iterator = eventReader(storeOf({ positions: upTo(9), ahead }).open)[Symbol.asyncIterator]()
        const asked = await Promise.all(Array.from({ length: 12 }, () => iterator.next()))
        expect(asked.map(({ value }) => value?.position)).toEqual([...upTo(9), undefined, undefined, undefined])
      })

      it('fails where a page does, and is at its end then', async () => {
        const iterator = eventReader(storeOf({ positions: upTo(9), ahead, broken: 4 }).open)[Symbol.asyncIterator]()
        for (let i = 0; i < 4; i++) await iterator.next()
        await expect(iterator.next()).rejects.toThrow('reading behind 4 is broken')
        expect(await iterator.next()).toEqual({ done: true, value: undefined })
      })

      it('is at its end once it was left', async () => {
        const iterator = eventReader(storeOf({ positions: upTo(9), ahead }).open)[Symbol.asyncIterator]()
        await iterator.next()
        await iterator.return?.()
        expect(await iterator.next()).toEqual({ done: true, value: undefined })
      })

      it('can be read again from the beginning', async () => {
        const reader = eventReader(storeOf({ positions: upTo(3), ahead }).open)
        expect(await reader.toArray()).toHaveLength(3)
        expect(await reader.toArray()).toHaveLength(3)
      })
    })
  }

  it('fetches two pages ahead for whoever has read a second one', async () => {
    const { open, asked } = storeOf({ positions: upTo(20), ahead: true })
    const iterator = eventReader(open)[Symbol.asyncIterator]()
    for (let i = 0; i < 2; i++) await iterator.next()
    expect(asked).toEqual([0])
    await iterator.next()
    expect(asked).toEqual([0, 2, 4, 6])
    await iterator.next()
    expect((await iterator.next()).value?.position).toBe(5)
    expect(asked).toEqual([0, 2, 4, 6, 8])
  })

  it('fetches one page ahead once there were holes, and no page twice', async () => {
    const positions = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13]
    const { read, asked } = await readAll({ positions, ahead: true })
    expect(read).toEqual(positions)
    // Behind 6 was asked for before it was known that there is a hole.
    expect(asked).toEqual([0, 2, 4, 6, 7, 9, 11, 13])
  })

  it('is silent about pages that nobody came to read', async () => {
    for await (const { position } of eventReader(storeOf({ positions: upTo(20), ahead: true, broken: 4 }).open)) if (position === 3) break
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('checks what is asked for when it is read', async () => {
    const reader = eventReader(() => {
      throw new Error('nothing like that can be read')
    })
    await expect(reader.toArray()).rejects.toThrow('nothing like that')
  })
})
