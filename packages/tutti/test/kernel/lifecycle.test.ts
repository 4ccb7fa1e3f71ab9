import { describe, expect, it } from 'vitest'
import { createLifecycle, type LifecycleHook } from '../../src/kernel/index.ts'
import { fakeClock } from '../../src/testing/index.ts'

function recorder(): { log: string[]; hook: (name: string, parts?: Partial<LifecycleHook>) => LifecycleHook } {
  const log: string[] = []
  const step = (text: string) => async (): Promise<void> => {
    await undefined
    log.push(text)
  }
  const hook = (name: string, parts: Partial<LifecycleHook> = {}): LifecycleHook => ({
    name,
    start: step(`+${name}`),
    ready: step(`!${name}`),
    stop: step(`-${name}`),
    ...parts,
  })
  return { log, hook }
}

const fail = (message: string) => (): never => {
  throw new Error(message)
}
const hang = (): Promise<never> => new Promise(() => undefined)

describe('lifecycle', () => {
  it('starts in order, then is ready in order, and stops in reverse', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    for (const name of ['a', 'b', 'c']) lifecycle.add(hook(name))
    expect(lifecycle.state).toBe('new')
    await lifecycle.start()
    expect(lifecycle.state).toBe('running')
    await lifecycle.stop()
    expect(lifecycle.state).toBe('stopped')
    expect(log).toEqual(['+a', '+b', '+c', '!a', '!b', '!c', '-c', '-b', '-a'])
  })

  it('starts and stops once, however often it is told', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    lifecycle.add(hook('a'))
    await Promise.all([lifecycle.start(), lifecycle.start()])
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.start()
    await lifecycle.stop()
    expect(log).toEqual(['+a', '!a', '-a'])
  })

  it('stops what was started when a start fails, and names the hook', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    for (const each of [hook('a'), hook('b'), hook('bad', { start: fail('no port') }), hook('c')]) lifecycle.add(each)
    await expect(lifecycle.start()).rejects.toMatchObject({
      code: 'TUTTI_START_FAILED',
      message: 'The start hook "bad" failed: no port',
      details: { hook: 'bad' },
      cause: { message: 'no port' },
    })
    expect(log).toEqual(['+a', '+b', '-b', '-a'])
    expect(lifecycle.state).toBe('stopped')
    await lifecycle.stop()
    expect(log).toHaveLength(4)
  })

  it('stops everything when a ready hook fails, and reports what fails while it does', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    lifecycle.add(hook('a', { stop: fail('stuck') }))
    lifecycle.add(hook('b', { ready: fail('not ready') }))
    const error: unknown = await lifecycle.start().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TUTTI_START_FAILED', details: { hook: 'b' }, cause: expect.any(AggregateError) })
    expect(String(error)).toMatch(/not ready.*"a" failed: stuck/)
    expect(log).toEqual(['+a', '+b', '!a', '-b'])
  })

  it('calls every stop hook and reports all failures together', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    for (const each of [hook('a'), hook('b', { stop: fail('first') }), hook('c'), hook('d', { stop: fail('second') })]) lifecycle.add(each)
    await lifecycle.start()
    const error: unknown = await lifecycle.stop().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TUTTI_STOP_FAILED', cause: { errors: [{ details: { hook: 'd' } }, { details: { hook: 'b' } }] } })
    expect(log.slice(-2)).toEqual(['-c', '-a'])
    expect(lifecycle.state).toBe('stopped')
  })

  it('goes on after a stop hook that takes too long, and tells it', async () => {
    const { log, hook } = recorder()
    const clock = fakeClock()
    const lifecycle = createLifecycle({ clock, stopTimeout: '1s' })
    let told: AbortSignal | undefined
    lifecycle.add(hook('a'))
    lifecycle.add(hook('slow', { stop: (signal) => ((told = signal), hang()) }))
    await lifecycle.start()
    const stopped = expect(lifecycle.stop()).rejects.toThrow('"slow" failed: it took longer than 1000 ms')
    await clock.advance(1000)
    await stopped
    expect(told?.aborted).toBe(true)
    expect(log.at(-1)).toBe('-a')
  })

  it('never takes longer than its total, and still calls every hook', async () => {
    const clock = fakeClock()
    const lifecycle = createLifecycle({ clock, stopTimeout: '2s', totalStopTimeout: '3s' })
    const called: string[] = []
    for (const name of ['a', 'b', 'c', 'd']) lifecycle.add({ name, stop: () => (called.push(name), hang()) })
    await lifecycle.start()
    const began = clock.now()
    let ended = 0
    const stopped = lifecycle.stop().catch((reason: unknown) => {
      ended = clock.now() - began
      return reason
    })
    await clock.advance('10s')
    expect(await stopped).toMatchObject({ code: 'TUTTI_STOP_FAILED', cause: { errors: { length: 4 } } })
    expect(called).toEqual(['d', 'c', 'b', 'a'])
    expect(ended).toBeLessThan(3010)
  })

  it('gives up a start that takes too long', async () => {
    const clock = fakeClock()
    const lifecycle = createLifecycle({ clock, startTimeout: '5s' })
    lifecycle.add({ name: 'slow', start: hang })
    const started = expect(lifecycle.start()).rejects.toThrow('"slow" failed: it took longer than 5000 ms')
    await clock.advance('5s')
    await started
  })

  it('gives up starting when it is told to stop', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    let told: AbortSignal | undefined
    lifecycle.add(hook('a'))
    lifecycle.add(hook('slow', { start: (signal) => ((told = signal), hang()) }))
    lifecycle.add(hook('b'))
    const started = expect(lifecycle.start()).rejects.toThrow('told to stop')
    await expect.poll(() => told).toBeDefined()
    await lifecycle.stop()
    await started
    expect(told?.aborted).toBe(true)
    expect(log).toEqual(['+a', '-a'])
  })

  it('does not start after it was stopped, nor take hooks after it has begun', async () => {
    const { log, hook } = recorder()
    const lifecycle = createLifecycle()
    lifecycle.add(hook('a'))
    await lifecycle.stop()
    await expect(lifecycle.start()).rejects.toMatchObject({ code: 'TUTTI_START_FAILED' })
    expect(log).toEqual([])
    expect(() => lifecycle.add(hook('late'))).toThrow('"late" while the process is stopped')
  })
})
