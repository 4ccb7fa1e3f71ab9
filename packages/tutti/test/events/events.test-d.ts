import { type } from 'arktype'
import * as v from 'valibot'
import * as z from 'zod'
import {
  aggregate,
  reject,
  type AggregateEvent,
  type CommandResult,
  type EventOf,
  type Repository,
  type StateOf,
} from '../../src/events/public.ts'
import { event, type EventsOf, type RecordedEvent } from '../../src/message/index.ts'
import { given } from '../../src/testing/index.ts'
import { Order, type OrderState } from './order.ts'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <T extends true>(proof?: T): void => void proof

declare const repository: Repository

// What can be inferred has a name, and nothing is `any`.
is<Equals<StateOf<typeof Order>, OrderState>>()
is<
  Equals<
    EventOf<typeof Order>,
    AggregateEvent<'order.placed', { customer: string; total: number }> | AggregateEvent<'order.paid', { amount: number }>
  >
>()
is<Equals<(typeof Order)['name'], 'order'>>()
is<Equals<(typeof Order)['events']['placed']['type'], 'order.placed'>>()
// Readers of events know the aggregate as a source.
is<
  Equals<
    EventsOf<typeof Order>,
    {
      readonly 'order.placed': RecordedEvent<{ customer: string; total: number }, 'order.placed'>
      readonly 'order.paid': RecordedEvent<{ amount: number }, 'order.paid'>
    }
  >
>()

// Commands: data, options and rejection codes are typed per command.
const paid = await repository.execute(Order.commands.pay('o-1', { amount: 1 }, { key: 'k', expected: 3 }))
is<Equals<typeof paid, CommandResult<'NOT_OPEN'>>>()
if (paid.ok) {
  is<Equals<typeof paid.version, number>>()
} else {
  switch (paid.code) {
    case 'NOT_OPEN':
      break
    // @ts-expect-error pay does not reject with this code
    case 'ALREADY_PLACED':
      break
  }
}
const placed = await repository.execute(Order.commands.place('o-1', { customer: 'c', total: 1 }))
is<Equals<typeof placed, CommandResult<'ALREADY_PLACED'>>>()
// @ts-expect-error the amount is a number
Order.commands.pay('o-1', { amount: '1' })
// @ts-expect-error the amount is missing
Order.commands.pay('o-1', {})
// @ts-expect-error there is no such command
Order.commands.refund('o-1', {})
// @ts-expect-error events are made with all of their data
Order.events.placed({ customer: 'c' })
// @ts-expect-error versions are numbers
Order.commands.pay('o-1', { amount: 1 }, { expected: '3' })

// State narrows by its discriminant.
const state = await repository.load(Order, 'o-1')
is<Equals<typeof state, OrderState>>()
// @ts-expect-error an order that does not exist has no total
void state.total
if (state.status === 'open') is<Equals<typeof state.total, number>>()
const maybe = await repository.find(Order, 'o-1', { version: 3 })
is<Equals<typeof maybe, OrderState | undefined>>()

const definition = {
  events: { opened: event(z.object({ at: z.coerce.date() })), closed: event(z.object({})) },
  commands: { open: z.object({ note: z.string().default('') }), close: z.object({}) },
  initial: () => ({ open: false }),
}
const door = aggregate('door', definition)
const evolvers = { opened: () => ({ open: true }), closed: () => ({ open: false }) }
// @ts-expect-error evolve lacks `closed`
door.evolve({ opened: () => ({ open: true }) })
// @ts-expect-error evolve has no event `painted`
door.evolve({ ...evolvers, opened: () => ({ open: true }), painted: () => ({ open: true }) })
// @ts-expect-error the state has no member `wide` and lacks `open`
door.evolve({ ...evolvers, opened: () => ({ wide: true }) })
door.evolve({
  opened: (_, data) => {
    is<Equals<typeof data, { at: Date }>>()
    return { open: true }
  },
  closed: (state) => state,
})

const evolving = door.evolve(evolvers)
// @ts-expect-error decide lacks `close`
evolving.decide({ open: () => undefined })
// @ts-expect-error decide has no command `paint`
evolving.decide({ open: () => undefined, close: () => undefined, paint: () => undefined })
// @ts-expect-error decisions are synchronous
evolving.decide({ open: async () => undefined, close: () => undefined })
// @ts-expect-error an event of another aggregate
evolving.decide({ open: () => Order.events.paid({ amount: 1 }), close: () => undefined })
// @ts-expect-error not made by emit
evolving.decide({ open: () => ({ type: 'door.opened', data: { at: new Date() } }), close: () => undefined })
evolving.decide({
  // @ts-expect-error wrong data of the event
  open: (_, __, emit) => emit.closed(1),
  close: () => undefined,
})
const Door = evolving.decide({
  open: (state, data, emit) => {
    is<Equals<typeof data, { note: string }>>()
    is<Equals<typeof state, { open: boolean }>>()
    if (state.open) return reject('OPEN')
    if (data.note === 'x') return reject('BAD_NOTE', { note: data.note })
    return [emit.opened({ at: '2026-01-01' }), emit.closed({})]
  },
  close: (state, _, emit) => (state.open ? emit.closed({}) : undefined),
})
const opened = await repository.execute(Door.commands.open('d', {}))
is<Equals<typeof opened, CommandResult<'OPEN' | 'BAD_NOTE'>>>()
const closed = await repository.execute(Door.commands.close('d', {}))
is<Equals<typeof closed, CommandResult<never>>>()

// Other schema libraries.
const Mixed = aggregate('mixed', {
  events: { a: event(v.object({ n: v.number() })), b: event(type({ s: 'string' })) },
  commands: { a: v.object({ n: v.optional(v.number(), 1) }), b: type({ s: 'string' }) },
  initial: () => ({ n: 0, s: '' }),
})
  .evolve({ a: (s, e) => ({ ...s, n: e.n }), b: (s, e) => ({ ...s, s: e.s }) })
  .decide({ a: (_, c, emit) => emit.a(c), b: (_, c, emit) => emit.b(c) })
Mixed.commands.a('1', {})
Mixed.commands.b('1', { s: '' })
// @ts-expect-error arktype wants a text
Mixed.commands.b('1', { s: 1 })
// @ts-expect-error valibot wants a number
Mixed.events.a({ n: '1' })

// Tests of rules know the codes and the state.
given(Order, Order.events.placed({ customer: 'c', total: 1 }))
  .when(Order.commands.pay('o-1', { amount: 1 }))
  .thenRejected('NOT_OPEN')
const outcome = given(Order).when(Order.commands.pay('o-1', { amount: 1 }))
// @ts-expect-error pay does not reject with this code
outcome.thenRejected('ALREADY_PLACED')
// @ts-expect-error an event of another aggregate
given(Order, Door.events.closed({}))
// @ts-expect-error a command of another aggregate
given(Order).when(Door.commands.close('d', {}))
// @ts-expect-error no such state
given(Order).thenState({ status: 'lost' })
