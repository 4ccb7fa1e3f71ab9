import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sleepOn, systemClock } from '../../src/kernel/index.ts'

const day = 86_400_000

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('tells the time and measures spans', () => {
    const [now, monotonic] = [systemClock.now(), systemClock.monotonic()]
    expect(now).toBe(Date.now())
    vi.advanceTimersByTime(1000)
    expect(systemClock.now() - now).toBe(1000)
    expect(systemClock.monotonic() - monotonic).toBe(1000)
  })

  it('does work later, and not before', () => {
    const work = vi.fn()
    systemClock.setTimeout(work, 1000)
    vi.advanceTimersByTime(999)
    expect(work).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(work).toHaveBeenCalledOnce()
  })

  it('waits longer than a timer of Node can', () => {
    const work = vi.fn()
    systemClock.setTimeout(work, 100 * day)
    vi.advanceTimersByTime(100 * day - 1)
    expect(work).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(work).toHaveBeenCalledOnce()
  })

  it('cancels a long timer in any of its parts', () => {
    const work = vi.fn()
    const timer = systemClock.setTimeout(work, 100 * day)
    vi.advanceTimersByTime(60 * day)
    timer.cancel()
    vi.advanceTimersByTime(60 * day)
    expect(work).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer and no listener behind when a sleep is aborted', async () => {
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const slept = systemClock.sleep('1s', controller.signal)
    vi.advanceTimersByTime(1000)
    await slept
    expect(remove).toHaveBeenCalledOnce()

    const reason = new Error('enough')
    const aborted = systemClock.sleep('1d', controller.signal)
    controller.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await expect(systemClock.sleep(1, controller.signal)).rejects.toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('refuses a bad duration', () => {
    expect(() => sleepOn(systemClock, -1)).toThrow(expect.objectContaining({ code: 'TUTTI_DURATION_INVALID' }))
  })
})

describe('systemClock on real timers', () => {
  it('does not keep the process alive for a timer without reference', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const timer = systemClock.setTimeout(() => undefined, 60_000).unref()
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    timer.cancel()
    expect(after).toBe(before)
  })
})
