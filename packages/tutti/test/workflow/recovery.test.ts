import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/storage/index.ts'
import { createWorkflows, workflow } from '../../src/workflow/public.ts'
import { processOf } from '../projections/frozen-storage.ts'
import { testClock } from './support.ts'

describe('a process that dies', () => {
  it('is taken over from behind the last finished step', async () => {
    const clock = testClock()
    const shared = memoryStorage({ clock })
    const calls: string[] = []
    const order = (owner: string, hang: boolean) =>
      workflow('order', {}, async (w) => {
        const held = await w.step('reserve', () => void calls.push(`${owner} reserve`))
        await w.step('charge', async ({ key }) => {
          calls.push(`${owner} ${key}`)
          if (hang) await new Promise(() => undefined)
        })
        return held ?? 'done'
      })
    const dying = processOf(shared)
    const a = createWorkflows(dying.storage, [order('a', true)], { clock, owner: 'a', lease: '15s' })
    await a.start()
    const run = await a.run(order('a', true), undefined, { id: '1' })
    await clock.advance('1s')
    expect(calls).toEqual(['a reserve', 'a order/1/charge'])
    dying.kill()
    const b = createWorkflows(shared, [order('b', false)], { clock, owner: 'b', lease: '15s' })
    await b.start()
    await clock.advance('13s')
    expect(calls).toHaveLength(2)
    await clock.advance('3s')
    expect(calls).toEqual(['a reserve', 'a order/1/charge', 'b order/1/charge'])
    expect(await b.get(order('b', false), '1').result()).toBe('done')
    expect(run.id).toBe('1')
    await b.stop()
    const stopped = a.stop()
    await clock.advance('11s')
    await stopped
  })

  it('writes nothing any more once another has taken its run over', async () => {
    const clock = testClock()
    const shared = memoryStorage({ clock })
    const ends: (() => void)[] = []
    const aborted: string[] = []
    const order = (owner: string) =>
      workflow('order', {}, async (w) => {
        await w.step('charge', ({ signal }) => {
          signal.addEventListener('abort', () => aborted.push(owner))
          return new Promise<string>((resolve) => ends.push(() => resolve(owner)))
        })
        return w.step('ship', () => owner)
      })
    const sleepy = processOf(shared)
    const a = createWorkflows(sleepy.storage, [order('a')], { clock, owner: 'a', lease: '15s' })
    await a.start()
    await a.run(order('a'), undefined, { id: '1' })
    await clock.advance(10)
    sleepy.freeze()
    const b = createWorkflows(shared, [order('b')], { clock, owner: 'b', lease: '15s' })
    await b.start()
    await clock.advance('17s')
    expect(ends).toHaveLength(2)
    sleepy.thaw()
    ends[0]?.()
    await clock.advance('1s')
    ends[1]?.()
    await clock.advance('1s')
    const handle = b.get(order('b'), '1')
    expect(await handle.result()).toBe('b')
    expect((await handle.steps()).map(({ step, result }) => [step, result])).toEqual([
      ['charge', 'b'],
      ['ship', 'b'],
    ])
    expect(aborted).toEqual(['a'])
    await a.stop()
    await b.stop()
  })
})
