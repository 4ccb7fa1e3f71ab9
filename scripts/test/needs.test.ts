import { describe, expect, it, type TestContext } from 'vitest'
import { neededServices, needs, servicesRequired } from '../needs.mjs'
import { services, type Service } from '../services/table.mjs'

describe('the services that npm test brings up', () => {
  it('are entries of the table', () => {
    const names = services.map(({ name }) => name)
    for (const need of needs) expect(names).toEqual(expect.arrayContaining(need.services))
  })

  it('are those of the tests that are asked for', () => {
    const list = [
      { tests: 'packages/tutti/test/storage', services: ['postgres', 'mariadb'] },
      { tests: 'packages/tutti/test/messaging', services: ['postgres', 'redis'] },
    ]
    expect(neededServices([], list)).toEqual(['postgres', 'mariadb', 'redis'])
    expect(neededServices(['packages/tutti'], list)).toEqual(['postgres', 'mariadb', 'redis'])
    expect(neededServices(['packages/tutti/test/storage/append.test.ts'], list)).toEqual(['postgres', 'mariadb'])
    expect(neededServices(['messaging'], list)).toEqual(['postgres', 'redis'])
    expect(neededServices(['packages/tutti/test/http'], list)).toEqual([])
  })

  it('have to answer in CI, unless a job says that its system has none', () => {
    expect(servicesRequired({})).toBe(false)
    expect(servicesRequired({ CI: 'false' })).toBe(false)
    expect(servicesRequired({ CI: 'true' })).toBe(true)
    expect(servicesRequired({ CI: 'true', TUTTI_SERVICES: 'optional' })).toBe(false)
  })

  it.for(services)('include $title, which answers at the URL in $env', async ({ env, probe }: Service, { skip }: TestContext) => {
    const url = process.env[env]
    if (url === undefined && !servicesRequired()) skip(`${env} is not set: npm test sets it`)
    await expect(probe(url ?? '')).resolves.toBeDefined()
  })
})
