import { describe, expect, it, vi } from 'vitest'
import { createContainer, currentContext, dependency, runInContext } from '../../src/kernel/index.ts'
import { contextOf } from './context-of.ts'

describe('app scope', () => {
  it('creates once, however many ask at once', async () => {
    const make = vi.fn(async () => ({ id: 1 }))
    const db = dependency('db', make)
    const repo = dependency('repo', { needs: { db } }, ({ needs }) => ({ db: needs.db }))
    const container = createContainer()
    const [first, second, third] = await Promise.all([container.resolve(db), container.resolveAll({ repo, db }), container.resolve(db)])
    expect(make).toHaveBeenCalledOnce()
    expect([second.db, third, second.repo.db]).toEqual([first, first, first])
  })

  it('answers at once with what exists', async () => {
    const sync = dependency('sync', () => 'value')
    const lazy = dependency('lazy', async () => undefined)
    const container = createContainer()
    expect(container.resolve(sync)).toBe('value')
    const needs = { lazy, sync }
    const first = container.resolveAll(needs)
    expect(first).toBeInstanceOf(Promise)
    expect(Object.entries(await first)).toEqual([
      ['lazy', undefined],
      ['sync', 'value'],
    ])
    const second = container.resolveAll(needs)
    expect(second).toEqual({ lazy: undefined, sync: 'value' })
    expect(container.resolveAll(needs)).toBe(second)
    expect(Object.isFrozen(second)).toBe(true)
  })

  it('tries again after a failure, which it names', async () => {
    let attempt = 0
    const db = dependency('db', async () => {
      if (++attempt === 1) throw new Error('refused')
      return attempt
    })
    const repo = dependency('repo', { needs: { db } }, ({ needs }) => needs.db)
    const container = createContainer()
    const results = await Promise.allSettled([container.resolve(repo), container.resolve(db)])
    for (const result of results) {
      expect(result).toMatchObject({
        reason: {
          code: 'TUTTI_DEPENDENCY_FAILED',
          message: 'The dependency "db" could not be created: refused',
          cause: { message: 'refused' },
        },
      })
    }
    expect(await container.resolve(repo)).toBe(2)
  })

  it('leaves no rejection unhandled when one need fails at once and another later', async () => {
    const late = dependency('late', async () => Promise.reject(new Error('late')))
    const early = dependency('early', () => {
      throw new Error('early')
    })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    expect(() => createContainer().resolveAll({ late, early })).toThrow('early')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('gives factories the configuration, and not the context of who came first', async () => {
    const seen = dependency('seen', ({ config }) => ({ url: config['url'], context: currentContext() }))
    const container = createContainer({ config: { url: 'sqlite:' } })
    const inside = runInContext(contextOf(), () => container.resolve(seen), undefined)
    expect(await inside).toEqual({ url: 'sqlite:', context: undefined })
  })
})

describe('configuration', () => {
  it('may be settled after the container is created', () => {
    let url = 'unsettled'
    const container = createContainer({ config: () => ({ url }) })
    url = 'sqlite:'
    expect(container.resolve(dependency('url', ({ config }) => config['url']))).toBe('sqlite:')
  })
})

describe('request scope', () => {
  const user = dependency('user', { scope: 'request' }, ({ ctx }) => ({ tenant: ctx.tenant }))

  it('creates once per request, with its context and signal', async () => {
    const container = createContainer()
    const signals = dependency('signals', { scope: 'request', needs: { user } }, ({ signal, ctx, needs }) => [
      signal === ctx.signal,
      needs.user,
    ])
    const [a, b] = [container.requestScope(contextOf({ tenant: 'a' })), container.requestScope(contextOf({ tenant: 'b' }))]
    expect(container.resolve(user, a)).toBe(container.resolve(user, a))
    expect(container.resolveAll({ user, signals }, b)).toEqual({ user: { tenant: 'b' }, signals: [true, { tenant: 'b' }] })
    await a.dispose()
    expect(() => container.resolve(signals, a)).toThrow(expect.objectContaining({ code: 'TUTTI_DEPENDENCY_DISPOSED' }))
  })

  it('is refused outside of a request', () => {
    const container = createContainer()
    expect(() => container.resolve(user)).toThrow(
      'The dependency "user" lives as long as its request but was asked for outside of a request',
    )
  })

  it('throws what the factory throws as it is, for the request to answer', async () => {
    class Teapot extends Error {}
    const pot = dependency('pot', { scope: 'request' }, async () => Promise.reject(new Teapot()))
    const container = createContainer()
    await expect(container.resolve(pot, container.requestScope(contextOf()))).rejects.toBeInstanceOf(Teapot)
  })

  it('costs no promise when there is nothing to dispose of', () => {
    const app = dependency('app', () => 1)
    const container = createContainer()
    const scope = container.requestScope(contextOf())
    void container.resolve(app, scope)
    expect(scope.dispose()).toBeUndefined()
  })

  it('disposes of what is still being created', async () => {
    const gate = Promise.withResolvers<string>()
    const disposed: string[] = []
    const slow = dependency('slow', () => gate.promise, { scope: 'request', dispose: (value) => disposed.push(value) })
    const container = createContainer()
    const scope = container.requestScope(contextOf())
    const value = container.resolve(slow, scope)
    const ended = scope.dispose()
    gate.resolve('late')
    expect(await value).toBe('late')
    await ended
    expect(disposed).toEqual(['late'])
  })
})

describe('disposal', () => {
  it('goes in reverse order of creation: requests, tenants, the app', async () => {
    const log: string[] = []
    const make = (name: string) => async (): Promise<string> => {
      log.push(`+${name}`)
      return name
    }
    const dispose = async (name: string): Promise<void> => {
      await undefined
      log.push(`-${name}`)
    }
    const db = dependency('db', make('db'), { dispose })
    const bus = dependency('bus', make('bus'), { needs: { db }, dispose })
    const plan = dependency('plan', make('plan'), { scope: 'tenant', needs: { bus }, dispose })
    const user = dependency('user', make('user'), { scope: 'request', needs: { plan }, dispose })
    const cart = dependency('cart', make('cart'), { scope: 'request', needs: { user, db }, dispose })
    const container = createContainer()
    await container.resolve(cart, container.requestScope(contextOf({ tenant: 'a' })))
    await container.dispose()
    await container.dispose()
    expect(log.join(' ')).toBe('+db +bus +plan +user +cart -cart -user -plan -bus -db')
    expect(() => container.resolve(dependency('late', () => 1))).toThrow(expect.objectContaining({ code: 'TUTTI_DEPENDENCY_DISPOSED' }))
    expect(() => container.resolve(db)).toThrow('"db" was asked for after the app had ended')
  })

  it('tries every disposal and reports all failures', async () => {
    const disposed: string[] = []
    const refuse = (): never => {
      throw new Error('busy')
    }
    const a = dependency('a', () => 'a', { dispose: (value) => disposed.push(value) })
    const b = dependency('b', () => 'b', { dispose: refuse })
    const c = dependency('c', () => 'c', { dispose: async () => refuse() })
    const container = createContainer()
    void container.resolveAll({ a, b, c })
    const error: unknown = await container.dispose().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TUTTI_DEPENDENCY_DISPOSE_FAILED' })
    expect(String(error)).toMatch(/"c" \(busy\), "b" \(busy\)/)
    expect(disposed).toEqual(['a'])
  })

  it('calls a disposable value’s own method only when it is told to', async () => {
    const log: string[] = []
    const both = { [Symbol.dispose]: () => log.push('sync'), [Symbol.asyncDispose]: async () => log.push('async') }
    const own = dependency('own', () => both, { dispose: true })
    const sync = dependency('sync', () => ({ [Symbol.dispose]: () => log.push('only sync') }), { dispose: true })
    const foreign = dependency('foreign', () => both)
    const container = createContainer()
    void container.resolveAll({ foreign, own, sync })
    await container.dispose()
    expect(log).toEqual(['only sync', 'async'])
    const plain = dependency('plain', () => 1, { dispose: true })
    expect(() => createContainer().resolve(plain)).toThrow('neither Symbol.asyncDispose nor Symbol.dispose')
  })
})

describe('override', () => {
  const db = dependency('db', () => 'real', { dispose: () => Promise.reject(new Error('never disposed of')) })
  const repo = dependency('repo', { needs: { db } }, ({ needs }) => `repo of ${needs.db}`)

  it('takes a value, for everything that needs the dependency', async () => {
    const container = createContainer()
    container.override(db, 'fake')
    expect(container.resolveAll({ repo, db })).toEqual({ repo: 'repo of fake', db: 'fake' })
    await container.dispose()
  })

  it('takes another dependency, with its own needs and disposal', async () => {
    const container = createContainer()
    const disposed: string[] = []
    const url = dependency('url', async () => 'memory:')
    const fake = dependency('fake db', ({ needs }) => `fake at ${needs.url}`, { needs: { url }, dispose: (value) => disposed.push(value) })
    container.override(db, fake)
    expect(await container.resolve(repo)).toBe('repo of fake at memory:')
    await container.dispose()
    expect(disposed).toEqual(['fake at memory:'])
  })

  it('comes too late once the dependency exists', () => {
    const container = createContainer()
    void container.resolve(repo)
    expect(() => container.override(db, 'fake')).toThrow(expect.objectContaining({ code: 'TUTTI_DEPENDENCY_OVERRIDE' }))
  })

  it('does not live shorter than what it replaces', () => {
    const short = dependency('short', { scope: 'request' }, () => 'x')
    expect(() => createContainer().override(db, short)).toThrow(expect.objectContaining({ code: 'TUTTI_DEPENDENCY_SCOPE' }))
  })

  it('names a circle', () => {
    const container = createContainer()
    const wrapped = dependency('wrapped', { needs: { repo } }, ({ needs }) => needs.repo)
    expect(() => container.override(db, wrapped)).toThrow('in a circle: db → wrapped → repo → db.')
    expect(() => container.override(db, db)).toThrow('db → db')
    const [a, b] = [dependency('a', () => 1), dependency('b', () => 2)]
    container.override(a, b)
    expect(() => container.override(b, a)).toThrow('b → a → b')
  })
})
