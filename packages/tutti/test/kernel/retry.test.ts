import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { resolveRetry, retry, retryDelay, runInContext } from '../../src/kernel/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { contextOf } from './context-of.ts'

const fail = async (): Promise<never> => {
  throw new Error('no luck')
}

describe('retryDelay', () => {
  it('grows as the backoff says, up to its limit', () => {
    const delays = (backoff: 'exponential' | 'linear' | 'constant'): number[] => {
      const policy = resolveRetry({ backoff, delay: 100, maxDelay: 500, jitter: 'none' })
      return [1, 2, 3, 4, 5, 6].map((attempt) => retryDelay(policy, attempt))
    }
    expect(delays('exponential')).toEqual([100, 200, 400, 500, 500, 500])
    expect(delays('linear')).toEqual([100, 200, 300, 400, 500, 500])
    expect(delays('constant')).toEqual([100, 100, 100, 100, 100, 100])
  })

  it('stays between what is certain of the delay and the whole of it, for any policy and attempt', () => {
    const policies = fc.record({
      backoff: fc.constantFrom('exponential' as const, 'linear' as const, 'constant' as const),
      delay: fc.double({ min: 0, max: 1e9, noNaN: true }),
      maxDelay: fc.double({ min: 0, max: 1e9, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 1e6 }), randoms, (options, attempt, random) => {
        const full = retryDelay(resolveRetry({ ...options, jitter: 'none' }), attempt)
        const delay = retryDelay(resolveRetry(options), attempt, () => random)
        expect(full).toBeLessThanOrEqual(options.maxDelay)
        expect(full).toBeGreaterThanOrEqual(Math.min(options.delay, options.maxDelay))
        expect(delay).toBeLessThanOrEqual(full)
        expect(delay).toBeGreaterThanOrEqual(full * (1 - options.jitter))
      }),
    )
  })
})

describe('resolveRetry', () => {
  it.each([{ attempts: 0 }, { attempts: 1.5 }, { attempts: Number.NaN }, { jitter: 2 }, { jitter: -1 }, { jitter: Number.NaN }])(
    'refuses %o',
    (options) => {
      expect(() => resolveRetry(options)).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
    },
  )

  it('refuses an unknown backoff', () => {
    expect(() => Reflect.apply(resolveRetry, undefined, [{ backoff: 'toString' }])).toThrow(/"toString"; wanted "exponential"/)
  })
})

describe('retry', () => {
  it('answers with the first success', async () => {
    const clock = fakeClock()
    const started = clock.now()
    const tried: [number, number][] = []
    const result = retry(
      async (attempt) => {
        tried.push([attempt, clock.now() - started])
        if (attempt < 3) throw new Error('not yet')
        return 'done'
      },
      { clock, delay: '1s', jitter: 'none' },
    )
    await clock.advance('10s')
    expect(await result).toBe('done')
    expect(tried).toEqual([
      [1, 0],
      [2, 1000],
      [3, 3000],
    ])
  })

  it('gives up after its attempts, with the last error and their number', async () => {
    const error = await retry(fail, { attempts: 4, delay: 0, maxDelay: 0 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TUTTI_RETRY_EXHAUSTED', details: { attempts: 4 }, cause: { message: 'no luck' } })
    expect(String(error)).toContain('no luck')
  })

  it('throws what is not worth a retry as it is', async () => {
    const work = vi.fn(fail)
    await expect(retry(work, { retryIf: () => false })).rejects.toThrow(/^no luck$/)
    expect(work).toHaveBeenCalledOnce()
  })

  it('does not wait for an attempt that would begin after the deadline', async () => {
    const clock = fakeClock()
    const result = retry(fail, { clock, delay: '2s', jitter: 'none', deadline: clock.now() + 1000 })
    await expect(result).rejects.toMatchObject({
      code: 'TUTTI_DEADLINE_EXCEEDED',
      status: 504,
      details: { attempts: 1 },
      cause: { message: 'no luck' },
    })
    expect(clock.pending).toBe(0)
  })

  it('gives up an attempt when the deadline passes, and tells it', async () => {
    const clock = fakeClock()
    const signals: AbortSignal[] = []
    const result = retry((_, signal) => new Promise<never>(() => void signals.push(signal)), { clock, deadline: clock.now() + 1000 })
    const failed = expect(result).rejects.toMatchObject({ code: 'TUTTI_DEADLINE_EXCEEDED' })
    await clock.advance(999)
    expect(signals[0]?.aborted).toBe(false)
    await clock.advance(1)
    await failed
    expect(signals.map((signal) => signal.aborted)).toEqual([true])
    await expect(retry(fail, { clock, deadline: clock.now() })).rejects.toMatchObject({ details: { attempts: 0 } })
  })

  it('ends with the signal, during an attempt and between two', async () => {
    const clock = fakeClock()
    for (const work of [() => new Promise<never>(() => undefined), fail]) {
      const controller = new AbortController()
      const result = retry(work, { clock, delay: '1d', signal: controller.signal, attempts: 10 })
      const failed = expect(result).rejects.toThrow('enough')
      await clock.advance(10)
      controller.abort(new Error('enough'))
      await failed
      expect(clock.pending).toBe(0)
    }
  })

  it('keeps to the deadline of the context', async () => {
    const clock = fakeClock()
    const context = contextOf({ deadline: clock.now() + 5 })
    const result = runInContext(context, () => retry(fail, { clock, jitter: 'none', delay: 10 }), undefined)
    await expect(result).rejects.toMatchObject({ code: 'TUTTI_DEADLINE_EXCEEDED' })
  })
})
