import { describe, expect, it } from 'vitest'
import { createContainer, dependency, type Container, type ContainerOptions } from '../../src/kernel/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { contextOf } from './context-of.ts'

function setUp(options: ContainerOptions = {}) {
  const log: string[] = []
  const pool = dependency(
    'pool',
    ({ tenant }) => {
      log.push(`+${tenant}`)
      return { tenant }
    },
    { scope: 'tenant', dispose: ({ tenant }) => log.push(`-${tenant}`) },
  )
  const container = createContainer(options)
  return { log, pool, container, use: (tenant: string) => useOnce(container, pool, tenant) }
}

async function useOnce<T>(container: Container, pool: Parameters<typeof container.resolve<T>>[0], tenant: string): Promise<T> {
  const scope = container.requestScope(contextOf({ tenant }))
  try {
    return await container.resolve(pool, scope)
  } finally {
    await scope.dispose()
  }
}

describe('tenant scope', () => {
  it('creates once per tenant', async () => {
    const { log, use } = setUp()
    const [a1, b, a2] = [await use('a'), await use('b'), await use('a')]
    expect(a1).toBe(a2)
    expect(b).toEqual({ tenant: 'b' })
    expect(log).toEqual(['+a', '+b'])
  })

  it('needs a tenant', () => {
    const { pool, container } = setUp()
    expect(() => container.resolve(pool, container.requestScope(contextOf()))).toThrow('by a request without a tenant')
    expect(() => container.resolve(pool)).toThrow(expect.objectContaining({ code: 'TUTTI_DEPENDENCY_SCOPE' }))
  })

  it('lets the least recently used go when there are too many', async () => {
    const { log, use } = setUp({ maxTenants: 2 })
    for (const tenant of ['a', 'b', 'a', 'c']) await use(tenant)
    await expect.poll(() => log).toEqual(['+a', '+b', '+c', '-b'])
  })

  it('never takes one away from a request that uses it', async () => {
    const { log, pool, container, use } = setUp({ maxTenants: 1 })
    const scope = container.requestScope(contextOf({ tenant: 'a' }))
    const value = await container.resolve(pool, scope)
    await use('b')
    await expect.poll(() => log).toEqual(['+a', '+b', '-b'])
    expect(await use('a')).toBe(value)
    await scope.dispose()
    expect(await use('a')).toBe(value)
  })

  it('disposes of what stays idle', async () => {
    const clock = fakeClock()
    const { log, use, container } = setUp({ clock, tenantIdle: '10m' })
    await use('a')
    await clock.advance('6m')
    await use('b')
    await clock.advance('4m')
    expect(log).toEqual(['+a', '+b', '-a'])
    await use('b')
    await clock.advance('9m')
    expect(log).toEqual(['+a', '+b', '-a'])
    await clock.advance('1m')
    expect(log).toEqual(['+a', '+b', '-a', '-b'])
    await use('a')
    await container.dispose()
    expect(log.slice(4)).toEqual(['+a', '-a'])
    expect(clock.pending).toBe(0)
  })

  it('waits for the old instance of a tenant to end before it creates a new one', async () => {
    const gate = Promise.withResolvers<void>()
    const log: string[] = []
    const file = dependency('file', () => log.push('open'), {
      scope: 'tenant',
      dispose: async () => {
        await gate.promise
        log.push('closed')
      },
    })
    const container = createContainer({ maxTenants: 1 })
    await useOnce(container, file, 'a')
    await useOnce(container, file, 'b')
    const again = useOnce(container, file, 'a')
    await new Promise((resolve) => setImmediate(resolve))
    expect(log).toEqual(['open', 'open'])
    gate.resolve()
    await again
    expect(log.slice(0, 4)).toEqual(['open', 'open', 'closed', 'open'])
  })

  it('reports what fails while an idle tenant is disposed of', async () => {
    const clock = fakeClock()
    const errors: unknown[] = []
    const bad = dependency('bad', () => 1, { scope: 'tenant', dispose: () => Promise.reject(new Error('stuck')) })
    const container = createContainer({ clock, tenantIdle: 5, onError: (error) => errors.push(error) })
    await useOnce(container, bad, 'a')
    await clock.advance(5)
    await expect.poll(() => errors).toMatchObject([{ code: 'TUTTI_DEPENDENCY_DISPOSE_FAILED', message: /tenant "a": "bad" \(stuck\)/ }])
  })
})
