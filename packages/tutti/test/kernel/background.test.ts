import { describe, expect, it } from 'vitest'
import { createBackground, currentContext, runInContext } from '../../src/kernel/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { contextOf } from './context-of.ts'

const noErrors = (error: unknown): never => {
  throw error
}

describe('background', () => {
  it('does work later, in the context of who deferred it', async () => {
    const background = createBackground({ onError: noErrors })
    const log: string[] = []
    runInContext(contextOf({ tenant: 'acme' }), () => background.defer(() => log.push(`work for ${currentContext()?.tenant}`)), undefined)
    log.push('response')
    await Promise.resolve()
    log.push('microtask')
    expect(background.size).toBe(1)
    expect(await background.drain('1s')).toEqual([])
    expect(log).toEqual(['response', 'microtask', 'work for acme'])
    expect(background.size).toBe(0)
  })

  it('waits for what is deferred while it drains', async () => {
    const background = createBackground({ onError: noErrors })
    const log: number[] = []
    const nest = (depth: number): void => {
      background.defer(async () => {
        await undefined
        log.push(depth)
        if (depth < 3) nest(depth + 1)
      })
    }
    nest(1)
    expect(await background.drain('1s')).toEqual([])
    expect(log).toEqual([1, 2, 3])
  })

  it('reports what fails, thrown or rejected, with its name', async () => {
    const errors: [string, string][] = []
    const background = createBackground({ onError: (error, name) => errors.push([name, String(error)]) })
    background.defer(function thrower() {
      throw new Error('a')
    })
    background.defer(async () => Promise.reject(new Error('b')), 'mail')
    await background.drain('1s')
    expect(errors).toEqual([
      ['thrower', 'Error: a'],
      ['mail', 'Error: b'],
    ])
  })

  it('warns when reporting fails too', async () => {
    const background = createBackground({ onError: noErrors })
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    background.defer(async () => Promise.reject(new Error('lost?')))
    await background.drain('1s')
    expect((await warned).message).toBe('lost?')
  })

  it('names what did not end in time, fires its signal and takes no more', async () => {
    const clock = fakeClock()
    const background = createBackground({ onError: noErrors, clock })
    const signals: AbortSignal[] = []
    background.defer((signal) => new Promise(() => void signals.push(signal)), 'endless')
    background.defer(() => undefined, 'quick')
    const drained = background.drain('5s')
    await clock.advance('5s')
    expect(await drained).toEqual(['endless'])
    expect(signals.map((signal) => signal.aborted)).toEqual([true])
    expect(() => background.defer(() => undefined, 'late')).toThrow(expect.objectContaining({ code: 'TUTTI_BACKGROUND_STOPPED' }))
  })
})
