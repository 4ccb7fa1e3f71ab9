import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { memoryStorage } from '../../src/storage/index.ts'
import { createWorkflows, RunFailedError, workflow, type Workflow, type Workflows } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, storages, testClock } from './support.ts'

const log: string[] = []

/** Holds something until it is undone; ends when it is told so, or fails. */
const child = workflow(
  'child',
  { input: z.object({ name: z.string() }), signals: { go: z.string() }, retry: { attempts: 1 } },
  async (w, { name }) => {
    await w.step('hold', () => void log.push(`hold ${name}`), { undo: () => log.push(`release ${name}`) })
    const how = await w.signal('go')
    if (how === 'fail') throw w.fail(`${name} failed`)
    return `${name} ${how}`
  },
)

const parent = workflow('parent', { input: z.enum(['complete', 'fail']), retry: { attempts: 1 } }, async (w, end) => {
  await w.step('before', () => void log.push('before'), { undo: () => log.push('undo before') })
  const { a, b } = await w.all({
    a: () => w.run(child, { name: 'a' }),
    b: () => w.run(child, { name: 'b' }, { name: 'second' }),
  })
  if (end === 'fail') throw w.fail('parent failed')
  return [a, b]
})

describe.each(storages)('a run that starts others on %s', (kind) => {
  it('waits for their results', async () => {
    log.length = 0
    const engine = await startWorkflows(await openStorage(kind), [parent, child])
    const run = await engine.run(parent, 'complete', { id: 'p', tenant: 'red' })
    const [a, b] = [engine.get(child, 'p/a/child'), engine.get(child, 'p/b/second')]
    await expect.poll(() => log.length).toBe(3)
    expect(await a.status()).toMatchObject({ tenant: 'red', state: 'running' })
    await a.signal('go', 'well')
    await b.signal('go', 'fine')
    expect(await run.result()).toEqual(['a well', 'b fine'])
    expect((await run.steps()).map(({ step, kind: of }) => `${of} ${step}`).toSorted()).toEqual([
      'run a/child',
      'run b/second',
      'step before',
    ])
  })

  it('undoes those that are completed, and cancels the others, when it fails', async () => {
    log.length = 0
    const engine = await startWorkflows(await openStorage(kind), [parent, child])
    const run = await engine.run(parent, 'fail', { id: 'p' })
    const [a, b] = [engine.get(child, 'p/a/child'), engine.get(child, 'p/b/second')]
    await expect.poll(() => log.length).toBe(3)
    await a.signal('go', 'well')
    expect(await a.result()).toBe('a well')
    await b.signal('go', 'fine')
    await expect(run.result()).rejects.toMatchObject({ state: 'compensated', failure: { message: 'parent failed' } })
    expect(log.slice(3)).toEqual(['release b', 'release a', 'undo before'])
    expect([(await a.status()).state, (await b.status()).state]).toEqual(['cancelled', 'cancelled'])
  })

  it('fails with one of them, and takes the others back', async () => {
    log.length = 0
    const engine = await startWorkflows(await openStorage(kind), [parent, child])
    const run = await engine.run(parent, 'complete', { id: 'p' })
    await expect.poll(() => log.length).toBe(3)
    await engine.get(child, 'p/a/child').signal('go', 'fail')
    const error = await run.result().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RunFailedError)
    expect(error).toMatchObject({
      state: 'compensated',
      failure: { code: 'TUTTI_RUN_FAILED', message: expect.stringContaining('a failed') },
    })
    expect(log.slice(3).toSorted()).toEqual(['release a', 'release b', 'undo before'])
    expect(await engine.get(child, 'p/b/second').status()).toMatchObject({ state: 'cancelled' })
  })

  it('passes its cancellation on', async () => {
    log.length = 0
    const engine = await startWorkflows(await openStorage(kind), [parent, child])
    const run = await engine.run(parent, 'complete', { id: 'p' })
    await expect.poll(() => log.length).toBe(3)
    expect(await run.cancel('not wanted')).toBe(true)
    await expect(run.result()).rejects.toMatchObject({ state: 'cancelled' })
    expect(log.slice(3).toSorted()).toEqual(['release a', 'release b', 'undo before'])
    expect(await run.cancel()).toBe(false)
  })
})

describe('a run and those that it has started', () => {
  it('find each other in whatever processes they are', async () => {
    const clock = testClock()
    const storage = memoryStorage({ clock })
    const start = async (owner: string, ...workflows: Workflow[]): Promise<Workflows> => {
      const engine = createWorkflows(storage, workflows, { clock, owner })
      await engine.start()
      return engine
    }
    // One process knows how parents are executed, others how children are.
    const caller = workflow('caller', {}, (w) => w.run(child, { name: 'x' }))
    const front = createWorkflows(storage, [caller, child], { clock, owner: 'front', concurrency: 1 })
    await front.start()
    const run = await front.run(caller, undefined, { id: 'p' })
    // There is no room for the child beside its parent, until that is out of memory.
    await clock.advance('10s')
    expect((await run.status()).state).toBe('waiting')
    await front.stop()
    const back = await start('back', child)
    await back.get(child, 'p/child').signal('go', 'round')
    await clock.advance('5s')
    expect(await back.get(child, 'p/child').result()).toBe('x round')
    expect((await run.status()).state).toBe('waiting')
    const again = await start('again', caller, child)
    await clock.advance('5s')
    expect(await again.get(caller, 'p').result()).toBe('x round')
    await back.stop()
    await again.stop()
  })

  it('are undone together, also later and elsewhere', async () => {
    log.length = 0
    const clock = testClock()
    const storage = memoryStorage({ clock })
    const long = workflow('long', { retry: { attempts: 1 } }, async (w) => {
      await w.run(child, { name: 'x' })
      await w.sleep('1d')
      throw w.fail('too late')
    })
    const first = createWorkflows(storage, [long, child], { clock })
    await first.start()
    await first.run(long, undefined, { id: 'p' })
    await clock.advance('1s')
    await first.get(child, 'p/child').signal('go', 'on')
    await clock.advance('5s')
    await first.stop()
    const next = createWorkflows(storage, [long, child], { clock, lease: '1h', poll: '1h' })
    await next.start()
    await clock.advance('25h')
    await clock.advance('5s')
    await expect(next.get(long, 'p').result()).rejects.toMatchObject({ state: 'compensated', failure: { message: 'too late' } })
    expect(log).toEqual(['hold x', 'release x'])
    await next.stop()
  })
})
