import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, eventSignal, eventStart, topic, transactional, workflow, type Workflow } from '../../src/index.ts'
import { memoryStorage, sqliteStorage } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'
import type { StepMiddleware } from '../../src/workflow/public.ts'
import { Account } from './account.ts'

const create = (...workflows: readonly Workflow[]): App =>
  new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage() }).use(Account, ...workflows)

const transfer = workflow(
  'transfer',
  { input: z.object({ from: z.string(), to: z.string(), amount: z.number() }), signals: { approval: z.object({ ok: z.boolean() }) } },
  async (w, { from, to, amount }) => {
    if (amount > 100 && !(await w.signal('approval')).ok) throw w.fail('not approved')
    const taken = await w.send(Account.commands.withdraw(from, { amount }))
    if (!taken.ok) throw w.fail(taken.code)
    await w.send(Account.commands.deposit(to, { amount }))
    return { moved: amount }
  },
)

describe('workflows of an application', () => {
  it('are run from handlers, once for each id, and send commands once', async () => {
    const app: App = create(transfer)
      .post('/transfers/:id', async ({ params, run }) => {
        const started = await run(transfer, { from: 'a', to: 'b', amount: 4 }, { id: params.id })
        return { id: started.id }
      })
      .get('/transfers/:id', ({ params }): unknown => app.runs.get(transfer, params.id).status())
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    await t.post('/transfers/t-1').expect(200, { id: 't-1' })
    await t.post('/transfers/t-1').expect(200, { id: 't-1' })
    expect(await t.app.runs.get(transfer, 't-1').result()).toEqual({ moved: 4 })
    expect((await t.get('/transfers/t-1').expect(200)).body).toMatchObject({ state: 'completed', output: { moved: 4 } })
    expect(await t.app.load(Account, 'b')).toEqual({ balance: 4 })
  })

  it('are wrapped by the middleware of the application', async () => {
    const seen: string[] = []
    const use: StepMiddleware[] = [
      async ({ run, step, kind }, next) => {
        seen.push(`${run.id} ${kind} ${step}`)
        return next()
      },
    ]
    const app = new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage(), workflows: { use } }).use(Account, transfer)
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    const run = await t.app.run(transfer, { from: 'a', to: 'b', amount: 4 }, { id: 't-1' })
    expect(await run.result()).toEqual({ moved: 4 })
    expect(seen).toEqual(['t-1 send send', 't-1 send send#2'])
  })

  it('wait for signals, and fail where what they send is rejected', async () => {
    await using t = await testApp(create(transfer))
    const run = await t.app.run(transfer, { from: 'a', to: 'b', amount: 400 })
    await run.signal('approval', { ok: true })
    await expect(run.result()).rejects.toMatchObject({ code: 'TUTTI_RUN_FAILED' })
    expect(await run.status()).toMatchObject({ state: 'failed', failure: { message: 'TOO_LITTLE' } })
  })

  it('are started by events and get signals from events', async () => {
    const bonus = workflow(
      'bonus',
      {
        input: z.object({ amount: z.number() }),
        from: [Account.events.deposited],
        key: (event) => event.stream,
        signals: { withdrawn: eventSignal(Account.events.withdrawn, (event) => event.stream) },
      },
      async (w, { amount }) => {
        const { amount: taken } = await w.signal('withdrawn')
        return amount - taken
      },
    )
    await using t = await testApp(create(bonus))
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    await t.app.send(Account.commands.withdraw('a', { amount: 3 }))
    await expect
      .poll(async () =>
        t.app.runs
          .get(bonus, 'account-a')
          .status()
          .catch(() => undefined),
      )
      .toMatchObject({ state: 'completed', output: 7 })
  })

  it('are started with what they want of the whole event', async () => {
    const large = workflow(
      'large',
      {
        input: z.object({ account: z.string(), amount: z.number(), at: z.number(), by: z.string() }),
        from: [
          eventStart(Account.events.deposited, {
            key: (event) => (event.data.amount > 100 ? `${event.stream}@${event.streamVersion}` : undefined),
            input: ({ stream, data, position, id }) => ({
              account: stream,
              amount: data.amount,
              at: position,
              by: typeof id,
            }),
          }),
        ],
      },
      (_, input) => Promise.resolve(input),
    )
    await using t = await testApp(create(large))
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    await t.app.send(Account.commands.deposit('a', { amount: 1000 }))
    await expect
      .poll(async () => (await t.app.runs.list({ state: 'completed' })).runs.map(({ id, output }) => ({ id, output })))
      .toEqual([{ id: 'account-a@2', output: { account: 'account-a', amount: 1000, at: 2, by: 'string' } }])
  })

  it('begin with the transaction that starts them, or not at all', async () => {
    const app = new App({ name: 't', log: { level: 'silent' }, storage: sqliteStorage({ path: ':memory:' }) }).use(Account, transfer).post(
      '/transfers',
      { body: z.object({ id: z.string(), amount: z.number() }) },
      transactional(async ({ body, run, send }) => {
        await run(transfer, { from: 'a', to: 'b', amount: 1 }, { id: body.id })
        return send(Account.commands.withdraw('a', { amount: body.amount }))
      }),
    )
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    await t.post('/transfers', { json: { id: 'no', amount: 20 } }).expect(409)
    await t.post('/transfers', { json: { id: 'yes', amount: 2 } }).expect(200)
    expect(await t.app.runs.get(transfer, 'yes').result()).toEqual({ moved: 1 })
    await expect(t.app.runs.get(transfer, 'no').status()).rejects.toMatchObject({ code: 'TUTTI_RUN_UNKNOWN' })
  })

  it('are started once by messages that come twice', async () => {
    const Payments = topic('payments', z.object({ amount: z.number() }))
    let attempts = 0
    const app = create(transfer).consume(Payments, { group: 'g', retry: { attempts: 3, delay: 1 } }, async ({ data, run }) => {
      await run(transfer, { from: 'a', to: 'b', amount: data.amount })
      if (++attempts < 2) throw new Error('again')
    })
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('a', { amount: 10 }))
    await t.app.publish(Payments, { amount: 2 })
    await expect.poll(() => attempts).toBe(2)
    await expect.poll(async () => (await t.app.find(Account, 'b'))?.balance).toBe(2)
  })

  it('are known to the application that runs them', async () => {
    await expect(async () => create(transfer).run(transfer, { from: 'a', to: 'b', amount: 1 })).rejects.toMatchObject({
      code: 'TUTTI_APP_NOT_STARTED',
    })
    await using t = await testApp(create())
    await expect(t.app.run(transfer, { from: 'a', to: 'b', amount: 1 })).rejects.toMatchObject({ code: 'TUTTI_WORKFLOW_UNKNOWN' })
    expect(() =>
      create(
        transfer,
        workflow('transfer', {}, () => 1),
      ),
    ).toThrow(/called "transfer" in version 1/)
  })
})
