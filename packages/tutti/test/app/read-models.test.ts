import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, command, currentContext, dependency, memoryProjection, projection, query, transactional } from '../../src/index.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const balances = projection(
  'balances',
  {
    from: [Account],
    setup: async ({ sql, table }) => {
      await sql`create table ${table('balances')} (account text primary key, balance integer not null)`
    },
  },
  {
    'account.deposited': async (e, { sql, table }) => {
      await sql`insert into ${table('balances')} (account, balance) values (${e.stream}, ${e.data.amount})
        on conflict (account) do update set balance = balance + excluded.balance`
    },
    'account.withdrawn': async (e, { sql, table }) => {
      await sql`update ${table('balances')} set balance = balance - ${e.data.amount} where account = ${e.stream}`
    },
  },
)

const total = memoryProjection(
  'total',
  { from: [Account], initial: () => ({ sum: 0 }) },
  {
    'account.deposited': (e, { state }) => ({ sum: state.sum + e.data.amount }),
    'account.withdrawn': (e, { state }) => ({ sum: state.sum - e.data.amount }),
  },
)

const deposits = projection(
  'deposits',
  { from: [Account], mode: 'inline' },
  {
    'account.deposited': async (e, { documents }) => {
      if (e.data.amount === 13) throw new Error('unlucky')
      const before = (await documents.get<{ count: number }>(e.stream)) ?? { count: 0 }
      documents.put(e.stream, { count: before.count + 1 })
    },
  },
)

const GetBalance = query('balance.get', { input: z.object({ id: z.string() }), output: z.object({ balance: z.number() }) })

function bank(storage: Storage, readStorage?: Storage): App {
  return new App({ name: 't', log: { level: 'silent' }, storage, ...(readStorage && { readStorage }) })
    .use(Account, balances, total)
    .handle(GetBalance, async ({ input, sql, view }) => {
      const rows = await sql<{
        balance: number
      }>`select balance from ${view(balances).table('balances')} where account = ${`account-${input.id}`}`
      return { balance: rows[0]?.balance ?? 0 }
    })
    .post('/accounts/:id/deposits', { body: Account.commands.deposit.schema }, ({ params, body, send }) =>
      send(Account.commands.deposit(params.id, body)),
    )
    .get('/accounts/:id/balance', ({ params, ask }) => ask(GetBalance({ id: params.id })))
    .get('/total', ({ view }) => view(total).get())
}

describe('projections of an application', () => {
  it('are kept up to date, and are waited for', async () => {
    await using t = await testApp(bank(sqliteStorage({ path: ':memory:' })))
    const result = await t.app.send(Account.commands.deposit('1', { amount: 5 }))
    if (!result.ok) throw new Error('rejected')
    await t.app.waitFor(balances, result.position)
    await t.app.waitFor(total, result.position)
    await t.get('/accounts/1/balance').expect(200, { balance: 5 })
    await t.get('/total').expect(200, { sum: 5 })
    expect(await t.app.projections.status()).toMatchObject([{ name: 'balances' }])
  })

  it('are waited for by requests that prefer it', async () => {
    await using t = await testApp(bank(sqliteStorage({ path: ':memory:' })))
    for (let i = 1; i <= 10; i++) {
      await t
        .post('/accounts/1/deposits', { json: { amount: 1 }, headers: { prefer: 'respond-async, wait=20' } })
        .expect(200)
        .expectHeader('preference-applied', 'wait=20')
      await t.get('/accounts/1/balance').expect(200, { balance: i })
      await t.get('/total').expect(200, { sum: i })
    }
  })

  it('answer 202 where they do not come as far in the time that the client waits', async () => {
    await using t = await testApp(bank(sqliteStorage({ path: ':memory:' })))
    await t.app.projections.pause(balances)
    const response = await t.post('/accounts/1/deposits', { json: { amount: 1 }, headers: { prefer: 'wait=0' } }).expect(202)
    expect(response.headers.get('preference-applied')).toBeNull()
    await t.app.projections.resume('balances')
    await t.post('/accounts/1/deposits', { json: { amount: 1 }, headers: { prefer: 'wait=20' } }).expect(200)
    await t.get('/accounts/1/balance').expect(200, { balance: 2 })
  })

  it('are kept in a storage of their own, where queries read', async () => {
    const write = memoryStorage()
    await using read = sqliteStorage({ path: ':memory:' })
    await using t = await testApp(bank(write, read))
    await t.post('/accounts/1/deposits', { json: { amount: 7 }, headers: { prefer: 'wait=20' } }).expect(200)
    await t.get('/accounts/1/balance').expect(200, { balance: 7 })
    expect(await read.sql`select balance from balances_v1`).toEqual([{ balance: 7 }])
  })

  it('are part of the append where they are inline', async () => {
    await using t = await testApp(bank(sqliteStorage({ path: ':memory:' })).use(deposits))
    await t.app.send(Account.commands.deposit('1', { amount: 5 }))
    await t.app.send(Account.commands.deposit('1', { amount: 5 }))
    expect(await t.app.view(deposits).get('account-1')).toEqual({ count: 2 })
    await expect(t.app.send(Account.commands.deposit('1', { amount: 13 }))).rejects.toThrow('unlucky')
    expect(await t.app.load(Account, '1')).toEqual({ balance: 10 })
    expect(await t.app.view(deposits).get('account-1')).toEqual({ count: 2 })
  })

  it('are not there before the start, nor where there are none', async () => {
    await expect(async () => bank(memoryStorage()).waitFor(total, 1)).rejects.toMatchObject({ code: 'TUTTI_APP_NOT_STARTED' })
    await expect(async () => new App({ log: { level: 'silent' } }).waitFor(total, 1)).rejects.toMatchObject({
      code: 'TUTTI_PROJECTION_UNKNOWN',
    })
    expect(() => bank(memoryStorage()).use(projection('total', { from: [Account] }, {}))).toThrow(/are called "total"/)
  })
})

describe('app.on', () => {
  const mailer = dependency('mailer', () => ({ sent: new Array<string>() }))

  it('handles events with everything that handlers can do', async () => {
    const app = bank(sqliteStorage({ path: ':memory:' })).on(
      Account.events.withdrawn,
      { name: 'mail', deps: { mailer } },
      async (e, { deps, load, log, send }) => {
        const { balance } = await load(Account, 'bonus').catch(() => ({ balance: 0 }))
        deps.mailer.sent.push(`${e.stream} ${e.data.amount} ${balance}`)
        log.info('mailed')
        await send(Account.commands.deposit('fees', { amount: 1 }))
      },
    )
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('1', { amount: 5 }))
    await t.app.send(Account.commands.withdraw('1', { amount: 2 }))
    const { sent } = await t.app.resolve(mailer)
    await expect.poll(() => sent).toEqual(['account-1 2 0'])
    await expect.poll(async () => (await t.app.find(Account, 'fees'))?.balance).toBe(1)
  })

  it('sends commands to aggregates once, however often the event is handled', async () => {
    let attempts = 0
    const app = bank(sqliteStorage({ path: ':memory:' })).on(
      [Account],
      { name: 'fees', retry: { attempts: 5, delay: 1 } },
      async (e, { send }) => {
        if (e.stream === 'account-fees') return
        await send(Account.commands.deposit('fees', { amount: 1 }))
        await send(Account.commands.deposit('fees', { amount: 10 }))
        if (++attempts < 3) throw new Error('not yet')
      },
    )
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('1', { amount: 5 }))
    await expect.poll(() => attempts).toBe(3)
    expect(await t.app.load(Account, 'fees')).toEqual({ balance: 11 })
  })

  it('goes on in the context of the request that led to the event', async () => {
    const seen: unknown[] = []
    const Log = command('log', { input: z.object({}) })
    const app = bank(sqliteStorage({ path: ':memory:' }))
      .handle(Log, () => void seen.push(currentContext()?.correlationId))
      .post('/deposits', ({ correlationId, send }) => {
        seen.push(correlationId)
        return send(Account.commands.deposit('1', { amount: 1 }))
      })
      .on(Account.events.deposited, { name: 'trail' }, async (e, { send }) => {
        seen.push([e.correlationId, e.causationId])
        await send(Log({}))
      })
    await using t = await testApp(app)
    await t.post('/deposits').expect(200)
    await expect.poll(() => seen).toHaveLength(3)
    const [request] = seen
    expect(request).toEqual(expect.any(String))
    expect(seen).toEqual([request, [request, expect.any(String)], request])
  })
})

describe('transactional handlers', () => {
  function transfers(storage: Storage): App {
    return bank(storage).post(
      '/transfers',
      { body: z.object({ from: z.string(), to: z.string(), amount: z.number(), note: z.string() }) },
      transactional(async ({ body, send, sql }) => {
        await sql`insert into notes (text) values (${body.note})`
        await send(Account.commands.deposit(body.to, { amount: body.amount }))
        const taken = await send(Account.commands.withdraw(body.from, { amount: body.amount }))
        if (body.note === 'fail') throw new Error('failed')
        return taken
      }),
    )
  }

  it('commit events of several aggregates and SQL together, or none of it', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    await storage.migrate()
    await storage.sql`create table notes (text text not null)`
    await using t = await testApp(transfers(storage))
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    await t.post('/transfers', { json: { from: 'a', to: 'b', amount: 4, note: 'ok' } }).expect(200)
    await t.post('/transfers', { json: { from: 'a', to: 'b', amount: 7, note: 'too much' } }).expect(409)
    await t.post('/transfers', { json: { from: 'a', to: 'b', amount: 1, note: 'fail' } }).expect(500)
    expect(await t.app.load(Account, 'a')).toEqual({ balance: 6 })
    expect(await t.app.load(Account, 'b')).toEqual({ balance: 4 })
    expect(await t.app.sql`select text from notes`).toEqual([{ text: 'ok' }])
  })

  it('need a storage', async () => {
    await using t = await testApp(new App({ log: { level: 'silent' } }).get('/', ({ sql }) => sql`select 1`))
    expect((await t.get('/').expect(500)).body).toMatchObject({ status: 500 })
    await expect(async () => t.app.transaction(async () => 1)).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNUSED' })
  })
})
