import { describe, expect, it } from 'vitest'
import { dependency } from '../../src/kernel/index.ts'

/** Passes what the compiler would refuse. */
const loosely: (...input: unknown[]) => unknown = (...input) => Reflect.apply(dependency, undefined, input)

const refusals: [unknown[], RegExp][] = [
  [['', () => 1], /name of a dependency/],
  [[5, () => 1], /Received 5 as the name/],
  [['db'], /no factory/],
  [['db', {}, {}], /no factory/],
  [['db', () => 1, () => 2], /no factory/],
  [['db', null, () => 2], /no factory/],
  [['db', { scope: 'global' }, () => 1], /the scope "global"; wanted "app", "tenant" or "request"/],
  [['db', { scope: 'toString' }, () => 1], /the scope "toString"/],
  [['db', { disposal: true }, () => 1], /the option "disposal"/],
  [['db', { needs: { a: {} } }, () => 1], /needs "a", which is not a dependency/],
  [['db', { dispose: 'close' }, () => 1], /"close" as dispose/],
]

describe('dependency', () => {
  it('takes its options before or after the factory', () => {
    const db = dependency('db', () => 1)
    const before = dependency('before', { scope: 'request', needs: { db } }, ({ needs }) => needs.db)
    const after = dependency('after', ({ needs }) => needs.db, { scope: 'request', needs: { db } })
    expect([db.scope, before.scope, after.scope]).toEqual(['app', 'request', 'request'])
    expect([before.name, before.needs, after.needs]).toEqual(['before', { db }, { db }])
  })

  it('cannot be changed afterwards', () => {
    const db = dependency('db', () => 1)
    const options = { needs: { db } }
    const repo = dependency('repo', options, () => 2)
    Reflect.set(options.needs, 'db', repo)
    expect(repo.needs).toEqual({ db })
    expect(Object.isFrozen(repo) && Object.isFrozen(repo.needs)).toBe(true)
  })

  it('refuses to need what lives shorter than itself', () => {
    const request = dependency('user', { scope: 'request' }, () => 1)
    const tenant = dependency('plan', { scope: 'tenant' }, () => 1)
    const refused = expect.objectContaining({ code: 'TUTTI_DEPENDENCY_SCOPE' })
    expect(() => dependency('db', { needs: { tenant } }, () => 1)).toThrow(refused)
    expect(() => loosely('db', { needs: { request } }, () => 1)).toThrow(
      'The dependency "db" lives as long as its app but needs "user", which lives only as long as its request.',
    )
    expect(() => loosely('plan', { scope: 'tenant', needs: { request } }, () => 1)).toThrow(refused)
    expect(dependency('fine', { scope: 'request', needs: { request, tenant } }, () => 1).scope).toBe('request')
  })

  it.each(refusals)('refuses %o', (input, message) => {
    expect(() => loosely(...input)).toThrow(message)
  })
})
