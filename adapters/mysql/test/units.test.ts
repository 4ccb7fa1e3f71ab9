import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectation, type AppendWrite, type PutWrite, type UnitResult, type Write } from 'tutti/storage'
import { Connections } from '../src/connections.ts'
import { MysqlDriver } from '../src/driver.ts'
import { connectionOf } from '../src/options.ts'
import { tablesOf } from '../src/tables.ts'
import { describeWithServer, dropDatabase, ownDatabase, url } from './test-storage.ts'

function append(stream: string, options: Partial<AppendWrite> = {}): AppendWrite {
  const event = { id: crypto.randomUUID(), type: 'x', version: 1, data: '{}', meta: '{}' }
  return { kind: 'append', stream, expected: expectation.any, key: undefined, events: [event], tenant: undefined, time: 1, ...options }
}

function put(key: string, options: Partial<PutWrite> = {}): PutWrite {
  const rest = {
    hints: undefined,
    ifVersion: undefined,
    epoch: undefined,
    status: undefined,
    due: undefined,
    tenant: undefined,
    release: false,
    claim: undefined,
  }
  return { kind: 'put', key, value: '1', time: 1, ...rest, ...options }
}

const remove = (key: string): Write => ({ kind: 'delete', key, ifVersion: undefined, epoch: undefined })
const claim = (collection: string): Write => ({ kind: 'claim', collection, status: undefined, owner: 'me', now: 10, until: 20, limit: 5 })

describeWithServer('Units of writes on MySQL', () => {
  let database: string
  let driver: MysqlDriver
  const commit = (...units: Write[][]) => driver.commit(units.map((writes) => ({ writes })))
  const within = async (...units: Write[][]): Promise<UnitResult[]> => {
    const tx = await driver.begin()
    const results: UnitResult[] = []
    for (const writes of units) results.push(await tx.apply({ writes }))
    await tx.commit()
    return results
  }

  beforeAll(async () => {
    database = await ownDatabase()
    const { config, place } = connectionOf({ url, database })
    const purpose = { place, use: 'units', meter: undefined }
    const time = 10_000
    const limits = { max: 4, idleTimeout: time, maxLifetime: time, connectTimeout: time, statementTimeout: time, lockTimeout: time }
    driver = new MysqlDriver({
      connections: new Connections(config, limits, purpose),
      writers: new Connections(config, limits, purpose),
      tables: tablesOf(database, 't_'),
      database,
      prefix: 't_',
      lanes: 1,
    })
    await driver.migrate({ dryRun: false })
  })

  afterAll(async () => {
    await driver.close()
    await dropDatabase(database)
  })

  it.for(['commit', 'within'] as const)('take effect as a whole or not at all, each on those before it: %s', async (way) => {
    const run = way === 'commit' ? commit : within
    const n = (name: string): string => `${way}-${name}`
    const results = await run(
      [append(n('a')), put(`${way}/one`), append(n('a'), { expected: 1 })],
      // The last write of this one conflicts, so its others leave nothing behind.
      [
        append(n('a')),
        append(n('b'), { key: 'k' }),
        put(`${way}/one`),
        put(`${way}/two`),
        remove(`${way}/one`),
        append(n('c'), { expected: expectation.exists }),
      ],
      [append(n('b'), { key: 'k', expected: expectation.none }), put(`${way}/two`, { ifVersion: 0 })],
      [append(n('b'), { key: 'k' }), append(n('a'), { expected: 2 })],
      [
        remove(`${way}/one`),
        put(`${way}/one`, { ifVersion: 0 }),
        put(`${way}/one`, { ifVersion: 1 }),
        put(`${way}/three`),
        remove(`${way}/three`),
      ],
    )
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true, true, true])
    expect(results[1]).toMatchObject({ conflict: { write: 5, reason: 'version', actual: 0 } })
    expect(results[2]).toMatchObject({ results: [{ version: 1, duplicate: false }, { version: 1 }] })
    expect(results[3]).toMatchObject({ results: [{ version: 1, duplicate: true }, { version: 3 }] })
    const first = results[2]?.ok === true ? results[2].results[0] : undefined
    const again = results[3]?.ok === true ? results[3].results[0] : undefined
    expect(first?.kind === 'append' && again?.kind === 'append' && first.position === again.position).toBe(true)
    const page = await driver.reader.stream(n('a'), { from: 1, to: 99, limit: 99, backwards: false })
    expect(page.map(({ streamVersion }) => streamVersion)).toEqual([1, 2, 3])
    expect((await driver.reader.streamState(n('b')))?.version).toBe(1)
    expect(await driver.reader.streamState(n('c'))).toBeUndefined()
    const documents = await driver.reader.documents(['one', 'two', 'three'].map((id) => `${way}/${id}`))
    expect(documents.map((row) => row?.version)).toEqual([2, 1, undefined])
  })

  it.for(['commit', 'within'] as const)('may hold claims between other writes: %s', async (way) => {
    const run = way === 'commit' ? commit : within
    const jobs = `jobs-${way}`
    const results = await run(
      [put(`${jobs}/a`, { due: 1 })],
      [claim(jobs), put(`${jobs}/b`, { due: 1 }), put(`${jobs}/a`, { epoch: 7 })],
      [put(`${jobs}/c`, { due: 1 }), claim(jobs), put(`${jobs}/a`, { epoch: 1, due: 1, value: '2' })],
      [put(`${jobs}/c`, { epoch: 1, release: true })],
    )
    expect(results[1]).toMatchObject({ ok: false, conflict: { write: 2, reason: 'epoch', actual: 1 } })
    expect(results[2]).toMatchObject({ ok: true, results: [{ version: 1 }, { documents: [{ epoch: 1 }, { epoch: 1 }] }, { version: 2 }] })
    const [a, b, c] = await driver.reader.documents(['a', 'b', 'c'].map((id) => `${jobs}/${id}`))
    expect(a).toMatchObject({ value: '2', owner: 'me', leaseUntil: 20, epoch: 1 })
    expect(b).toBeUndefined()
    expect(c).toMatchObject({ owner: null, leaseUntil: null, epoch: 1, version: 2 })
  })
})
