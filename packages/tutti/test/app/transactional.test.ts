import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, projection, transactional, type TransactionalOptions } from '../../src/index.ts'
import { sqliteStorage, StreamConflictError } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const balances = projection(
  'balances',
  { from: [Account] },
  { 'account.deposited': (e, { documents }) => documents.put(e.stream, e.data.amount) },
)

const body = z.object({ amount: z.number() })

/** Deposits twice, and meets `conflicts` conflicts before it succeeds. */
function bank({ conflicts = 0, ...options }: TransactionalOptions & { readonly conflicts?: number }): App {
  let left = conflicts
  return new App({ name: 't', log: { level: 'silent' }, storage: sqliteStorage({ path: ':memory:' }) }).use(Account, balances).post(
    '/twice',
    { body },
    transactional(async ({ body, send }) => {
      await send(Account.commands.deposit('a', body))
      const second = await send(Account.commands.deposit('b', body))
      if (left-- > 0) throw new StreamConflictError('account-b', 1, 2)
      return second
    }, options),
  )
}

describe('a transactional handler that meets a conflict', () => {
  it('fails with it unless it is told to begin again', async () => {
    await using t = await testApp(bank({ conflicts: 1 }))
    expect((await t.post('/twice', { json: { amount: 1 } }).expect(409)).body).toMatchObject({ code: 'TUTTI_STREAM_CONFLICT' })
    expect(await t.app.find(Account, 'a')).toBeUndefined()
  })

  it('begins again as often as it was told, and takes effect once', async () => {
    await using t = await testApp(bank({ conflicts: 6, attempts: 3 }))
    await t.post('/twice', { json: { amount: 1 } }).expect(409)
    await t.post('/twice', { json: { amount: 1 } }).expect(409)
    await t.post('/twice', { json: { amount: 1 } }).expect(200)
    expect(await t.app.load(Account, 'a')).toEqual({ balance: 1 })
    expect(await t.app.load(Account, 'b')).toEqual({ balance: 1 })
    expect(() => transactional(() => 1, { attempts: 0 })).toThrow(/attempts/)
  })

  it('keeps the keys of its commands: a request that is sent again takes effect once', async () => {
    await using t = await testApp(bank({ conflicts: 1, attempts: 2 }))
    const headers = { 'idempotency-key': 'k-1' }
    const { body: first } = await t.post('/twice', { json: { amount: 5 }, headers }).expect(200)
    await t.post('/twice', { json: { amount: 5 }, headers }).expect(200, first)
    expect(await t.app.load(Account, 'a')).toEqual({ balance: 5 })
  })
})

describe('Prefer: wait of a transactional handler', () => {
  it('waits once it has committed', async () => {
    await using t = await testApp(bank({ conflicts: 1, attempts: 2 }))
    const headers = { prefer: 'wait=20' }
    for (let amount = 1; amount <= 5; amount++) {
      await t.post('/twice', { json: { amount }, headers }).expect(200).expectHeader('preference-applied', 'wait=20')
      expect(await t.app.view(balances).get('account-a')).toBe(amount)
      expect(await t.app.view(balances).get('account-b')).toBe(amount)
    }
  })

  it('is not said to be honoured where read models do not come as far in time', async () => {
    await using t = await testApp(bank({}))
    await t.app.projections.pause(balances)
    const { headers } = await t.post('/twice', { json: { amount: 1 }, headers: { prefer: 'wait=0' } }).expect(202)
    expect(headers.get('preference-applied')).toBeNull()
  })
})
