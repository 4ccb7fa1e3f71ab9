import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, AggregateEvent, createRepository, event, reject, Rejection } from '../../src/events/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Order } from './order.ts'

const parts = { events: { opened: event(z.object({})) }, commands: { open: z.object({}) }, initial: () => 0 }
const build = (evolve: object, decide: object) =>
  aggregate('door', parts)
    .evolve(evolve as never)
    .decide(decide as never)

describe('an aggregate', () => {
  it('makes events that know their type, and commands that know their aggregate', () => {
    const event = Order.events.placed({ customer: 'ann', total: 5 })
    expect(event).toBeInstanceOf(AggregateEvent)
    expect({ type: event.type, data: event.data, version: event.version }).toEqual({
      type: 'order.placed',
      data: { customer: 'ann', total: 5 },
      version: 1,
    })
    expect({ ...Order.events.placed }).toMatchObject({ type: 'order.placed', aggregate: 'order', definition: { kind: 'event' } })
    const command = Order.commands.pay('o-1', { amount: 5 }, { key: 'k', expected: 2 })
    expect(command).toMatchObject({ type: 'order.pay', id: 'o-1', stream: 'order-o-1', data: { amount: 5 }, key: 'k', expected: 2 })
    expect(command.aggregate).toBe(Order)
    expect(Order.commands.pay.schema['~standard'].vendor).toBe('zod')
    expect(Order.commands.pay.type).toBe('order.pay')
  })

  it('cannot be changed, nor can the steps that lead to it', () => {
    expect(Object.isFrozen(Order) && Object.isFrozen(Order.events) && Object.isFrozen(Order.commands)).toBe(true)
    const evolving = aggregate('door', parts).evolve({ opened: (n) => n + 1 })
    const [one, two] = [evolving.decide({ open: () => reject('ONE') }), evolving.decide({ open: () => reject('TWO') })]
    expect([one.handle(0, 'open', {}), two.handle(0, 'open', {})]).toEqual([new Rejection('ONE'), new Rejection('TWO')])
  })

  it('checks the data of events where they are made', () => {
    expect(() => Order.events.placed({ customer: 'ann', total: 'five' as never })).toThrow(
      expect.objectContaining({ code: 'TUTTI_EVENT_DATA_INVALID', status: 500, message: expect.stringContaining('total') }),
    )
    const Odd = aggregate('odd', { ...parts, events: { made: event(z.unknown()), late: event(z.string().refine(async () => true)) } })
      .evolve({ made: (n) => n, late: (n) => n })
      .decide({ open: () => undefined })
    expect(() => Odd.events.made(new Map())).toThrow(expect.objectContaining({ code: 'TUTTI_CODEC_UNSUPPORTED' }))
    expect(() => Odd.events.late('x')).toThrow(expect.objectContaining({ code: 'TUTTI_AGGREGATE_INVALID' }))
  })

  it('keeps events apart from the objects that they were made of', () => {
    const data = { customer: 'ann', total: 5 }
    const event = Order.events.placed(data)
    data.total = 6
    expect(event.data.total).toBe(5)
  })

  it('gives decisions what the schema makes of the data, whatever library it is of', async () => {
    const seen: unknown[] = []
    const Mixed = aggregate('mixed', {
      events: { a: event(v.object({ n: v.optional(v.number(), 1) })), b: event(type({ s: 'string' })) },
      commands: {
        a: v.object({ n: v.optional(v.number(), 7) }),
        b: type({ s: 'string.trim' }),
        c: z.string().refine(async (s) => s !== 'bad'),
      },
      initial: () => 0,
    })
      .evolve({ a: (n, e) => n + e.n, b: (n, e) => n + e.s.length })
      .decide({
        a: (_, c, emit) => (seen.push(c), [emit.a(c), emit.a({})]),
        b: (_, c, emit) => (seen.push(c), emit.b(c)),
        c: (_, c) => void seen.push(c),
      })
    const repository = createRepository(memoryStorage())
    await repository.execute(Mixed.commands.a('1', {}))
    await repository.execute(Mixed.commands.b('1', { s: '  xy ' }))
    await repository.execute(Mixed.commands.c('1', 'good'))
    await expect(repository.execute(Mixed.commands.c('1', 'bad'))).rejects.toMatchObject({ status: 422 })
    expect(seen).toEqual([{ n: 7 }, { s: 'xy' }, 'good'])
    expect(await repository.load(Mixed, '1')).toBe(10)
  })

  it('takes nothing but its own events for a decision', async () => {
    const repository = createRepository(memoryStorage())
    const answers: Record<string, unknown> = {
      'a promise': Promise.resolve(undefined),
      '"door.opened"': { type: 'door.opened', data: {} },
      '"order.paid"': Order.events.paid({ amount: 1 }),
      true: [true],
    }
    for (const [told, answer] of Object.entries(answers)) {
      const Door = build({ opened: (n: number) => n }, { open: () => answer })
      await expect(repository.execute(Door.commands.open('1', {}))).rejects.toMatchObject({
        code: 'TUTTI_DECISION_INVALID',
        message: expect.stringContaining(told),
      })
    }
    expect(await repository.exists(Order, '1')).toBe(false)
  })

  it('writes nothing that it could not evolve from', async () => {
    const failing = build(
      {
        opened: () => {
          throw new Error('broken')
        },
      },
      { open: (_: number, __: unknown, emit: { opened(data: object): unknown }) => emit.opened({}) },
    )
    const storage = memoryStorage()
    await expect(createRepository(storage).execute(failing.commands.open('1', {}))).rejects.toMatchObject({
      code: 'TUTTI_EVOLVE_FAILED',
      message: 'door could not evolve from door.opened: broken',
    })
    expect(await storage.events.info('door-1')).toBeUndefined()
  })
})

describe('the definition of an aggregate', () => {
  const cases: Record<string, () => unknown> = {
    'the name "a-b"': () => aggregate('a-b', parts),
    'the name ""': () => aggregate('', parts),
    'the event "__proto__"': () => aggregate('a', { ...parts, events: { ['__proto__']: event(z.object({})) } }),
    'the command "a b"': () => aggregate('a', { ...parts, commands: { 'a b': z.object({}) } }),
    'The event a.opened is': () => aggregate('a', { ...parts, events: { opened: z.object({}) as never } }),
    'The command a.open is': () => aggregate('a', { ...parts, commands: { open: {} as never } }),
    'a.initial is 0': () => aggregate('a', { ...parts, initial: 0 as never }),
    'a.unknownEvents is "maybe"': () => aggregate('a', { ...parts, unknownEvents: 'maybe' as never }),
    'a.snapshot.every is 0': () => aggregate('a', { ...parts, snapshot: { every: 0 } }),
    'a.snapshot.version is 0': () => aggregate('a', { ...parts, snapshot: { every: 1, version: 0 } }),
    'a.snapshot.schema is': () => aggregate('a', { ...parts, snapshot: { every: 1, schema: {} as never } }),
    'door.evolve has no function for opened': () => build({}, {}),
    'door.evolve has a function for painted': () => build({ opened: () => 0, painted: () => 0 }, {}),
    'door.decide has no function for open': () => build({ opened: () => 0 }, { open: 1 }),
    'door.decide has a function for paint': () => build({ opened: () => 0 }, { open: () => undefined, paint: () => undefined }),
  }
  it.each(Object.entries(cases))('refuses: %s', (message, define) => {
    // A literal with `__proto__` in brackets has it as an own member, so it is seen.
    expect(define).toThrow(expect.objectContaining({ code: 'TUTTI_AGGREGATE_INVALID', message: expect.stringContaining(message) }))
  })

  it('has commands of its own names alone', async () => {
    const command = { ...Order.commands.pay('1', { amount: 1 }), command: 'constructor' }
    await expect(createRepository(memoryStorage()).execute(command)).rejects.toMatchObject({ code: 'TUTTI_COMMAND_UNKNOWN' })
  })
})
