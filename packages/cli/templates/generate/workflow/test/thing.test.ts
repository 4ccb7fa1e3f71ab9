import { App } from 'tutti'
import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { Thing } from '../src/thing.ts'

it('waits for the approval', async () => {
  await using t = await testApp(new App({ storage: 'memory:', log: { level: 'silent' } }).use(Thing))
  const run = await t.app.run(Thing, { name: 'Ada' })
  await run.signal('approval', { ok: true })
  expect(await run.result()).toEqual({ greeting: 'Hello, Ada' })
})
