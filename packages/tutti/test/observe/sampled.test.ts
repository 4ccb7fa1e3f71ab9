import { describe, expect, it } from 'vitest'
import { Sampled, silentLogger } from '../../src/observe/index.ts'
import { fakeClock } from '../../src/testing/index.ts'

describe('what is sampled', () => {
  function counted() {
    const clock = fakeClock()
    const looks = { count: 0, fail: false }
    const look = async (): Promise<number> => {
      looks.count++
      if (looks.fail) throw new Error('away')
      return looks.count
    }
    return { clock, looks, sampled: new Sampled(look, { clock, log: silentLogger }) }
  }

  it('is not looked at while nobody reads it, and never waited for', async () => {
    const { clock, looks, sampled } = counted()
    await clock.advance('1h')
    expect(looks.count).toBe(0)
    expect(sampled.read()).toBeUndefined()
    await clock.advance('1s')
    expect(sampled.read()).toBe(1)
    for (let i = 0; i < 100; i++) sampled.read()
    expect(looks.count).toBe(1)
  })

  it('is looked at every 15 seconds, until nobody has read it for five minutes', async () => {
    const { clock, looks, sampled } = counted()
    sampled.read()
    await clock.advance('46s')
    expect(sampled.read()).toBe(4)
    await clock.advance('1h')
    expect(looks.count).toBe(4 + 20)
    expect(clock.pending).toBe(0)
    // What was found so long ago is not shown.
    expect(sampled.read()).toBeUndefined()
    await clock.advance('1s')
    expect(sampled.read()).toBe(25)
  })

  it('shows nothing while looks fail, and goes on', async () => {
    const { clock, looks, sampled } = counted()
    sampled.read()
    looks.fail = true
    await clock.advance('16s')
    expect(sampled.read()).toBeUndefined()
    looks.fail = false
    await clock.advance('15s')
    expect(sampled.read()).toBe(3)
  })

  it('shows nothing that a look which does not end has found long ago', async () => {
    const clock = fakeClock()
    let looks = 0
    const sampled = new Sampled(() => (looks++ === 0 ? Promise.resolve('first') : new Promise<string>(() => undefined)), {
      clock,
      log: silentLogger,
    })
    sampled.read()
    await clock.advance('50s')
    expect(sampled.read()).toBe('first')
    await clock.advance('15s')
    expect(sampled.read()).toBeUndefined()
    expect(looks).toBe(2)
  })

  it('is not looked at any more when it is over', async () => {
    const { clock, looks, sampled } = counted()
    sampled.read()
    sampled[Symbol.dispose]()
    await clock.advance('1m')
    sampled.read()
    await clock.advance('1m')
    expect(looks.count).toBe(1)
    expect(clock.pending).toBe(0)
  })
})
