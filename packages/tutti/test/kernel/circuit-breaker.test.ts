import { describe, expect, it } from 'vitest'
import { circuitBreaker, type CircuitBreaker, type CircuitBreakerOptions, type CircuitState } from '../../src/kernel/index.ts'
import { fakeClock, type FakeClock } from '../../src/testing/index.ts'

function setUp(options: Partial<CircuitBreakerOptions> = {}): {
  breaker: CircuitBreaker
  clock: FakeClock
  changes: CircuitState['status'][]
} {
  const clock = fakeClock()
  const changes: CircuitState['status'][] = []
  const breaker = circuitBreaker({ name: 'stock', clock, onChange: (state) => changes.push(state.status), ...options })
  return { breaker, clock, changes }
}

const fail = (breaker: CircuitBreaker): Promise<unknown> =>
  breaker.call(() => Promise.reject(new Error('down'))).catch((reason: unknown) => reason)
const succeed = (breaker: CircuitBreaker): Promise<string> => breaker.call(() => 'up')

describe('circuitBreaker', () => {
  it('opens after failures in a row, refuses, tries again and closes', async () => {
    const { breaker, clock, changes } = setUp({ failures: 3, resetAfter: '30s' })
    for (let i = 0; i < 2; i++) await fail(breaker)
    await succeed(breaker)
    for (let i = 0; i < 2; i++) await fail(breaker)
    expect(breaker.state).toEqual({ status: 'closed', failures: 2 })
    await fail(breaker)
    expect(breaker.state).toEqual({ status: 'open', since: clock.now(), resetAfter: 30_000 })
    await clock.advance(10_500)
    let called = false
    await expect(breaker.call(() => (called = true))).rejects.toMatchObject({
      code: 'TUTTI_CIRCUIT_OPEN',
      status: 503,
      details: { retryAfter: 20 },
    })
    expect(called).toBe(false)
    await clock.advance(19_500)
    expect(await succeed(breaker)).toBe('up')
    expect(breaker.state).toEqual({ status: 'closed', failures: 0 })
    expect(changes).toEqual(['open', 'half-open', 'closed'])
  })

  it('opens again when a trial fails, and lets only so many try', async () => {
    const { breaker, clock, changes } = setUp({ failures: 1, resetAfter: '1s', halfOpenCalls: 2 })
    await fail(breaker)
    await clock.advance('1s')
    const gate = Promise.withResolvers<void>()
    const first = breaker.call(() => gate.promise)
    const second = succeed(breaker)
    await expect(succeed(breaker)).rejects.toMatchObject({ code: 'TUTTI_CIRCUIT_OPEN' })
    await second
    expect(breaker.state).toEqual({ status: 'half-open', running: 1, succeeded: 1 })
    gate.reject(new Error('down'))
    await expect(first).rejects.toThrow('down')
    expect(changes).toEqual(['open', 'half-open', 'open'])
  })

  it('opens when the share of failures in the window is too high, and forgets what left it', async () => {
    const { breaker, clock } = setUp({ failureRate: 0.5, window: '10s', minimumCalls: 4 })
    for (let i = 0; i < 3; i++) await fail(breaker)
    expect(breaker.state.status).toBe('closed')
    await clock.advance('11s')
    await fail(breaker)
    for (let i = 0; i < 2; i++) await succeed(breaker)
    expect(breaker.state.status).toBe('closed')
    await fail(breaker)
    expect(breaker.state.status).toBe('open')
  })

  it('counts only what isFailure says', async () => {
    const { breaker } = setUp({ failures: 1, isFailure: (error) => String(error).includes('down') })
    await expect(breaker.call(() => Promise.reject(new Error('not found')))).rejects.toThrow('not found')
    expect(breaker.state.status).toBe('closed')
    await fail(breaker)
    expect(breaker.state.status).toBe('open')
  })

  it('gives slow calls up and counts them', async () => {
    const { breaker, clock } = setUp({ failures: 1, timeout: '2s' })
    let told: AbortSignal | undefined
    const call = breaker.call((signal) => ((told = signal), new Promise<never>(() => undefined)))
    const failed = expect(call).rejects.toMatchObject({ code: 'TUTTI_TIMEOUT', status: 504 })
    await clock.advance('2s')
    await failed
    expect([breaker.state.status, told?.aborted]).toEqual(['open', true])
  })

  it('does not count what its caller ended, and gives the trial back', async () => {
    const { breaker, clock } = setUp({ failures: 1, resetAfter: '1s' })
    await fail(breaker)
    await clock.advance('1s')
    const controller = new AbortController()
    const call = expect(breaker.call(() => new Promise<never>(() => undefined), { signal: controller.signal })).rejects.toThrow('left')
    controller.abort(new Error('left'))
    await call
    expect(breaker.state).toEqual({ status: 'half-open', running: 0, succeeded: 0 })
    await succeed(breaker)
    expect(breaker.state.status).toBe('closed')
  })

  it('ignores how calls of an earlier status end', async () => {
    const { breaker, clock } = setUp({ failures: 1, resetAfter: '1s' })
    const gate = Promise.withResolvers<never>()
    const old = expect(breaker.call(() => gate.promise)).rejects.toThrow('late')
    await fail(breaker)
    await clock.advance('1s')
    await succeed(breaker)
    gate.reject(new Error('late'))
    await old
    expect(breaker.state).toEqual({ status: 'closed', failures: 0 })
  })

  it.each([{ failures: 0 }, { failureRate: 0 }, { failureRate: 1.1 }, { halfOpenCalls: 0 }, { minimumCalls: 0.5 }])(
    'refuses %o',
    (options) => {
      expect(() => setUp(options)).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
    },
  )
})
