import { describe, expect, it, onTestFinished } from 'vitest'
import { StorageError, type Unit, type UnitResult } from '../../src/storage/index.ts'
import { GroupCommit } from '../../src/storage/group-commit.ts'

function unit(name: string, size = 0): Unit {
  const put = {
    kind: 'put',
    key: `things/${name}`,
    value: 'x'.repeat(size),
    hints: undefined,
    ifVersion: undefined,
    epoch: undefined,
    claim: undefined,
  } as const
  return { writes: [{ ...put, status: undefined, due: undefined, tenant: undefined, release: false, time: 0 }] }
}

function nameOf({ writes }: Unit): string {
  const [write] = writes
  return write?.kind === 'put' ? write.key.slice('things/'.length) : ''
}

const done: UnitResult = { ok: true, results: [{ kind: 'put', version: 1 }] }

/** A driver whose commits end when the test says so. */
class SlowDriver {
  readonly commits: { readonly names: string[]; readonly end: PromiseWithResolvers<readonly UnitResult[]> }[] = []
  readonly lanes: number

  constructor(lanes = 1) {
    this.lanes = lanes
  }

  commit(units: readonly Unit[]): Promise<readonly UnitResult[]> {
    const end = Promise.withResolvers<readonly UnitResult[]>()
    this.commits.push({ names: units.map(nameOf), end })
    return end.promise
  }

  get batches(): string[] {
    return this.commits.map(({ names }) => names.join(' '))
  }

  end(index: number, result: readonly UnitResult[] | Error = this.commits[index]?.names.map(() => done) ?? []): void {
    if (result instanceof Error) this.commits[index]?.end.reject(result)
    else this.commits[index]?.end.resolve(result)
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('group commit', () => {
  it('sends a lone unit in the same turn of the event loop', async () => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver)
    let timers = 0
    const timer = setTimeout(() => timers++, 0)
    onTestFinished(() => clearTimeout(timer))
    const answer = group.submit(unit('a'))
    await Promise.resolve()
    expect(driver.batches).toEqual(['a'])
    expect(timers).toBe(0)
    driver.end(0)
    expect(await answer).toBe(done)
  })

  it('gathers what comes together, and what comes during a commit', async () => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver)
    const answers = ['a', 'b', 'c'].map((name) => group.submit(unit(name)))
    await turn()
    expect(driver.batches).toEqual(['a b c'])
    answers.push(group.submit(unit('d')))
    await turn()
    answers.push(group.submit(unit('e')))
    await turn()
    expect(driver.batches).toEqual(['a b c'])
    expect(group.waiting).toBe(2)
    driver.end(0)
    await turn()
    expect(driver.batches).toEqual(['a b c', 'd e'])
    driver.end(1)
    expect(await Promise.all(answers)).toHaveLength(5)
  })

  it('uses all lanes', async () => {
    const driver = new SlowDriver(2)
    const group = new GroupCommit(driver)
    for (const name of ['a', 'b', 'c', 'd']) {
      void group.submit(unit(name))
      await turn()
    }
    expect(driver.batches).toEqual(['a', 'b'])
    driver.end(1)
    await turn()
    expect(driver.batches).toEqual(['a', 'b', 'c d'])
  })

  it('keeps batches below their limits, and lets what is larger go alone', async () => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver, { batch: 3, batchSize: 2000 })
    const sizes: [string, number][] = [
      ['a', 0],
      ['b', 0],
      ['c', 0],
      ['d', 0],
      ['e', 1000],
      ['f', 1000],
      ['g', 9000],
      ['h', 0],
    ]
    for (const [name, size] of sizes) void group.submit(unit(name, size))
    for (let i = 0; i < 5; i++) {
      await turn()
      driver.end(i)
    }
    await group.drain()
    expect(driver.batches).toEqual(['a b c', 'd e', 'f', 'g', 'h'])
  })

  it.for([
    ['units', { waiting: 2 }],
    ['characters', { waitingSize: 300 }],
  ] as const)('refuses more when too many %s wait, and takes some again later', async ([, limits]) => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver, limits)
    void group.submit(unit('a'))
    await turn()
    void group.submit(unit('b'))
    void group.submit(unit('c'))
    await expect(group.submit(unit('d'))).rejects.toMatchObject({ code: 'TUTTI_STORAGE_BUSY', status: 503 })
    driver.end(0)
    await turn()
    const late = group.submit(unit('e'))
    driver.end(1)
    await turn()
    driver.end(2)
    expect(await late).toBe(done)
  })

  it('gives each caller its own result', async () => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver)
    const conflict: UnitResult = { ok: false, conflict: { write: 0, reason: 'document', actual: 3 } }
    const answers = ['a', 'b', 'c'].map((name) => group.submit(unit(name)))
    await turn()
    driver.end(0, [done, conflict, done])
    expect(await Promise.all(answers)).toEqual([done, conflict, done])
  })

  it('fails all of a commit whose backend is down, and goes on with the next', async () => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver)
    const down = new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'down')
    const failing = ['a', 'b'].map((name) => group.submit(unit(name)))
    await turn()
    const next = group.submit(unit('c'))
    driver.end(0, down)
    expect(await Promise.allSettled(failing)).toEqual([
      { status: 'rejected', reason: down },
      { status: 'rejected', reason: down },
    ])
    await turn()
    expect(driver.batches).toEqual(['a b', 'c'])
    driver.end(1)
    expect(await next).toBe(done)
  })

  it('finds the one unit that the backend cannot take, and writes the others', async () => {
    const wrong = new Error('invalid byte sequence')
    const written: string[] = []
    const group = new GroupCommit({
      lanes: 1,
      commit: async (units) => {
        if (units.some((one) => nameOf(one) === 'bad')) throw wrong
        written.push(...units.map(nameOf))
        return units.map(() => done)
      },
    })
    const names = ['a', 'b', 'c', 'bad', 'd', 'e']
    const ends = await Promise.allSettled(names.map((name) => group.submit(unit(name))))
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(ends[3]).toMatchObject({ reason: wrong })
    expect(written).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('does not write again what may have been written', async () => {
    let commits = 0
    const group = new GroupCommit({
      lanes: 1,
      commit: async () => {
        commits++
        throw new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'gone', { details: { outcome: 'unknown' } })
      },
    })
    const ends = await Promise.allSettled(['a', 'b'].map((name) => group.submit(unit(name))))
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(commits).toBe(1)
  })

  it('takes a driver that throws or forgets results for what it is', async () => {
    const throwing = new GroupCommit({
      lanes: 1,
      commit: () => {
        throw new TypeError('oops')
      },
    })
    await expect(throwing.submit(unit('a'))).rejects.toThrow('oops')
    await throwing.drain()
    const forgetful = new GroupCommit({ lanes: 1, commit: async () => [] })
    await expect(forgetful.submit(unit('a'))).rejects.toMatchObject({ code: 'TUTTI_INTERNAL', details: { outcome: 'unknown' } })
  })

  it('drains: waits for what waits and what is under way', async () => {
    const driver = new SlowDriver()
    const group = new GroupCommit(driver)
    await group.drain()
    void group.submit(unit('a'))
    await turn()
    void group.submit(unit('b'))
    let drained = false
    const draining = group.drain().then(() => (drained = true))
    driver.end(0)
    await turn()
    expect(drained).toBe(false)
    driver.end(1)
    await draining
    expect(group.waiting).toBe(0)
  })
})
