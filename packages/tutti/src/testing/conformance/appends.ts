import type { Expected } from '../../storage/index.ts'
import { StreamConflictError } from '../../storage/index.ts'
import { casesOf, together } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Appends, and what they expect of the stream. */
export const appendCases = casesOf('appends', {
  'versions begin with 1, positions grow': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const first = await events.append(stream, [happened])
    const second = await events.append(stream, [happened, happened])
    check.same([first.stream, first.version, first.duplicate], [stream, 1, false])
    check.equal(second.version, 3)
    check.ok(second.position > first.position, 'the second append has a greater position')
    const read = await events.read(stream).toArray()
    check.same(
      read.map(({ streamVersion }) => streamVersion),
      [1, 2, 3],
    )
    check.equal(read.at(-1)?.position, second.position)
    check.equal(read[0]?.position, first.position)
  },

  'an event comes back as it was appended': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const before = Date.now()
    const id = '01890a5d-ac96-774b-bcce-b302099a8057'
    await events.append(stream, [{ id, type: 'order.placed', version: 3, data: { total: 9.5 }, metadata: { source: 'web' } }])
    const [event] = await events.read(stream).toArray()
    check.same(
      [event?.id, event?.type, event?.version, event?.stream, event?.data, event?.metadata, event?.tenant],
      [id, 'order.placed', 3, stream, { total: 9.5 }, { source: 'web' }, undefined],
    )
    const time = event?.time.getTime() ?? 0
    check.ok(time >= before - 60_000 && time <= Date.now() + 60_000, `the time ${time} is about now`)
  },

  'expected none: only a stream that is not there': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    await events.append(stream, [happened], { expected: 'none' })
    const error = await check.fails(events.append(stream, [happened], { expected: 'none' }), 'TUTTI_STREAM_CONFLICT')
    check.ok(error instanceof StreamConflictError && error.actual === 1 && error.stream === stream, 'the error tells the actual version')
    check.equal((await events.info(stream))?.version, 1)
  },

  'expected exists: only a stream that is there': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const error = await check.fails(events.append(stream, [happened], { expected: 'exists' }), 'TUTTI_STREAM_CONFLICT')
    check.ok(error instanceof StreamConflictError && error.actual === 0, 'the error tells that it does not exist')
    check.equal(await events.info(stream), undefined)
    await events.append(stream, [happened], { expected: 0 })
    check.equal((await events.append(stream, [happened], { expected: 'exists' })).version, 2)
  },

  'an exact version: neither an older nor a newer one': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    await events.append(stream, [happened, happened])
    for (const expected of [0, 1, 3, 99] satisfies Expected[])
      await check.fails(events.append(stream, [happened], { expected }), 'TUTTI_STREAM_CONFLICT')
    check.equal((await events.append(stream, [happened], { expected: 2 })).version, 3)
    check.equal((await events.read(stream).toArray()).length, 3)
  },

  'many events at once stay together and in order': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const batch = Array.from({ length: 1000 }, (_, n) => ({ type: 'thing.counted', data: { n } }))
    await together(3, () => events.append(stream, batch))
    const numbers = (await events.read(stream).toArray()).map(({ data }) => (data as { n: number }).n)
    const one = batch.map(({ data: { n } }) => n)
    check.same(numbers, [...one, ...one, ...one])
  },

  'what cannot be appended is refused before it reaches the backend': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const options = [{ expected: -1 }, { expected: 1.5 }, { expected: NaN }, { expected: 'toString' as Expected }]
    for (const option of options) await check.fails(events.append(stream, [happened], option), 'TUTTI_OPTION_INVALID')
    await check.fails(events.append(stream, []), 'TUTTI_OPTION_INVALID')
    const names = ['', 'a\nb', 'a\u0000b', 'x'.repeat(251), 'half \ud800 a character']
    for (const bad of names) await check.fails(events.append(bad, [happened]), 'TUTTI_OPTION_INVALID')
    for (const type of ['', 'a\u0000b', 'x'.repeat(251), '\udc00'])
      await check.fails(events.append(stream, [{ type, data: {} }]), 'TUTTI_OPTION_INVALID')
    for (const key of ['', 'a\u0000b', 'x'.repeat(251)])
      await check.fails(events.append(stream, [happened], { key }), 'TUTTI_OPTION_INVALID')
    for (const version of [0, 1.5, 2 ** 31]) await check.fails(events.append(stream, [{ ...happened, version }]), 'TUTTI_OPTION_INVALID')
    await check.fails(events.append(stream, [{ ...happened, id: 'not a UUID' }]), 'TUTTI_OPTION_INVALID')
    check.equal(await events.info(stream), undefined)
  },

  '16 racers to create a stream: one winner, round after round': async ({ storage: { events }, check, name }) => {
    for (let round = 0; round < 20; round++) {
      const stream = name(`race-${round}`)
      await raceOnce(16, (racer) => events.append(stream, [{ type: 'race.won', data: { racer } }], { expected: 'none' }))
      check.equal((await events.read(stream).toArray()).length, 1)
    }
  },

  '16 racers with the same version: one winner, round after round': async ({ storage: { events }, check, name }) => {
    const stream = name('race')
    for (let round = 0; round < 20; round++) {
      const winner = await raceOnce(16, (racer) => events.append(stream, [{ type: 'race.won', data: { racer } }], { expected: round }))
      const [last] = await events.read(stream, { backwards: true, limit: 1 }).toArray()
      check.same([last?.streamVersion, last?.data], [round + 1, { racer: winner }])
    }
  },

  '16 racers in transactions: one winner, round after round': async ({ storage, check, name }) => {
    const stream = name('race')
    for (let round = 0; round < 8; round++) {
      await raceOnce(16, (racer) =>
        storage.transaction((tx) => tx.events.append(stream, [{ type: 'race.won', data: { racer } }], { expected: round })),
      )
      check.equal((await storage.events.info(stream))?.version, round + 1)
    }
  },

  'racers that expect nothing all get versions of their own': async ({ storage: { events }, check, name }) => {
    const stream = name('crowd')
    const answers = await together(100, (n) => events.append(stream, [{ type: 'thing.counted', data: { n } }]))
    const versions = answers.map(({ version }) => version).toSorted((a, b) => a - b)
    check.same(
      versions,
      versions.map((_, i) => i + 1),
    )
    const read = await events.read(stream).toArray()
    for (const [n, { version, position }] of answers.entries()) {
      check.same(read[version - 1]?.data, { n }, 'each answer names the version of its own event')
      check.equal(read[version - 1]?.position, position)
    }
  },
})

/** The one racer that won; the others must have met a conflict. */
async function raceOnce(racers: number, race: (racer: number) => Promise<unknown>): Promise<number> {
  const ends = await Promise.allSettled(Array.from({ length: racers }, (_, racer) => race(racer)))
  const winners = ends.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []))
  for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof StreamConflictError)) throw end.reason
  const [winner, ...others] = winners
  if (winner === undefined || others.length > 0) throw new Error(`${winners.length} of ${racers} racers won; wanted exactly one.`)
  return winner
}
