import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { capturing } from './lines.ts'

beforeEach(() => {
  vi.stubEnv('NO_COLOR', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('lines for people', () => {
  it('show time, level, message and fields', () => {
    const { log, lines } = capturing({ format: 'pretty' })
    log.warn('slow request', { ms: 12, path: '/a/b', text: 'two words', deep: { a: 1 }, password: 'p' })
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN  slow request ms=12 path=\/a\/b text="two words" deep=\{"a":1\} password="\[redacted\]"\n$/,
    )
  })

  it('show errors with their causes on indented lines that look like no line of their own', () => {
    const { log, lines } = capturing({ format: 'pretty' })
    const forged = '00:00:00.000 INFO  forged'
    log.error('failed', { error: Object.assign(new Error(`x\n${forged}`, { cause: new TypeError('why') }), { code: 'E_X' }) })
    const [first, ...rest] = (lines[0] ?? '').trimEnd().split('\n')
    expect(first).toMatch(/ ERROR failed$/)
    expect(rest[0]).toBe('    error (E_X): Error: x')
    expect(rest.every((line) => line.startsWith('    '))).toBe(true)
    expect(rest.some((line) => line.includes('caused by: TypeError: why'))).toBe(true)
  })

  it('let no control character through', () => {
    const { log, lines } = capturing({ format: 'pretty' })
    log.info('a\nb\u001b[31m\u009b', { 'k\u001b': 'v\n\u001b]0;title\u0007', long: '\u202e' })
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(lines[0]).toContain('a\\nb\\u001b[31m\\u009b')
  })

  it('have colours on a terminal alone, and none with NO_COLOR', () => {
    const colored = (isTTY: boolean): boolean => {
      const lines: string[] = []
      const destination = { isTTY, write: (line: string) => lines.push(line) }
      capturing({ format: 'pretty', destination }).log.info('x')
      return lines[0]?.includes('\u001b[') ?? false
    }
    expect([colored(true), colored(false)]).toEqual([true, false])
    vi.stubEnv('NO_COLOR', '1')
    expect(colored(true)).toBe(false)
  })
})
