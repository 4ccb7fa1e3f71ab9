import { describe, expect, it } from 'vitest'
import { errorCodes, OptionError, TuttiError } from '../../src/kernel/index.ts'
import { shown } from '../../src/kernel/shown.ts'

describe('TuttiError', () => {
  it('carries code, message, cause, details and status', () => {
    const cause = new Error('why')
    const error = new TuttiError('TUTTI_INTERNAL', 'what', { cause, details: { a: 1 }, status: 503 })
    expect(error).toMatchObject({ name: 'TuttiError', code: 'TUTTI_INTERNAL', message: 'what', cause, details: { a: 1 }, status: 503 })
  })

  it('defaults to status 500, no details and no cause at all', () => {
    const error = new TuttiError('TUTTI_INTERNAL', 'what')
    expect(error.status).toBe(500)
    expect(error.details).toEqual({})
    expect(Object.hasOwn(error, 'cause')).toBe(false)
  })

  it('is named after its subclass', () => {
    expect(new OptionError('what')).toMatchObject({ name: 'OptionError', code: 'TUTTI_OPTION_INVALID' })
    expect(new OptionError('what', { code: 'TUTTI_OPTION_UNKNOWN' }).code).toBe('TUTTI_OPTION_UNKNOWN')
  })

  it('passes its own kind through from() and wraps anything else', () => {
    const own = new OptionError('own')
    expect(TuttiError.from(own)).toBe(own)
    const foreign = new TypeError('foreign')
    expect(TuttiError.from(foreign)).toMatchObject({ code: 'TUTTI_INTERNAL', message: 'foreign', cause: foreign })
  })

  it('converts whatever is thrown', () => {
    const hostile = {
      toString: () => {
        throw new Error('no')
      },
    }
    for (const thrown of [undefined, null, 'text', 5n, Symbol('s'), Object.create(null), hostile]) {
      expect(TuttiError.from(thrown).message).toMatch(/not an Error was thrown: ./)
    }
  })

  it('has codes of one form, each explained', () => {
    for (const [code, line] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^TUTTI_[A-Z0-9_]+$/)
      expect(line).toMatch(/\.$/)
    }
  })
})

describe('shown', () => {
  it('shows values as JSON, shortens long ones and never throws', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect([shown('a"b'), shown({ a: 1 }), shown(undefined), shown(Number.NaN), shown(1n), shown(() => 1)]).toEqual([
      '"a\\"b"',
      '{"a":1}',
      'undefined',
      'NaN',
      '1n',
      'a function',
    ])
    expect(shown('x'.repeat(1_000_000)).length).toBeLessThan(110)
    expect(shown(circle)).toBe('a value of type object')
  })
})
