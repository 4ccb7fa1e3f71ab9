import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, saga } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const Transfer = z.object({ from: z.string(), to: z.string(), amount: z.number() })
let broken = false

const transfer = saga('transfer', { input: Transfer, retry: { attempts: 2, delay: 1 } })
  .send('bonus', { command: ({ input }) => Account.commands.withdraw(input.from, { amount: 1_000 }), onRejected: 'continue' })
  .send('give', {
    command: ({ input: { to, amount } }) => Account.commands.deposit(to, { amount }),
    undo: (_, { input: { to, amount }, send }) => send(Account.commands.withdraw(to, { amount })),
  })
  .send('take', {
    command: ({ input: { from, amount } }) => Account.commands.withdraw(from, { amount }),
    undo: (_, { input: { from, amount }, send }) => send(Account.commands.deposit(from, { amount })),
  })
  .step('tell', {
    run: async ({ send }) => {
      await send(Account.commands.deposit('fees', { amount: 1 }))
      if (broken) throw new Error('nobody listens')
    },
  })

const bank = (): App => new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage() }).use(Account, transfer)

describe('a saga that sends commands', () => {
  it('goes on where they are accepted, and where it says so after a rejection', async () => {
    broken = false
    await using t = await testApp(bank())
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    const run = await t.app.run(transfer, { from: 'a', to: 'b', amount: 4 })
    expect(await run.result()).toMatchObject({ bonus: { ok: false, code: 'TOO_LITTLE' }, take: { ok: true } })
    expect(await t.app.load(Account, 'a')).toEqual({ balance: 6 })
  })

  it('fails with the code of a rejection, and takes back what was accepted before', async () => {
    broken = false
    await using t = await testApp(bank())
    await t.app.send(Account.commands.deposit('a', { amount: 3 }))
    const run = await t.app.run(transfer, { from: 'a', to: 'b', amount: 4 })
    await expect(run.result()).rejects.toMatchObject({ code: 'TUTTI_RUN_FAILED' })
    expect(await run.status()).toMatchObject({ state: 'compensated', failure: { message: 'TOO_LITTLE' } })
    expect(await t.app.load(Account, 'a')).toEqual({ balance: 3 })
    expect(await t.app.load(Account, 'b')).toEqual({ balance: 0 })
  })

  it('takes both back when a later step fails, whose own commands were carried out once', async () => {
    broken = true
    await using t = await testApp(bank())
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    const run = await t.app.run(transfer, { from: 'a', to: 'b', amount: 4 })
    await expect(run.result()).rejects.toMatchObject({ code: 'TUTTI_RUN_FAILED' })
    expect(await t.app.load(Account, 'a')).toEqual({ balance: 10 })
    expect(await t.app.load(Account, 'b')).toEqual({ balance: 0 })
    expect(await t.app.load(Account, 'fees')).toEqual({ balance: 1 })
  })
})
