import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/messaging/broker.ts'
import { HeldMessages } from '../../src/messaging/held-messages.ts'

function delivery(id: string, key: string | undefined): Delivery {
  return { id, key, headers: {}, body: '', publishedAt: undefined, deliveries: 1, failures: 0 }
}

describe('Messages at hand', () => {
  it('that are another process’s are gone, and those behind them are given back', () => {
    const held = new HeldMessages()
    const [first, second, third, other] = [delivery('1', 'k'), delivery('2', 'k'), delivery('3', 'k'), delivery('4', undefined)]
    for (const one of [first, second, third, other]) held.add(one)
    const running = held.start()
    expect(running?.delivery).toBe(first)
    // In whatever order they are told.
    expect(held.lose([second, first], new Error('Lost.'))).toEqual([third])
    expect(running?.abort?.signal.aborted).toBe(true)
    expect(held.stop(running as NonNullable<typeof running>)).toBe(false)
    expect([held.size, held.unhandled, held.running, held.ready]).toEqual([2, 1, 0, 1])
    held.remove(third)
    expect(held.deliveries).toEqual([other])
    expect([held.size, held.unhandled]).toEqual([1, 1])
    // The key is free again.
    const next = delivery('5', 'k')
    held.add(next)
    expect([held.start()?.delivery, held.start()?.delivery]).toEqual([other, next])
  })

  it('that are another process’s further behind do not hold up those before them', () => {
    const held = new HeldMessages()
    const [first, second, third] = [delivery('1', 'k'), delivery('2', 'k'), delivery('3', 'k')]
    for (const one of [first, second, third]) held.add(one)
    const running = held.start() as NonNullable<ReturnType<typeof held.start>>
    expect(held.lose([second], new Error('Lost.'))).toEqual([])
    expect(held.stop(running)).toBe(true)
    held.pass(running)
    held.remove(first)
    expect(held.start()?.delivery).toBe(third)
    expect([held.size, held.unhandled]).toEqual([1, 1])
  })

  it('are not counted as unhandled once their outcome is known', () => {
    const held = new HeldMessages()
    const all = ['1', '2', '3'].map((id) => delivery(id, undefined))
    for (const one of all) held.add(one)
    const running = held.start() as NonNullable<ReturnType<typeof held.start>>
    held.stop(running)
    held.pass(running)
    expect([held.size, held.unhandled]).toEqual([3, 2])
    expect(held.takeIdle()).toEqual(all.slice(1))
    expect([held.size, held.unhandled]).toEqual([3, 0])
    for (const one of all) held.remove(one)
    held.remove(delivery('4', undefined))
    expect([held.size, held.unhandled]).toEqual([0, 0])
  })
})
