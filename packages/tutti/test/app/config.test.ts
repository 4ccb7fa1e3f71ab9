import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, defineConfig, dependency } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const schema = z.object({
  databaseUrl: z.string(),
  debug: z.boolean().default(false),
  hosts: z.array(z.string()).default([]),
  pool: z.object({ maxSize: z.number().int().positive(), password: z.string().optional() }),
})

describe('defineConfig', () => {
  it('reads the environment by the names of the settings, as the types that the schema wants', () => {
    const env = { SHOP_DATABASE_URL: 'sqlite:x', SHOP_DEBUG: 'true', SHOP_HOSTS: 'a, b', SHOP_POOL_MAX_SIZE: '5', DATABASE_URL: 'other' }
    expect({ ...defineConfig(schema, { prefix: 'SHOP_' }).load({ env, folder }) }).toEqual({
      databaseUrl: 'sqlite:x',
      debug: true,
      hosts: ['a', 'b'],
      pool: { maxSize: 5 },
    })
  })

  it('lets the environment win over files, and later files over earlier ones', () => {
    writeFileSync(join(folder, 'base.json'), '{"databaseUrl":"base","pool":{"maxSize":1,"password":"p"},"__proto__":{"debug":true}}')
    writeFileSync(join(folder, 'local.json'), '{"pool":{"maxSize":2}}')
    writeFileSync(join(folder, '.env'), 'POOL_MAX_SIZE=3\nDEBUG="false"\n')
    const files = ['base.json', { path: 'missing.json', optional: true }, 'local.json'] as const
    expect(defineConfig(schema, { files }).load({ env: {}, folder }).pool).toEqual({ maxSize: 2, password: 'p' })
    expect(defineConfig(schema, { files: [...files, '.env'] }).load({ env: {}, folder })).toMatchObject({
      databaseUrl: 'base',
      debug: false,
      pool: { maxSize: 3 },
    })
    expect(defineConfig(schema, { files: [...files, '.env'] }).load({ env: { POOL_MAX_SIZE: '4' }, folder }).pool.maxSize).toBe(4)
  })

  it('names every wrong setting and where to set it, and shows no values', () => {
    const load = (): unknown => defineConfig(schema).load({ env: { POOL_MAX_SIZE: 'hunter2', POOL_PASSWORD: 'swordfish' }, folder })
    expect(load).toThrow(
      expect.objectContaining({
        code: 'TUTTI_CONFIG_INVALID',
        message: expect.stringMatching(/databaseUrl: .*\(set DATABASE_URL in the environment\)[^]*pool\.maxSize: .*\(set POOL_MAX_SIZE/),
      }),
    )
    expect(load).not.toThrow(/hunter2|swordfish/)
  })

  it.each([
    ['missing', undefined, /file\.json cannot be read/],
    ['not JSON', '{"password":"swordfish"', /file\.json is not valid JSON\.$/],
    ['a list', '[]', /holds a list/],
  ])('refuses a file that is %s', (_, text, message) => {
    if (text !== undefined) writeFileSync(join(folder, 'file.json'), text)
    expect(() => defineConfig(schema, { files: ['file.json'] }).load({ env: {}, folder })).toThrow(message)
  })

  it('prints itself without its secrets', () => {
    const env = { DATABASE_URL: 'postgres://shop:swordfish@db/shop', POOL_MAX_SIZE: '1', POOL_PASSWORD: 'swordfish', HOSTS: 'topsecret' }
    const config = defineConfig(schema, { secrets: ['hosts'] }).load({ env, folder })
    expect(config.pool.password).toBe('swordfish')
    for (const printed of [inspect(config), JSON.stringify(config), inspect({ nested: config }, { depth: 5 })]) {
      expect(printed).not.toMatch(/swordfish|topsecret/)
      expect(printed).toContain('postgres://shop:[secret]@db/shop')
    }
  })

  it('is checked when the application starts, and reaches dependencies', async () => {
    const size = dependency('size', ({ config }) => (config['pool'] as { maxSize: number }).maxSize)
    const quiet = { name: 't', log: { level: 'silent' } } as const
    const wrong = new App({ ...quiet, config: defineConfig(z.object({ neverSetAnywhere: z.string() })) })
    await expect(wrong.listen(0)).rejects.toMatchObject({ code: 'TUTTI_CONFIG_INVALID' })
    const application = new App({ ...quiet, config: defineConfig(schema).load({ env: { DATABASE_URL: 'x', POOL_MAX_SIZE: '9' }, folder }) })
    await using t = await testApp(application.get('/', { deps: { size } }, ({ deps }) => deps.size))
    await t.get('/').expect(200, 9)
  })
})
