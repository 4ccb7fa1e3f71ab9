import { DocumentConflictError } from '../../storage/index.ts'
import { casesOf, together } from './storage-case.ts'

/** Documents: versions, epochs and lists. */
export const documentCases = casesOf('documents', {
  'versions count the writes': async ({ storage: { state }, check, name }) => {
    const key = name('things/one')
    const before = Date.now()
    check.equal(await state.get(key), undefined)
    check.equal(await state.put(key, { n: 1 }), 1)
    check.equal(await state.put(key, { n: 2 }, { status: 'open', due: 5, tenant: 'red' }), 2)
    const { updatedAt, ...document } = (await state.get(key)) ?? { updatedAt: 0 }
    check.same(document, {
      key,
      value: { n: 2 },
      version: 2,
      status: 'open',
      due: 5,
      tenant: 'red',
      owner: undefined,
      leaseUntil: undefined,
      epoch: 0,
    })
    check.ok(updatedAt >= before - 60_000 && updatedAt <= Date.now() + 60_000, 'it tells when it was written')
    check.equal(await state.put(key, { n: 3 }), 3)
    const third = await state.get(key)
    check.same([third?.status, third?.due, third?.tenant], [undefined, undefined, undefined], 'a write replaces all of it')
  },

  'documents are counted by their status': async ({ storage: { state }, check, name }) => {
    const collection = name('counted')
    for (const id of ['a-1', 'a-2', 'b-1']) await state.put(`${collection}/${id}`, id, { status: 'open' })
    await state.put(`${collection}/a-3`, 'a-3', { status: 'done' })
    await state.put(`${collection}/a-4`, 'a-4')
    await state.put(`${name('uncounted')}/x`, 'x', { status: 'open' })
    check.same(await state.count(`${collection}/`), { open: 3, done: 1 })
    check.same(await state.count(`${collection}/a-`), { open: 2, done: 1 })
    check.same(await state.count(`${collection}/z`), {})
    await state.delete(`${collection}/a-1`)
    check.same(await state.count(`${collection}/`), { open: 2, done: 1 })
    await check.fails(state.count(collection), 'TUTTI_OPTION_INVALID')
  },

  'ifVersion: only over that version': async ({ storage: { state }, check, name }) => {
    const key = name('things/one')
    const missing = await check.fails(state.put(key, 1, { ifVersion: 1 }), 'TUTTI_DOCUMENT_CONFLICT')
    check.ok(missing instanceof DocumentConflictError && missing.actual === 0, 'the error tells that there is none')
    check.equal(await state.put(key, 1, { ifVersion: 0 }), 1)
    await check.fails(state.put(key, 2, { ifVersion: 0 }), 'TUTTI_DOCUMENT_CONFLICT')
    check.equal(await state.put(key, 2, { ifVersion: 1 }), 2)
    const late = await check.fails(state.put(key, 3, { ifVersion: 1 }), 'TUTTI_DOCUMENT_CONFLICT')
    check.ok(late instanceof DocumentConflictError && late.actual === 2 && late.key === key, 'the error tells the actual version')
    check.equal((await state.get(key))?.value, 2)
  },

  'deletes, and with ifVersion': async ({ storage: { state }, check, name }) => {
    const key = name('things/one')
    check.equal(await state.delete(key), false)
    await state.put(key, 1)
    await check.fails(state.delete(key, { ifVersion: 2 }), 'TUTTI_DOCUMENT_CONFLICT')
    check.equal(await state.delete(key, { ifVersion: 1 }), true)
    check.equal(await state.get(key), undefined)
    await check.fails(state.delete(key, { ifVersion: 1 }), 'TUTTI_DOCUMENT_CONFLICT')
    check.equal(await state.put(key, 2, { ifVersion: 0 }), 1)
  },

  'several changes are written all or none': async ({ storage: { state }, check, name }) => {
    const [a, b, c] = [name('things/a'), name('things/b'), name('things/c')]
    await state.put(a, 'a')
    await state.put(b, 'b')
    const conflicting = state.write([
      { key: a, value: 'new' },
      { key: c, value: 'c', ifVersion: 0 },
      { key: b, delete: true, ifVersion: 7 },
    ])
    const error = await check.fails(conflicting, 'TUTTI_DOCUMENT_CONFLICT')
    check.ok(error instanceof DocumentConflictError && error.key === b, 'the error names the document')
    check.same([(await state.get(a))?.value, (await state.get(b))?.value, await state.get(c)], ['a', 'b', undefined])
    await state.write([
      { key: a, value: 'new', ifVersion: 1, status: 'open' },
      { key: b, delete: true, ifVersion: 1 },
      { key: c, value: 'c', ifVersion: 0 },
      { key: c, value: 'again', ifVersion: 1 },
    ])
    const [first, second, third] = await state.getMany([a, b, c])
    check.same([first?.value, first?.status, second, third?.value, third?.version], ['new', 'open', undefined, 'again', 2])
    await state.write([])
  },

  'getMany keeps the order and the holes': async ({ storage: { state }, check, name }) => {
    const [a, b, c] = [name('things/a'), name('things/b'), name('things/c')]
    await state.put(a, 'a')
    await state.put(c, 'c')
    const found = await state.getMany([c, b, a, c])
    check.same(
      found.map((document) => document?.value),
      ['c', undefined, 'a', 'c'],
    )
    check.same(await state.getMany([]), [])
  },

  '16 racers to create one: one winner': async ({ storage: { state }, check, name }) => {
    for (let round = 0; round < 10; round++) {
      const key = name(`things/race-${round}`)
      const ends = await Promise.allSettled(Array.from({ length: 16 }, (_, racer) => state.put(key, racer, { ifVersion: 0 })))
      const winners = ends.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []))
      check.equal(winners.length, 1)
      check.equal((await state.get(key))?.value, winners[0])
    }
  },

  'a counter with ifVersion loses no increment': async ({ storage: { state }, check, name }) => {
    const key = name('things/counter')
    await together(8, async () => {
      for (let done = 0; done < 5;) {
        const before = await state.get<number>(key)
        try {
          await state.put(key, (before?.value ?? 0) + 1, { ifVersion: before?.version ?? 0 })
          done++
        } catch (error) {
          if (!(error instanceof DocumentConflictError)) throw error
        }
      }
    })
    const { value, version } = (await state.get(key)) ?? {}
    check.same([value, version], [40, 40])
  },

  'lists by prefix, in the order of the keys, in pages': async ({ storage: { state }, check, name }) => {
    const collection = name('things')
    const ids = ['a', 'a-1', 'B', 'b', 'a_b', 'axb', 'a%', 'ä', '10', '9', "o'neil", 'x/y']
    for (const id of ids) await state.put(`${collection}/${id}`, id)
    await state.put(`${collection}x/other`, 'other')
    const listed = async (prefix: string, options?: Parameters<typeof state.list>[1]): Promise<unknown[]> =>
      (await state.list(`${collection}/${prefix}`, options)).map(({ value }) => value)
    const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    check.same(await listed(''), sorted)
    check.same(await listed('a_'), ['a_b'])
    check.same(await listed('a%'), ['a%'])
    check.same(await listed('B'), ['B'])
    check.same(await listed('a', { backwards: true }), sorted.filter((id) => id.startsWith('a')).toReversed())
    for (const backwards of [false, true]) {
      const paged: unknown[] = []
      for (let after: string | undefined; ;) {
        const page = await state.list<string>(`${collection}/`, { limit: 5, backwards, ...(after !== undefined && { after }) })
        paged.push(...page.map(({ value }) => value))
        if (page.length < 5) break
        after = page.at(-1)?.key
      }
      check.same(paged, backwards ? sorted.toReversed() : sorted)
    }
  },

  'lists by status, tenant and due time': async ({ storage: { state }, check, name }) => {
    const collection = name('things')
    await state.put(`${collection}/a`, 'a', { status: 'open', due: 30 })
    await state.put(`${collection}/b`, 'b', { status: 'open', due: 10, tenant: 'red' })
    await state.put(`${collection}/c`, 'c', { status: 'closed', due: 20, tenant: 'red' })
    await state.put(`${collection}/d`, 'd', { status: 'open' })
    await state.put(`${collection}/e`, 'e', { status: 'open', due: 10 })
    const listed = async (options: Parameters<typeof state.list>[1]): Promise<unknown[]> =>
      (await state.list(`${collection}/`, options)).map(({ value }) => value)
    check.same(await listed({ status: 'open' }), ['a', 'b', 'd', 'e'])
    check.same(await listed({ tenant: 'red' }), ['b', 'c'])
    check.same(await listed({ tenant: 'red', status: 'open' }), ['b'])
    check.same(await listed({ dueBefore: 20 }), ['b', 'e', 'c'], 'by due time, then by key')
    check.same(await listed({ dueBefore: 100, status: 'open' }), ['b', 'e', 'a'])
    check.same(await listed({ dueBefore: 100, limit: 2 }), ['b', 'e'])
    check.same(await listed({ dueBefore: 9 }), [])
    check.same(await listed({ status: 'open', after: `${collection}/b` }), ['d', 'e'])
    check.same(await listed({ status: 'open', after: `${collection}/d`, backwards: true }), ['b', 'a'])
    check.same(await listed({ tenant: 'red', backwards: true }), ['c', 'b'])
  },

  'large due times and values come back': async ({ storage: { state }, check, name }) => {
    const key = name('things/late')
    const due = Date.UTC(9999, 11, 31)
    const value = { list: Array.from({ length: 5000 }, (_, i) => `item ${i}`), text: 'x'.repeat(300_000) }
    await state.put(key, value, { due })
    const back = await state.get(key)
    check.equal(back?.due, due)
    check.same(back?.value, value)
  },

  'nonsense is refused before it reaches the backend': async ({ storage: { state }, check, name }) => {
    const key = name('things/one')
    for (const bad of ['', 'things', 'things/', '/one', 'a\n/b', 'a/b\u0000', `a/${'x'.repeat(500)}`, 'a/\ud800'])
      await check.fails(state.put(bad, 1), 'TUTTI_OPTION_INVALID')
    for (const options of [
      { ifVersion: -1 },
      { ifVersion: 0.5 },
      { epoch: NaN },
      { due: 0.5 },
      { due: Infinity },
      { status: 'a\u0000' },
      { tenant: '' },
    ])
      await check.fails(state.put(key, 1, options), 'TUTTI_OPTION_INVALID')
    for (const options of [
      { limit: 0 },
      { limit: 1.5 },
      { dueBefore: NaN },
      { dueBefore: 5, after: key },
      { dueBefore: 5, backwards: true },
    ])
      await check.fails(state.list('things/', options), 'TUTTI_OPTION_INVALID')
    await check.fails(state.list('things'), 'TUTTI_OPTION_INVALID')
    check.equal(await state.get(key), undefined)
  },
})
