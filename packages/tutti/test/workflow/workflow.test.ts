import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { workflow } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, storages } from './support.ts'

describe.each(storages)('a run on %s', (kind) => {
  it('does its steps, and gives what they came to', async () => {
    const calls: string[] = []
    const greet = workflow('greet', { input: z.object({ name: z.string() }) }, async (w, { name }) => {
      const text = await w.step('compose', ({ key, attempt }) => {
        calls.push(`${key} ${attempt}`)
        return `Hello ${name}`
      })
      const shouted = await w.step('shout', () => text.toUpperCase())
      return { text, shouted, at: w.now() }
    })
    const engine = await startWorkflows(await openStorage(kind), [greet])
    const run = await engine.run(greet, { name: 'Ada' }, { id: 'greet-1' })
    expect(await run.result()).toEqual({ text: 'Hello Ada', shouted: 'HELLO ADA', at: expect.any(Date) })
    expect(calls).toEqual(['greet/greet-1/compose 1'])
    expect(await run.status()).toMatchObject({ state: 'completed', recorded: 3, owner: undefined })
    expect((await run.steps()).map(({ step, kind: of, attempts }) => [step, of, attempts])).toEqual([
      ['compose', 'step', 1],
      ['shout', 'step', 1],
      ['now', 'value', 1],
    ])
  })
})
