import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { memoryStorage, type DocumentChange } from '../../src/storage/index.ts'
import { createWorkflows, workflow } from '../../src/workflow/public.ts'
import { runKey, type RunDocument, type RunValue } from '../../src/workflow/run-document.ts'
import { RunModel } from '../../src/workflow/run-model.ts'
import { faultyStorage, lost, silence } from './faulty-storage.ts'
import { testClock } from './support.ts'

const of =
  (key: string, fits: (value: RunValue) => boolean = () => true) =>
  (change: DocumentChange): boolean =>
    change.key === key && change.delete !== true && fits(change.value as RunValue)

function world() {
  const clock = testClock()
  const shared = memoryStorage({ clock })
  const faulty = faultyStorage(shared)
  const stop = async (...engines: readonly { stop(options: { timeout: number }): Promise<void> }[]): Promise<void> => {
    const stopped = Promise.all(engines.map((engine) => engine.stop({ timeout: 1 })))
    await clock.advance('1s')
    await stopped
  }
  return { clock, shared, faulty, stop }
}

describe('a write of which nobody knows whether it came through', () => {
  it('of a transaction is done once, and recorded once', async () => {
    const { clock, shared, faulty, stop } = world()
    let tries = 0
    const pay = workflow('pay', { retry: { attempts: 1 } }, (w) =>
      w.tx('move', async (tx) => {
        tries++
        const found = await tx.state.get<number>('purse/a')
        await tx.state.put('purse/a', (found?.value ?? 0) + 1)
        return found?.value ?? 0
      }),
    )
    const engine = createWorkflows(faulty.storage, [pay], { clock })
    await engine.start()
    faulty.transaction(lost)
    const first = await engine.run(pay, undefined)
    await clock.advance('5s')
    expect([await first.result(), tries]).toEqual([0, 1])
    // One that did not come through is no attempt of the step: it has only one.
    faulty.transaction(() => Promise.reject(silence()))
    const second = await engine.run(pay, undefined)
    await clock.advance('5s')
    expect([await second.result(), tries]).toEqual([1, 2])
    expect((await shared.state.get<number>('purse/a'))?.value).toBe(2)
    expect(await second.steps()).toHaveLength(1)
    await stop(engine)
  })

  it('of a transaction that cannot commit leaves no record', async () => {
    const { clock, faulty, stop } = world()
    const pay = workflow('pay', { retry: { attempts: 2, delay: 10 } }, (w) => w.tx('move', async (_, { attempt }) => attempt))
    const engine = createWorkflows(faulty.storage, [pay], { clock })
    await engine.start()
    // As where a deferred constraint does not hold.
    faulty.transaction((commit) =>
      faulty.storage.transaction(async () => {
        await commit()
        throw new Error('The constraint does not hold.')
      }),
    )
    const run = await engine.run(pay, undefined)
    await clock.advance('5s')
    expect(await run.result()).toBe(2)
    expect((await run.steps()).map(({ step, attempts }) => [step, attempts])).toEqual([['move', 2]])
    await stop(engine)
  })

  it('of a new run is looked for, and the run begins at once', async () => {
    const { clock, faulty, stop } = world()
    const quick = workflow('quick', {}, async () => 'done')
    const engine = createWorkflows(faulty.storage, [quick], { clock })
    await engine.start()
    faulty.write(of(runKey('quick', '1')), lost)
    const run = await engine.run(quick, undefined, { id: '1' })
    await clock.advance('1s')
    expect(await run.status()).toMatchObject({ state: 'completed', output: 'done' })
    faulty.write(of(runKey('quick', '2')), () => Promise.reject(silence()))
    await expect(engine.run(quick, undefined, { id: '2' })).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE' })
    await stop(engine)
  })

  it('of a signal that comes through late is sent once, whoever executes the run then', async () => {
    const { clock, shared, faulty, stop } = world()
    const flow = workflow('flow', { signals: { go: z.string() } }, async (w) => [
      await w.signal('go', { within: '1m' }),
      await w.signal('go', { within: '1m' }),
    ])
    const engine = createWorkflows(faulty.storage, [flow], { clock, lease: '15s', idle: '1h' })
    await engine.start()
    const run = await engine.run(flow, undefined, { id: '1' })
    await clock.advance('1s')
    // The storage breaks off, and writes it nevertheless while this process is about to write it again.
    faulty.write(
      of(runKey('flow', '1'), ({ inbox = [], tail }) => inbox.length + tail.length > 0),
      (commit) => {
        faulty.write(of(runKey('flow', '1')), async (again) => {
          await commit()
          return again()
        })
        return Promise.reject(silence())
      },
    )
    const sent = run.signal('go', 'only')
    await clock.advance('5s')
    await sent
    await clock.advance('3m')
    expect((await shared.state.get<RunValue>(runKey('flow', '1')))?.value.output).toEqual(['only', undefined])
    await stop(engine)
  })

  it('of a run that goes on with a new journal keeps what others send meanwhile', async () => {
    const { clock, shared, faulty, stop } = world()
    const flow = workflow('flow', { input: z.number(), signals: { go: z.string() } }, async (w, round) => {
      if (round === 0) await w.continueAs(1)
      return w.signal('go', { within: '1m' })
    })
    const engine = createWorkflows(faulty.storage, [flow], { clock })
    await engine.start()
    const other = createWorkflows(shared, [flow], { clock })
    faulty.write(
      of(runKey('flow', '1'), ({ generation }) => generation === 1),
      async (commit) => {
        await commit()
        await other.get(flow, '1').signal('go', 'now')
        throw silence()
      },
    )
    const run = await engine.run(flow, 0, { id: '1' })
    await clock.advance('2m')
    expect(await run.result()).toBe('now')
    await stop(engine)
  })
})

it('a signal that was sent twice with a key, here and elsewhere, counts once', () => {
  const value: RunValue = {
    version: 1,
    state: 'running',
    input: undefined,
    createdAt: 0,
    context: { correlationId: 'c' },
    generation: 0,
    writes: 0,
    claims: 1,
    tail: [],
    pages: 0,
    paged: 0,
  }
  const document: RunDocument = {
    key: 'runs:flow/1',
    value,
    version: 1,
    status: 'open@1',
    due: 0,
    tenant: undefined,
    owner: 'me',
    leaseUntil: 1,
    epoch: 1,
    updatedAt: 0,
  }
  const item = { kind: 'signal', name: 'go', size: 0, at: 0, key: 'click-7' } as const
  const model = new RunModel('flow', document, [])
  model.put({ ...item, id: 'here' })
  model.merge({ ...document, value: { ...value, inbox: [{ ...item, id: 'elsewhere' }], seen: ['click-7', 'other'] } })
  expect(model.compose({}).value.inbox?.map(({ id }) => id)).toEqual(['here'])
  expect(model.value.seen).toEqual(['click-7', 'other'])
  // What was sent here is not forgotten over what was sent elsewhere.
  model.put({ ...item, id: 'mine', key: 'mine' })
  model.merge({ ...document, value: { ...value, seen: ['click-7', 'other', 'third'] } })
  model.put({ ...item, id: 'mine again', key: 'mine' })
  expect(model.compose({}).value.inbox?.map(({ id }) => id)).toEqual(['here', 'mine'])
})
