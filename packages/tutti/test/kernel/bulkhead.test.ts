import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bulkhead } from '../../src/kernel/index.ts'
import { fakeClock } from '../../src/testing/index.ts'

describe('bulkhead', () => {
  it('runs so many, queues so many in order and refuses the others', async () => {
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    const guard = bulkhead({ name: 'stock', concurrency: 2, queue: 2 })
    const began: number[] = []
    const calls = gates.map((gate, n) => guard.call(() => (began.push(n), gate.promise)))
    await expect(guard.call(() => 1)).rejects.toMatchObject({
      code: 'TUTTI_BULKHEAD_FULL',
      status: 503,
      details: { running: 2, waiting: 2 },
    })
    expect(began).toEqual([0, 1])
    gates[1]?.resolve()
    await calls[1]
    await expect.poll(() => began).toEqual([0, 1, 2])
    for (const gate of gates) gate.resolve()
    await Promise.all(calls)
    expect(began).toEqual([0, 1, 2, 3])
    expect([guard.running, guard.waiting]).toEqual([0, 0])
    expect(await guard.call(() => 'free again')).toBe('free again')
  })

  it('frees its place when work fails', async () => {
    const guard = bulkhead({ name: 'stock', concurrency: 1 })
    await expect(guard.call(() => Promise.reject(new Error('a')))).rejects.toThrow('a')
    await expect(
      guard.call(() => {
        throw new Error('b')
      }),
    ).rejects.toThrow('b')
    expect(guard.running).toBe(0)
  })

  it('lets a waiting call go by its signal or after its time', async () => {
    const clock = fakeClock()
    const guard = bulkhead({ name: 'stock', concurrency: 1, queue: 5, queueTimeout: '1s', clock })
    const gate = Promise.withResolvers<void>()
    const first = guard.call(() => gate.promise)
    const controller = new AbortController()
    const aborted = expect(guard.call(() => 1, { signal: controller.signal })).rejects.toThrow('left')
    const late = expect(guard.call(() => 2)).rejects.toMatchObject({ code: 'TUTTI_BULKHEAD_FULL' })
    controller.abort(new Error('left'))
    await aborted
    await expect(guard.call(() => 3, { signal: controller.signal })).rejects.toThrow('left')
    await clock.advance('1s')
    await late
    expect([guard.running, guard.waiting, clock.pending]).toEqual([1, 0, 0])
    gate.resolve()
    await first
    expect(guard.running).toBe(0)
  })

  it('never runs more than it may, loses nobody and keeps the order, whatever happens', async () => {
    const call = fc.record({ ticks: fc.nat(5), fails: fc.boolean(), abortAfter: fc.option(fc.nat(5), { nil: undefined }) })
    const limits = fc.record({ concurrency: fc.integer({ min: 1, max: 4 }), queue: fc.nat(10) })
    await fc.assert(
      fc.asyncProperty(limits, fc.array(call, { maxLength: 25 }), async ({ concurrency, queue }, calls) => {
        const guard = bulkhead({ name: 'p', concurrency, queue })
        const began: number[] = []
        let running = 0
        let peak = 0
        const ticks = async (n: number): Promise<void> => {
          for (let i = 0; i < n; i++) await undefined
        }
        const work = async (n: number, spec: (typeof calls)[number]): Promise<void> => {
          began.push(n)
          peak = Math.max(peak, ++running)
          await ticks(spec.ticks)
          running--
          if (spec.fails) throw new Error('failed')
        }
        const results = await Promise.allSettled(
          calls.map((spec, n) => {
            const controller = new AbortController()
            if (spec.abortAfter !== undefined) void ticks(spec.abortAfter).then(() => controller.abort(new Error('aborted')))
            return guard.call(() => work(n, spec), { signal: controller.signal })
          }),
        )
        expect(peak).toBeLessThanOrEqual(concurrency)
        expect(began).toEqual(began.toSorted((a, b) => a - b))
        expect([guard.running, guard.waiting, running]).toEqual([0, 0, 0])
        results.forEach((result, n) => {
          if (!began.includes(n)) expect(result.status).toBe('rejected')
          else expect(result.status).toBe(calls[n]?.fails ? 'rejected' : 'fulfilled')
        })
      }),
    )
  })

  it.each([{ concurrency: 0 }, { concurrency: 1.5 }, { concurrency: 1, queue: -1 }])('refuses %o', (options) => {
    expect(() => bulkhead({ name: 'x', ...options })).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
  })
})
