import { AssertionError } from 'node:assert'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, reject } from '../../src/events/public.ts'
import { event } from '../../src/message/index.ts'
import { given } from '../../src/testing/index.ts'
import { Order } from './order.ts'

const placed = Order.events.placed({ customer: 'ann', total: 5 })
const paid = Order.events.paid({ amount: 5 })
const place = Order.commands.place('o-1', { customer: 'ann', total: 5 })
const pay = Order.commands.pay('o-1', { amount: 5 })

/** The message with which a check fails. */
function failure(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError)
    return (error as Error).message
  }
  throw new Error('the check passed')
}

describe('given', () => {
  it('checks what a command emits, and the state behind it', () => {
    given(Order).when(place).thenEmitted(placed).thenState({ status: 'open', total: 5 })
    given(Order, placed).when(pay).thenEmitted(paid).thenState({ status: 'paid', total: 5 })
    given(Order, placed).thenState({ status: 'open', total: 5 }).when(pay).thenEmitted(paid)
  })

  it('checks rejections', () => {
    given(Order, placed, paid).when(pay).thenRejected('NOT_OPEN').thenState({ status: 'paid', total: 5 })
    given(Order, placed).when(place).thenRejected('ALREADY_PLACED')
  })

  it('takes functions and matchers for states', () => {
    given(Order, placed).thenState((state) => expect(state.status).toBe('open'))
    given(Order, placed).thenState((state) => state.status === 'open')
    given(Order, placed).thenState(expect.objectContaining({ status: 'open' }))
    expect(failure(() => given(Order, placed).thenState((state) => state.status === 'paid'))).toContain("status: 'open'")
    expect(failure(() => given(Order, placed).thenState(expect.objectContaining({ status: 'paid' })))).toContain("status: 'open'")
    expect(failure(() => given(Order, placed).thenState({ status: 'open', total: 6 }))).toMatch(
      /The state is another[^]*total: 5[^]*total: 6/,
    )
  })

  it('checks data that does not fit', () => {
    given(Order)
      .when(Order.commands.place('o-1', { customer: 'ann', total: -1 }))
      .thenInvalid('total')
      .thenInvalid()
    expect(failure(() => given(Order).when(place).thenInvalid())).toContain('order.placed')
    expect(
      failure(() =>
        given(Order)
          .when(Order.commands.place('o-1', { customer: 'ann', total: -1 }))
          .thenInvalid('customer'),
      ),
    ).toContain('total')
  })

  it('fails with the difference', () => {
    expect(failure(() => given(Order).when(place).thenEmitted(paid))).toMatch(/emits other events[^]*order\.placed[^]*order\.paid/)
    expect(failure(() => given(Order).when(place).thenNothing())).toContain('order.placed')
    expect(failure(() => given(Order, placed).when(place).thenEmitted(placed))).toContain('ALREADY_PLACED')
    expect(failure(() => given(Order, placed).when(pay).thenRejected('NOT_OPEN'))).toContain('order.paid')
    expect(failure(() => given(Order).when(pay).thenNothing())).toContain('NOT_OPEN')
  })

  it('compares details only where they are named', () => {
    const Box = aggregate('box', {
      events: { filled: event(z.object({})) },
      commands: { fill: z.object({ n: z.number() }) },
      initial: () => 0,
    })
      .evolve({ filled: (n) => n + 1 })
      .decide({ fill: (_, { n }) => (n > 3 ? reject('TOO_MUCH', { most: 3 }) : undefined) })
    given(Box)
      .when(Box.commands.fill('b', { n: 4 }))
      .thenRejected('TOO_MUCH')
      .thenRejected('TOO_MUCH', { most: 3 })
    given(Box)
      .when(Box.commands.fill('b', { n: 1 }))
      .thenNothing()
      .thenState(0)
    expect(
      failure(() =>
        given(Box)
          .when(Box.commands.fill('b', { n: 4 }))
          .thenRejected('TOO_MUCH', { most: 4 }),
      ),
    ).toContain('most')
  })

  it('finds functions that change what they are given', () => {
    const List = aggregate('list', { events: { added: event(z.string()) }, commands: {}, initial: () => ({ items: [] as string[] }) })
      .evolve({
        added: (state, item) => {
          state.items.push(item)
          return state
        },
      })
      .decide({})
    expect(() => given(List, List.events.added('a'))).toThrow(/could not evolve from list\.added: Cannot add property/)
  })

  it('refuses commands of another aggregate', () => {
    const Other = aggregate('order', { events: {}, commands: { pay: z.object({}) }, initial: () => 0 })
      .evolve({})
      .decide({ pay: () => undefined })
    expect(failure(() => given(Order).when(Other.commands.pay('o-1', {})))).toContain('another aggregate')
  })
})
