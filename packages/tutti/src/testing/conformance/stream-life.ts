import { casesOf } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Streams that are truncated, archived and deleted for ever. */
export const streamLifeCases = casesOf('the life of streams', {
  'streams are listed by name, in parts': async ({ storage: { events }, check, name }) => {
    const prefix = name('listed')
    const names = ['a', 'b%', 'b_', 'c'].map((one) => `${prefix}/${one}`)
    for (const stream of names.toReversed()) await events.append(stream, [happened, happened])
    await events.append(name('other'), [happened])
    await events.truncate(`${prefix}/a`, 2)
    await events.archive(`${prefix}/c`)
    const all = await events.streams({ prefix: `${prefix}/` })
    check.same(
      all.map(({ stream, version, first, archived }) => [stream, version, first, archived]),
      [
        [names[0], 2, 2, false],
        [names[1], 2, 1, false],
        [names[2], 2, 1, false],
        [names[3], 2, 1, true],
      ],
    )
    const listed = async (options: object): Promise<string[]> => (await events.streams(options)).map(({ stream }) => stream)
    check.same(await listed({ prefix: `${prefix}/`, limit: 3 }), names.slice(0, 3))
    check.same(await listed({ prefix: `${prefix}/`, after: names[1] }), names.slice(2))
    check.same(await listed({ prefix: `${prefix}/b%` }), [names[1]])
    check.same(await listed({ prefix: `${prefix}/nothing` }), [])
    check.same(
      (await events.streams({ after: `${prefix}/`, limit: 2 })).map(({ stream }) => stream),
      names.slice(0, 2),
    )
    await check.fails(events.streams({ limit: 0 }), 'TUTTI_OPTION_INVALID')
  },

  'truncate deletes the beginning and keeps the version': async ({ storage: { events }, check, name }) => {
    const stream = name('a')
    const after = await events.head()
    await events.append(stream, [happened, happened, happened, happened])
    await events.truncate(stream, 3)
    const versions = async (options = {}): Promise<number[]> =>
      (await events.read(stream, options).toArray()).map(({ streamVersion }) => streamVersion)
    check.same(await versions(), [3, 4])
    check.same(await versions({ from: 1, limit: 1 }), [3])
    check.same(await versions({ backwards: true }), [4, 3])
    check.same(await versions({ pageSize: 1 }), [3, 4])
    check.equal((await events.readAll({ after }).toArray()).length, 2)
    check.same(await events.info(stream), { stream, version: 4, first: 3, archived: false, tombstoned: false })
    await events.truncate(stream, 2)
    check.equal((await events.info(stream))?.first, 3, 'what is gone does not come back')
    await events.truncate(stream, 99)
    check.same(await versions(), [])
    check.same(await events.info(stream), { stream, version: 4, first: 5, archived: false, tombstoned: false })
    check.equal((await events.append(stream, [happened], { expected: 4 })).version, 5)
    check.same(await versions(), [5])
  },

  'archive hides from readAll, refuses appends, and can be taken back': async ({ storage: { events }, check, name }) => {
    const [stream, other] = [name('a'), name('b')]
    const after = await events.head()
    await events.append(stream, [happened])
    await events.append(other, [happened])
    await events.archive(stream)
    const seen = async (archived: boolean): Promise<string[]> =>
      (await events.readAll({ after, archived }).toArray()).map((event) => event.stream)
    check.same(await seen(false), [other])
    check.same(await seen(true), [stream, other])
    check.equal((await events.read(stream).toArray()).length, 1, 'its own events can be read')
    check.equal((await events.info(stream))?.archived, true)
    await check.fails(events.append(stream, [happened]), 'TUTTI_STREAM_ARCHIVED')
    const page = await events.page({ after })
    check.equal(page.position, await events.head())
    await events.archive(stream, false)
    check.same(await seen(false), [stream, other])
    check.equal((await events.append(stream, [happened], { expected: 1 })).version, 2)
  },

  'tombstone deletes for ever': async ({ storage: { events }, check, name }) => {
    const stream = name('a')
    const after = await events.head()
    await events.append(stream, [happened, happened])
    await events.tombstone(stream)
    check.same(await events.read(stream).toArray(), [])
    check.same(await events.read(stream, { backwards: true }).toArray(), [])
    check.same(await events.readAll({ after, archived: true }).toArray(), [])
    const info = await events.info(stream)
    check.same([info?.tombstoned, info?.version], [true, 2])
    for (const expected of ['any', 'none', 'exists', 2] as const)
      await check.fails(events.append(stream, [happened], { expected }), 'TUTTI_STREAM_TOMBSTONED')
    await events.tombstone(stream)
    check.equal((await events.info(stream))?.tombstoned, true)
  },

  'of a stream that does not exist they do nothing': async ({ storage: { events }, check, name }) => {
    const stream = name('none')
    await events.truncate(stream, 5)
    await events.archive(stream)
    await events.archive(stream, false)
    await events.tombstone(stream)
    check.equal(await events.info(stream), undefined)
    check.equal((await events.append(stream, [happened], { expected: 'none' })).version, 1)
  },

  'in a transaction they are undone with it': async ({ storage, check, name }) => {
    const { events } = storage
    const stream = name('a')
    await events.append(stream, [happened, happened])
    const outcome = storage.transaction(async (tx) => {
      await tx.events.truncate(stream, 2)
      check.equal((await tx.events.read(stream).toArray()).length, 1)
      await tx.events.tombstone(stream)
      check.equal((await tx.events.read(stream).toArray()).length, 0)
      throw new Error('stop')
    })
    await outcome.catch(() => undefined)
    check.equal((await events.read(stream).toArray()).length, 2)
    check.same(await events.info(stream), { stream, version: 2, first: 1, archived: false, tombstoned: false })
  },

  'nonsense is refused': async ({ storage: { events }, check, name }) => {
    for (const before of [NaN, 0.5, -1]) await check.fails(events.truncate(name('a'), before), 'TUTTI_OPTION_INVALID')
    await check.fails(events.tombstone(''), 'TUTTI_OPTION_INVALID')
  },
})
