import type { EventStore, ReadAllOptions } from '../../storage/index.ts'
import { casesOf, together } from './storage-case.ts'

/** Pages with checkpoints: what projections and subscriptions read with. */
export const pageCases = casesOf('pages', {
  'a reader that goes on from each position sees everything once': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const written: string[] = []
    for (let n = 0; n < 23; n++) {
      await events.append(name(`s${n % 3}`), [{ type: 'thing.counted', data: { n } }])
      written.push(String(n))
    }
    for (const limit of [1, 4, 23, 100]) {
      const { seen, position } = await followed(events, after, { limit })
      check.same(seen, written)
      check.equal(position, await events.head(), 'it ends at the head')
    }
  },

  'the position passes what filters leave out': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const wanted = name('wanted')
    const other = Array.from({ length: 50 }, () => ({ type: name('other'), data: { n: -1 } }))
    await events.append(name('a'), other)
    await events.append(name('a'), [{ type: wanted, data: { n: 1 } }])
    await events.append(name('a'), other)
    const first = await events.page({ after, types: [wanted], limit: 10 })
    check.equal(first.events.length, 1)
    check.equal(first.position, await events.head(), 'a page that is not full reaches the head')
    const full = await events.page({ after, types: [wanted], limit: 1 })
    check.ok(full.position >= (full.events[0]?.position ?? Infinity), 'a full page reaches its last event at least')
    check.ok(full.position <= (await events.head()), 'and not beyond the head')
    const none = await events.page({ after, types: [name('never')], limit: 10 })
    check.same([none.events.length, none.position], [0, await events.head()])
    const empty = await events.page({ after, types: [] })
    check.same([empty.events.length, empty.position], [0, await events.head()])
  },

  'with nothing new the position stays': async ({ storage: { events }, check, name }) => {
    await events.append(name('a'), [{ type: 'thing.happened', data: {} }])
    const head = await events.head()
    const { events: found, position } = await events.page({ after: head })
    check.same([found.length, position], [0, head])
    const beyond = await events.page({ after: head + 1000 })
    check.same([beyond.events.length, beyond.position], [0, head + 1000], 'a position never goes back')
  },

  'filtered readers see exactly their part': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const expected: { stream: string; type: string; n: number }[] = []
    for (let n = 0; n < 60; n++) {
      const event = { stream: name(`s${n % 4}`), type: name(`t${n % 3}`), n }
      expected.push(event)
      await events.append(event.stream, [{ type: event.type, data: { n } }])
    }
    const numbers = (fits: (event: { stream: string; type: string }) => boolean): string[] =>
      expected.filter(fits).map(({ n }) => String(n))
    const both: ReadAllOptions = { types: [name('t1')], streams: [name('s2'), name('s3')] }
    for (const limit of [1, 2, 7, 100]) {
      check.same(
        (await followed(events, after, { limit, types: [name('t0')] })).seen,
        numbers(({ type }) => type === name('t0')),
      )
      check.same(
        (await followed(events, after, { limit, ...both })).seen,
        numbers(({ stream, type }) => type === name('t1') && [name('s2'), name('s3')].includes(stream)),
      )
    }
  },

  'a reader beside 16 writers misses nothing': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const seen: string[] = []
    let writing = true
    const reading = (async () => {
      let position = after
      for (;;) {
        const last = !writing
        const page = await events.page({ after: position, limit: 7 })
        for (const { data, position: at } of page.events) {
          check.ok(at > position && at <= page.position, 'events lie between the positions')
          seen.push(String((data as { n: number }).n))
        }
        check.ok(page.position >= position, 'the position never goes back')
        if (last && page.events.length === 0) return
        position = page.position
        // Backends in the same thread write only while nobody reads.
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await together(16, async (writer) => {
      for (let i = 0; i < 20; i++)
        await events.append(name(`s${(writer + i) % 5}`), [{ type: 'thing.counted', data: { n: writer * 100 + i } }])
    }).finally(() => (writing = false))
    await reading
    const written = Array.from({ length: 320 }, (_, i) => String(Math.floor(i / 20) * 100 + (i % 20)))
    check.same(seen.toSorted(), written.toSorted())
  },

  'a transaction that is open holds the position back, or comes behind it': async ({ storage, check, name }) => {
    const { events } = storage
    const after = await events.head()
    const appended = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const open = storage.transaction(async (tx) => {
      await tx.events.append(name('slow'), [{ type: 'thing.happened', data: { n: 1 } }])
      appended.resolve()
      await go.promise
    })
    await appended.promise
    // Not awaited: backends with one writer let it wait for the transaction.
    const fast = events.append(name('fast'), [{ type: 'thing.happened', data: { n: 2 } }])
    const first = await followed(events, after, { limit: 10 })
    check.ok(!first.seen.includes('1'), 'nobody sees what is not committed')
    go.resolve()
    await open
    await fast
    const rest = await followed(events, first.position, { limit: 10 })
    check.same([...first.seen, ...rest.seen].toSorted(), ['1', '2'])
  },
})

/** What a reader sees that follows the positions of pages up to the end. */
async function followed(
  events: EventStore,
  after: number,
  options: ReadAllOptions,
): Promise<{ readonly seen: string[]; readonly position: number }> {
  const seen: string[] = []
  let position = after
  for (;;) {
    const page = await events.page({ ...options, after: position })
    seen.push(...page.events.map(({ data }) => String((data as { n: number }).n)))
    if (page.events.length === 0) return { seen, position: page.position }
    position = page.position
  }
}
