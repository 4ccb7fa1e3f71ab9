import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createMeter, MetricRegistry } from '../../src/observe/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { workflow } from '../../src/workflow/public.ts'
import { startWorkflows, testClock } from './support.ts'

/** What a metric shows, as `label=value,… : value`. */
function shown(registry: MetricRegistry, name: string): readonly string[] {
  const { series = [] } = registry.collect().find((metric) => metric.name === name) ?? {}
  return series.flatMap((one) => ('value' in one ? [`${Object.values(one.labels).join(' ')}: ${one.value}`] : [])).toSorted()
}

describe('the metric of time-outs', () => {
  it('counts attempts, waits for signals and runs that took too long, and nothing else', async () => {
    const clock = testClock()
    const registry = new MetricRegistry()
    const late = workflow('late', { deadline: '1h', signals: { go: z.string() } }, async (w) => {
      await w.step('hang', ({ attempt }) => (attempt === 3 ? 'at last' : new Promise(() => undefined)), {
        timeout: '1s',
        retry: { attempts: 3, delay: 10 },
      })
      await w.sleep('1m')
      await w.signal('go', { within: '10s' })
      await w.sleep('1d')
    })
    const engine = await startWorkflows(memoryStorage({ clock }), [late], { clock, meter: createMeter('w', { registry }) })
    const run = await engine.run(late, undefined)
    await clock.advance('2h')
    expect(await run.result().catch((error: unknown) => error)).toMatchObject({ code: 'TUTTI_RUN_FAILED' })
    expect(shown(registry, 'tutti.workflow.timeouts')).toEqual(['late run: 1', 'late signal: 1', 'late step: 2'])
  })
})

describe('the metric of runs', () => {
  it('shows how many are in which state, those of other processes and of former ones included', async () => {
    const clock = testClock()
    const registry = new MetricRegistry()
    const order = workflow('order', { input: z.string(), signals: { go: z.string() } }, async (w, kind) => {
      if (kind === 'bad') throw new Error('no')
      if (kind === 'slow') await w.signal('go')
    })
    const idle = workflow('idle', {}, () => undefined)
    const storage = memoryStorage({ clock })
    const former = await startWorkflows(storage, [order], { clock })
    for (const kind of ['good', 'good', 'bad']) await (await former.run(order, kind)).result().catch(() => undefined)
    await former.stop()
    const engine = await startWorkflows(storage, [order, idle], { clock, meter: createMeter('w', { registry }) })
    for (let i = 0; i < 120; i++) await engine.run(order, 'slow')
    await clock.advance('5s')
    expect(shown(registry, 'tutti.workflow.stored_runs')).toEqual([])
    await clock.advance('1s')
    expect(shown(registry, 'tutti.workflow.stored_runs')).toEqual(['order completed: 2', 'order failed: 1', 'order waiting: 120'])
    await engine.stop()
    expect(shown(registry, 'tutti.workflow.stored_runs')).toEqual([])
  })
})

describe('the metric of activations', () => {
  it('tells runs that began, that went on after a wait, and that were taken over from a process which left them', async () => {
    const clock = testClock()
    const [before, after] = [new MetricRegistry(), new MetricRegistry()]
    let hangs = true
    const order = workflow('order', { retry: { attempts: 1 } }, async (w) => {
      await w.sleep('1h')
      await w.step('first', () => 'done')
      await w.step('charge', () => (hangs ? new Promise(() => undefined) : 'charged'))
    })
    const storage = memoryStorage({ clock })
    const former = await startWorkflows(storage, [order], { clock, meter: createMeter('w', { registry: before }) })
    const run = await former.run(order, undefined)
    await clock.advance('61m')
    expect(shown(before, 'tutti.workflow.activations')).toEqual(['order resumed: 1', 'order started: 1'])
    const stopped = former.stop({ timeout: '1s' })
    await clock.advance('2s')
    await stopped
    hangs = false
    const next = await startWorkflows(storage, [order], { clock, meter: createMeter('w', { registry: after }) })
    await clock.advance('1m')
    expect(await next.get(order, run.id).result()).toBeUndefined()
    expect(shown(after, 'tutti.workflow.activations')).toEqual(['order recovered: 1'])
  })
})
