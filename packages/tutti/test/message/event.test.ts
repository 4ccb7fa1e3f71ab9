import * as z from 'zod'
import { describe, expect, it } from 'vitest'
import { command, event, query, upcastData } from '../../src/message/index.ts'

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted })

describe('event definitions', () => {
  it('begin with version 1', () => {
    expect(event(z.object({ total: z.number() }))).toMatchObject({ kind: 'event', version: 1, upcast: {} })
  })

  it.for([
    ['a version that is none', { version: 0 }],
    ['half a version', { version: 1.5 }],
    ['a gap', { version: 3, upcast: { 2: (old: unknown) => old } }],
    ['no upcasts at all', { version: 2 }],
    ['an upcast from its own version', { version: 2, upcast: { 1: (old: unknown) => old, 2: (old: unknown) => old } }],
    ['an upcast from version 0', { version: 1, upcast: { 0: (old: unknown) => old } }],
    [
      'an upcast from half a version',
      { version: 3, upcast: { 1: (old: unknown) => old, 1.5: (old: unknown) => old, 2: (old: unknown) => old } },
    ],
    ['an upcast that is no function', { version: 2, upcast: { 1: 'text' as never } }],
  ] as const)('refuse %s', ([, options]) => {
    expect(() => event(z.object({}), options)).toThrow(code('TUTTI_EVENT_INVALID'))
  })

  it('refuse what is no schema', () => {
    expect(() => event({} as never)).toThrow(code('TUTTI_EVENT_INVALID'))
  })
})

describe('upcasts', () => {
  const paid = event(z.object({ cents: z.number(), currency: z.string() }), {
    version: 3,
    upcast: {
      1: (old: { amount: number }) => ({ cents: old.amount * 100 }),
      2: (old: { cents: number }) => ({ ...old, currency: 'EUR' }),
    },
  })

  it('go through the chain from any version', () => {
    expect(upcastData('paid', paid, { version: 1, data: { amount: 3 } })).toEqual({ cents: 300, currency: 'EUR' })
    expect(upcastData('paid', paid, { version: 2, data: { cents: 5 } })).toEqual({ cents: 5, currency: 'EUR' })
    const data = { cents: 5, currency: 'USD' }
    expect(upcastData('paid', paid, { version: 3, data })).toBe(data)
  })

  it('refuse data of a later version', () => {
    expect(() => upcastData('paid', paid, { version: 4, data: {} })).toThrow(code('TUTTI_EVENT_DOWNCAST'))
  })

  it('refuse a gap, also where the definition was made by hand', () => {
    expect(() => upcastData('paid', { ...paid, upcast: { 2: paid.upcast[2] as never } }, { version: 1, data: {} })).toThrow(
      code('TUTTI_EVENT_UPCAST_GAP'),
    )
    expect(() => upcastData('paid', paid, { version: 0, data: {} })).toThrow(code('TUTTI_EVENT_UPCAST_GAP'))
  })

  it('say which upcast threw, and keep what it threw', () => {
    const cause = new TypeError('amount of undefined')
    const broken = event(z.object({}), {
      version: 2,
      upcast: {
        1: () => {
          throw cause
        },
      },
    })
    expect(() => upcastData('order.paid', broken, { version: 1, data: {} })).toThrow(
      expect.objectContaining({ code: 'TUTTI_EVENT_UPCAST_FAILED', cause, message: expect.stringContaining('order.paid from version 1') }),
    )
  })
})

describe('commands and queries', () => {
  it('make messages that know their definition', () => {
    const getOrder = query('order.get', { input: z.object({ id: z.string() }), output: z.object({ total: z.number() }) })
    expect([getOrder.kind, getOrder.name]).toEqual(['query', 'order.get'])
    expect(getOrder({ id: 'o-1' })).toEqual({ definition: getOrder, input: { id: 'o-1' } })
    expect(command('mail.send', { input: z.object({}) }).kind).toBe('command')
  })

  it('refuse odd names and what is no schema', () => {
    for (const name of ['', 'a b', 'a/b', 'x'.repeat(201)])
      expect(() => command(name, { input: z.object({}) })).toThrow(code('TUTTI_OPTION_INVALID'))
    expect(() => query('order.get', { input: {} as never })).toThrow(code('TUTTI_OPTION_INVALID'))
  })
})
