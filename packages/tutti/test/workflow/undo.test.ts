import { describe, expect, it } from 'vitest'
import { nonRetryable, RunFailedError, StepFailedError, workflow } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, storages } from './support.ts'

const quick = { retry: { attempts: 2, delay: 1 } } as const

describe.each(storages)('undoing on %s', (kind) => {
  it('is done in reverse for what was done, when a step fails', async () => {
    const log: string[] = []
    const saga = workflow('saga', quick, async (w) => {
      await w.step('reserve', () => void log.push('reserve'), { undo: () => log.push('release') })
      await w.step('look', () => 'nothing to undo')
      await w.step('charge', () => 7, { undo: (amount, { key }) => log.push(`refund ${amount} ${key}`) })
      await w.step(
        'ship',
        () => {
          log.push('ship')
          throw new Error('no van')
        },
        { undo: () => log.push('never') },
      )
      return 'shipped'
    })
    const engine = await startWorkflows(await openStorage(kind), [saga])
    const run = await engine.run(saga, undefined, { id: '1' })
    const error = await run.result().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RunFailedError)
    expect(error).toMatchObject({
      code: 'TUTTI_RUN_FAILED',
      state: 'compensated',
      run: '1',
      failure: { code: 'TUTTI_STEP_FAILED', path: 'ship' },
    })
    expect(log).toEqual(['reserve', 'ship', 'ship', 'refund 7 saga/1/undo:charge', 'release'])
    expect(await run.status()).toMatchObject({ state: 'compensated', failure: { message: expect.stringContaining('no van') } })
    expect((await run.steps()).map(({ step, undo, failure, attempts }) => [step, undo, failure?.message, attempts])).toEqual([
      ['reserve', 'done', undefined, 1],
      ['look', 'none', undefined, 1],
      ['charge', 'done', undefined, 1],
      ['ship', 'none', 'no van', 2],
      ['undo:charge', 'none', undefined, 1],
      ['undo:reserve', 'none', undefined, 1],
    ])
  })

  it('has nothing to do where nothing was done: the run has failed', async () => {
    const failing = workflow('failing', quick, async (w) => {
      await w.step('look', () => 1)
      throw w.fail('not approved', { by: 'nobody' })
    })
    const engine = await startWorkflows(await openStorage(kind), [failing])
    const run = await engine.run(failing, undefined)
    await expect(run.result()).rejects.toMatchObject({
      state: 'failed',
      failure: { name: 'WorkflowFailure', code: 'TUTTI_WORKFLOW_FAILED', message: 'not approved', details: { by: 'nobody' } },
    })
  })

  it('stops at an undo that fails for good, and goes on from there when the run is retried', async () => {
    const log: string[] = []
    let broken = true
    const saga = workflow('saga', quick, async (w) => {
      await w.step('a', () => 1, { undo: () => log.push('undo a') })
      await w.step('b', () => 2, {
        undo: {
          retry: { attempts: 2, delay: 1 },
          run: () => {
            log.push('undo b')
            if (broken) throw new Error('b cannot be undone')
          },
        },
      })
      await w.step('c', () => 3, { undo: () => log.push('undo c') })
      throw new Error('too bad')
    })
    const engine = await startWorkflows(await openStorage(kind), [saga])
    const run = await engine.run(saga, undefined)
    await expect(run.result()).rejects.toMatchObject({ state: 'compensation-failed', failure: { path: 'undo:b' } })
    expect(log).toEqual(['undo c', 'undo b', 'undo b'])
    expect(await run.status()).toMatchObject({ state: 'compensation-failed', failure: { message: 'too bad' }, problem: { path: 'undo:b' } })
    broken = false
    await run.retry()
    await expect(run.result()).rejects.toMatchObject({ state: 'compensated', failure: { message: 'too bad' } })
    expect(log).toEqual(['undo c', 'undo b', 'undo b', 'undo b', 'undo a'])
    await expect(run.retry()).rejects.toMatchObject({ code: 'TUTTI_RUN_ENDED' })
  })

  it('is told of steps of which nobody knows whether they had an effect, where it wants to', async () => {
    const log: unknown[] = []
    const saga = workflow('saga', {}, async (w) => {
      await w.step(
        'charge',
        () => {
          throw nonRetryable(new Error('no answer'))
        },
        { undo: { onUnknown: true, run: (result, { key }) => log.push([result, key]) } },
      )
    })
    const engine = await startWorkflows(await openStorage(kind), [saga])
    const run = await engine.run(saga, undefined, { id: 'x' })
    await expect(run.result()).rejects.toMatchObject({ state: 'compensated' })
    expect(log).toEqual([[undefined, 'saga/x/undo:charge']])
  })

  it('is left to the function where that catches the failure', async () => {
    const log: string[] = []
    const saga = workflow('saga', quick, async (w) => {
      await w.step('a', () => 1, { undo: () => log.push('undo a') })
      try {
        await w.step('b', () => {
          throw Object.assign(new Error('full'), { code: 'FULL' })
        })
      } catch (error) {
        if (!(error instanceof StepFailedError) || error.failure.code !== 'FULL') throw error
        return 'without b'
      }
      return 'with b'
    })
    const engine = await startWorkflows(await openStorage(kind), [saga])
    expect(await (await engine.run(saga, undefined)).result()).toBe('without b')
    expect(log).toEqual([])
  })

  it('of branches that failed together is done at once, before the function goes on', async () => {
    const log: string[] = []
    const saga = workflow('saga', quick, async (w) => {
      await w.step('before', () => 0, { undo: () => log.push('undo before') })
      try {
        await w.all({
          left: async () => {
            await w.step('l1', () => void log.push('l1'), { undo: () => log.push('undo l1') })
            await w.step('l2', () => void log.push('l2'), { undo: () => log.push('undo l2') })
          },
          right: async () => {
            await w.step('r1', () => void log.push('r1'), { undo: () => log.push('undo r1') })
            await w.step('r2', () => {
              throw nonRetryable(new Error('right is wrong'))
            })
          },
          slow: () => w.signal('never' as never),
        })
      } catch (error) {
        log.push(error instanceof StepFailedError ? error.step : 'something else')
      }
      return w.step('after', () => 'went on')
    })
    const engine = await startWorkflows(await openStorage(kind), [saga])
    const run = await engine.run(saga, undefined)
    expect(await run.result()).toBe('went on')
    expect(log.slice(-1)).toEqual(['right/r2'])
    const undone = log.filter((line) => line.startsWith('undo'))
    expect(undone).not.toContain('undo before')
    // What was begun in the other branch by then is undone with it.
    expect(undone.toSorted()).toEqual(
      log
        .filter((line) => /^[lr]\d$/.test(line))
        .map((line) => `undo ${line}`)
        .toSorted(),
    )
  })
})
