import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../src/testing/index.ts'

describe('fakeClock', () => {
  it('stands still until it is told', async () => {
    const clock = fakeClock({ now: new Date('2026-05-01T00:00:00Z') })
    const start = clock.now()
    expect(new Date(start).toISOString()).toBe('2026-05-01T00:00:00.000Z')
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect(clock.now()).toBe(start)
    await clock.advance('1d')
    expect(clock.now() - start).toBe(86_400_000)
    expect(clock.monotonic()).toBe(86_400_000)
  })

  it('runs due timers in order, each at its own time, those that are set meanwhile too', async () => {
    const clock = fakeClock({ now: 0 })
    const log: [string, number][] = []
    const note = (name: string): void => void log.push([name, clock.now()])
    clock.setTimeout(() => note('c'), 30)
    clock.setTimeout(() => note('a'), 10)
    clock.setTimeout(() => {
      note('b')
      clock.setTimeout(() => note('b2'), 5)
    }, 20)
    clock.setTimeout(() => note('also b'), 20)
    clock.setTimeout(() => note('late'), 31)
    await clock.advance(30)
    expect(log).toEqual([
      ['a', 10],
      ['b', 20],
      ['also b', 20],
      ['b2', 25],
      ['c', 30],
    ])
    expect(clock.pending).toBe(1)
  })

  it('lets all that follows from a timer happen before the next one', async () => {
    const clock = fakeClock({ now: 0 })
    const log: string[] = []
    const sleeper = async (): Promise<void> => {
      for (const name of ['first', 'second', 'third']) {
        await clock.sleep(10)
        for (let i = 0; i < 20; i++) await undefined
        log.push(`${name} ${clock.now()}`)
      }
    }
    clock.setTimeout(() => log.push(`timer ${clock.now()}`), 15)
    const slept = sleeper()
    await clock.advance(30)
    await slept
    expect(log).toEqual(['first 10', 'timer 15', 'second 20', 'third 30'])
  })

  it('cancels timers and aborts sleeps', async () => {
    const clock = fakeClock()
    let ran = false
    const timer = clock.setTimeout(() => (ran = true), 1).unref()
    const controller = new AbortController()
    const sleep = clock.sleep('1h', controller.signal)
    timer.cancel()
    controller.abort(new Error('woken'))
    await expect(sleep).rejects.toThrow('woken')
    await clock.advance('2h')
    expect(ran).toBe(false)
  })

  it('jumps without time passing', async () => {
    const clock = fakeClock({ now: 1000 })
    let ranAt = 0
    clock.setTimeout(() => (ranAt = clock.now()), 10)
    clock.set(500_000)
    await clock.advance(0)
    expect([clock.now(), clock.monotonic(), ranAt]).toEqual([500_000, 0, 0])
    clock.set(new Date(5))
    await clock.advance(10)
    expect(ranAt).toBe(15)
  })
})
