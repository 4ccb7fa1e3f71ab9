import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../src/observe/index.ts'
import { capturing } from './lines.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the levels of components', () => {
  it('hold for loggers with that component, and for all that belongs to it', () => {
    const { log, lines } = capturing({ level: 'warn', levels: { tutti: 'info', 'tutti.projections': 'trace', orders: 'silent' } })
    const at = (component: string): string => log.child({ component }).level
    expect(log.level).toBe('warn')
    expect(at('tutti.projections')).toBe('trace')
    expect(at('tutti.projections.runner')).toBe('trace')
    expect(at('tutti.http')).toBe('info')
    expect(at('tuttifrutti')).toBe('warn')
    log.child({ component: 'orders' }).fatal('nobody hears this')
    log.child({ component: 'tutti.projections' }).child({ name: 'list' }).trace('heard')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'trace', message: 'heard', component: 'tutti.projections', name: 'list' },
    ])
  })

  it('change while the application runs, for loggers that are there already', () => {
    const { log } = capturing({ level: 'info' })
    const orders = log.child({ component: 'orders' })
    const inside = orders.child({ order: 1 })
    expect(inside.isEnabled('debug')).toBe(false)
    log.setLevel('debug', 'orders')
    expect(inside.isEnabled('debug')).toBe(true)
    expect(log.levels).toEqual({ orders: 'debug' })
    orders.setLevel('error', 'orders')
    expect(inside.level).toBe('error')
    log.setLevel('trace')
    expect(inside.level).toBe('error')
    // What is said of this very logger counts most.
    orders.setLevel('fatal')
    expect(inside.level).toBe('fatal')
    expect(log.level).toBe('trace')
  })

  it('can be told by the environment', () => {
    vi.stubEnv('LOG_LEVEL', ' WARN, tutti.projections=Debug ,orders=trace')
    const log = createLogger({ levels: { orders: 'error' } })
    expect(log.level).toBe('warn')
    expect(log.levels).toEqual({ 'tutti.projections': 'debug', orders: 'error' })
    vi.stubEnv('LOG_LEVEL', 'orders=trace')
    expect(createLogger().level).toBe('info')
    expect(createLogger().levels).toEqual({ orders: 'trace' })
  })

  it('are checked, wherever they come from', () => {
    const { log } = capturing()
    const invalid = expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' })
    vi.stubEnv('LOG_LEVEL', 'info,orders=loud')
    expect(() => createLogger()).toThrow('Received "loud" as the log level in LOG_LEVEL of orders')
    vi.stubEnv('LOG_LEVEL', 'info,orders')
    expect(() => createLogger()).toThrow(invalid)
    const wrong: string = 'loud'
    expect(() => log.setLevel(wrong as 'info', 'orders')).toThrow('Received "loud" as the log level of "orders"')
  })
})
