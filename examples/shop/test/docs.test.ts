import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { createShop } from '../src/app.ts'

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
}

it('describes every public route', async () => {
  await using t = await testApp(createShop({ storage: 'sqlite::memory:', log: { level: 'silent' } }))
  const { paths } = (await t.get('/openapi.json').expect(200)).body as { paths: Record<string, Record<string, Operation>> }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
  )
  expect(operations).toHaveLength(21)
  expect(operations.filter(({ summary, tags }) => !summary || !tags?.length).map(({ name }) => name)).toEqual([])
  expect(t.app.modules().map(({ name }) => name)).toEqual(['catalogue', 'inventory', 'customers', 'orders', 'fulfilment', 'live'])
  await t.get('/docs').expect(200).expectHeader('content-type', /html/)
})
