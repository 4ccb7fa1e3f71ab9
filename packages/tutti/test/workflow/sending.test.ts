import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, createRepository, reject } from '../../src/events/public.ts'
import { event } from '../../src/message/index.ts'
import { workflow } from '../../src/workflow/public.ts'
import { openStorage, startWorkflows, storages } from './support.ts'

const Account = aggregate('account', {
  events: { paid: event(z.object({ amount: z.number() })) },
  commands: { pay: z.object({ amount: z.number() }) },
  initial: () => ({ total: 0 }),
})
  .evolve({ paid: ({ total }, { amount }) => ({ total: total + amount }) })
  .decide({ pay: (_, { amount }, emit) => (amount > 0 ? emit.paid({ amount }) : reject('NOTHING', { amount })) })

describe.each(storages)('a command that a run sends on %s', (kind) => {
  it('is carried out once, and gives what it came to', async () => {
    const storage = await openStorage(kind)
    const repository = createRepository(storage)
    let lost = 2
    const engine = await startWorkflows(storage, [pay], {
      verbs: {
        sendWith: async (command, defaults) => {
          const sent: unknown = command
          const result = await repository.execute({ ...(sent as ReturnType<typeof Account.commands.pay>), key: defaults.key })
          // The answer is lost, so that the step is tried again.
          if (lost-- > 0) throw new Error('no answer')
          return result as never
        },
        ask: (query) => Promise.resolve(`answer to ${JSON.stringify(query)}` as never),
      },
    })
    const run = await engine.run(pay, { amount: 5 })
    expect(await run.result()).toEqual({ version: 1, refused: 'NOTHING', details: { amount: -1 }, answer: 'answer to {"ask":1}' })
    expect((await repository.load(Account, 'a')).total).toBe(5)
    expect((await run.steps()).map(({ step, attempts }) => [step, attempts])).toEqual([
      ['pay', 3],
      ['send', 1],
      ['ask', 1],
    ])
  })

  it('has to lead somewhere', async () => {
    const engine = await startWorkflows(await openStorage(kind), [pay])
    await expect((await engine.run(pay, { amount: 5 })).result()).rejects.toMatchObject({
      failure: { message: expect.stringContaining('no verbs') },
    })
  })
})

const pay = workflow('pay', { input: z.object({ amount: z.number() }), retry: { delay: 1 } }, async (w, { amount }) => {
  const paid = await w.send(Account.commands.pay('a', { amount }), { name: 'pay' })
  const refused = await w.send(Account.commands.pay('a', { amount: -1 }))
  const answer = await w.ask<string>({ ask: 1 } as object)
  return {
    version: paid.ok ? paid.version : 0,
    refused: refused.ok ? '' : refused.code,
    details: refused.ok ? {} : refused.details,
    answer,
  }
})
