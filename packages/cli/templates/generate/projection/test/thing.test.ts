import { App } from 'tutti'
import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { Thing, ThingSource } from '../src/thing.ts'

it('counts', async () => {
  await using t = await testApp(new App({ storage: 'memory:', log: { level: 'silent' } }).use(Thing))
  const one = { type: ThingSource.events.happened.type, data: { what: 'a' } }
  await t.app.storage?.events.append('thing-source-1', [one, one])
  await expect.poll(() => t.app.view(Thing).get('a'), { timeout: 15_000 }).toEqual({ count: 2 })
}, 20_000)
