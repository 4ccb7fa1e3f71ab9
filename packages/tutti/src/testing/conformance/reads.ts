import { runInContext, type Context } from '../../kernel/index.ts'
import type { EventReader, EventStore } from '../../storage/index.ts'
import { casesOf } from './storage-case.ts'

/** Reads of one stream and of all of them. */
export const readCases = casesOf('reads', {
  'a stream forwards, from, to and with a limit': async ({ storage: { events }, check, name }) => {
    const stream = await counted(events, name('order'), 10)
    const versions = (options: Parameters<EventStore['read']>[1]): Promise<number[]> => versionsOf(events.read(stream, options))
    check.same(await versions({}), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    check.same(await versions({ from: 4, to: 6 }), [4, 5, 6])
    check.same(await versions({ from: 9 }), [9, 10])
    check.same(await versions({ to: 2 }), [1, 2])
    check.same(await versions({ from: 3, limit: 2 }), [3, 4])
    check.same(await versions({ limit: 0 }), [])
    check.same(await versions({ from: 11 }), [])
    check.same(await versions({ from: 6, to: 5 }), [])
    check.same(await versions({ from: 2, to: 9, limit: 100 }), [2, 3, 4, 5, 6, 7, 8, 9])
  },

  'a stream backwards, from, to and with a limit': async ({ storage: { events }, check, name }) => {
    const stream = await counted(events, name('order'), 10)
    const versions = (options: Parameters<EventStore['read']>[1]): Promise<number[]> =>
      versionsOf(events.read(stream, { backwards: true, ...options }))
    check.same(await versions({}), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    check.same(await versions({ limit: 1 }), [10])
    check.same(await versions({ from: 5, to: 3 }), [5, 4, 3])
    check.same(await versions({ to: 9 }), [10, 9])
    check.same(await versions({ from: 99, limit: 2 }), [10, 9])
    check.same(await versions({ from: 3, to: 4 }), [])
  },

  'a stream in pages of any size': async ({ storage: { events }, check, name }) => {
    const stream = await counted(events, name('order'), 10)
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    for (const pageSize of [1, 3, 5, 10, 11]) {
      check.same(await versionsOf(events.read(stream, { pageSize })), all)
      check.same(await versionsOf(events.read(stream, { pageSize, backwards: true })), all.toReversed())
      check.same(await versionsOf(events.read(stream, { pageSize, from: 2, to: 8 })), [2, 3, 4, 5, 6, 7, 8])
      check.same(await versionsOf(events.read(stream, { pageSize, limit: 7 })), all.slice(0, 7))
    }
  },

  'a stream that does not exist is empty': async ({ storage: { events }, check, name }) => {
    check.same(await events.read(name('none')).toArray(), [])
    check.equal(await events.info(name('none')), undefined)
  },

  'a reader can be stopped in the middle, and started again': async ({ storage: { events }, check, name }) => {
    const stream = await counted(events, name('order'), 10)
    const reader = events.read(stream, { pageSize: 2 })
    for (let round = 0; round < 3; round++) {
      let seen = 0
      for await (const { streamVersion } of reader) {
        check.equal(streamVersion, ++seen)
        if (seen === 3) break
      }
      check.equal(seen, 3)
    }
  },

  'all streams in the order of positions, both ways': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const streams = [name('a'), name('b'), name('c')]
    for (let round = 0; round < 4; round++)
      for (const stream of streams) await events.append(stream, [{ type: 'thing.counted', data: { round } }])
    const forwards = await events.readAll({ after, pageSize: 5 }).toArray()
    check.equal(forwards.length, 12)
    check.same(
      forwards.map(({ stream }) => stream),
      [...streams, ...streams, ...streams, ...streams],
    )
    const positions = forwards.map(({ position }) => position)
    check.same(
      positions,
      positions.toSorted((a, b) => a - b),
    )
    check.ok((positions[0] ?? 0) > after, 'positions are behind the head before')
    const backwards = await events.readAll({ backwards: true, limit: 12, pageSize: 5 }).toArray()
    check.same(
      backwards.map(({ position }) => position),
      positions.toReversed(),
    )
    const middle = positions[6] ?? 0
    const below = await events.readAll({ backwards: true, after: middle, limit: 2 }).toArray()
    check.same(
      below.map(({ position }) => position),
      [positions[5], positions[4]],
      'backwards reads below the position',
    )
  },

  'by type, by several types, and by none': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const stream = name('order')
    const types = [name('a'), name('b'), name('a').toUpperCase()]
    for (const type of types) await events.append(stream, [{ type, data: {} }])
    const found = (wanted: readonly string[]): Promise<number[]> => versionsOf(events.readAll({ after, types: wanted }))
    check.same(await found([types[0] as string]), [1])
    check.same(await found([types[1] as string, types[2] as string]), [2, 3])
    check.same(await found([name('other')]), [])
    check.same(await found([]), [])
  },

  'by the beginning of the stream name, taken literally': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const id = name('p')
    const names = [`${id}a_b-1`, `${id}aXb-1`, `${id}a%-1`, `${id}a\\b-1`, `${id}A_b-1`, `${id}ä-1`, `${id}'"-1`]
    for (const stream of names) await events.append(stream, [{ type: 'thing.happened', data: {} }])
    const found = async (...streams: string[]): Promise<string[]> =>
      (await events.readAll({ after, streams }).toArray()).map(({ stream }) => stream)
    check.same(await found(id), names)
    check.same(await found(`${id}a_b`), [names[0]])
    check.same(await found(`${id}a%`), [names[2]])
    check.same(await found(`${id}a\\`), [names[3]])
    check.same(await found(`${id}A`), [names[4]])
    check.same(await found(`${id}ä`), [names[5]])
    check.same(await found(`${id}'"`), [names[6]])
    check.same(await found(`${id}aXb`, `${id}a_b`, `${id}a_`), [names[0], names[1]])
    check.same(await found(), [])
  },

  'by tenant, as the context said when they were appended': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const [red, blue] = [name('red'), name('blue')]
    const append = (tenant: string | undefined): Promise<unknown> =>
      runInContext(contextOf(tenant), () => events.append(name('order'), [{ type: 'thing.happened', data: {} }]), undefined)
    for (const tenant of [red, blue, undefined, red]) await append(tenant)
    check.same(await versionsOf(events.readAll({ after, tenant: red })), [1, 4])
    check.same(await versionsOf(events.readAll({ after, tenant: blue })), [2])
    const all = await events.readAll({ after, streams: [name('order')] }).toArray()
    check.same(
      all.map(({ tenant }) => tenant),
      [red, blue, undefined, red],
    )
  },

  'an event carries its context': async ({ storage: { events }, check, name }) => {
    const context: Context = { ...contextOf('red'), causationId: 'cause-1', actor: { id: 'u-1', kind: 'user', claims: { admin: true } } }
    await runInContext(context, () => events.append(name('order'), [{ type: 'thing.happened', data: {} }]), undefined)
    const [event] = await events.read(name('order')).toArray()
    check.same(
      [event?.correlationId, event?.causationId, event?.actor, event?.trace],
      ['correlation-1', 'cause-1', context.actor, context.trace],
    )
  },

  'nonsense in options is refused': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    for (const options of [{ limit: -1 }, { limit: 1.5 }, { pageSize: 0 }, { from: NaN }, { to: 0.5 }])
      await check.fails(events.read(stream, options).toArray(), 'TUTTI_OPTION_INVALID')
    for (const options of [{ limit: -1 }, { limit: NaN }, { pageSize: 0 }, { after: -1 }, { after: 0.5 }])
      await check.fails(events.readAll(options).toArray(), 'TUTTI_OPTION_INVALID')
    await check.fails(events.page({ after: NaN }), 'TUTTI_OPTION_INVALID')
  },
})

async function counted(events: EventStore, stream: string, count: number): Promise<string> {
  await events.append(
    stream,
    Array.from({ length: count }, (_, n) => ({ type: 'thing.counted', data: { n } })),
  )
  return stream
}

async function versionsOf(reader: EventReader): Promise<number[]> {
  return (await reader.toArray()).map(({ streamVersion }) => streamVersion)
}

function contextOf(tenant: string | undefined): Context {
  return {
    correlationId: 'correlation-1',
    causationId: undefined,
    trace: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 },
    tenant,
    actor: undefined,
    deadline: undefined,
    signal: new AbortController().signal,
  }
}
