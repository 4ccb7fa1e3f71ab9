import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, dependency, topic, transactional } from '../../src/index.ts'
import { memoryBroker } from '../../src/messaging/public.ts'
import { memoryStorage, sqliteStorage } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const Payments = topic('payments', z.object({ account: z.string(), amount: z.number() }))
const create = (storage = memoryStorage()): App => new App({ name: 't', log: { level: 'silent' }, storage }).use(Account)
const ledger = dependency('ledger', () => ({ lines: new Array<string>() }))

describe('messages of an application', () => {
  it('are published by any handler and consumed with everything that handlers can do', async () => {
    const app = create()
      .post('/payments', ({ publish }) => publish(Payments, { account: '1', amount: 3 }))
      .consume(Payments, { group: 'ledger', deps: { ledger } }, async ({ data, deps, send, message }) => {
        deps.ledger.lines.push(`${message.id} ${data.amount}`)
        await send(Account.commands.deposit(data.account, { amount: data.amount }))
      })
    await using t = await testApp(app)
    const { body } = await t.post('/payments').expect(200)
    await expect.poll(async () => (await t.app.find(Account, '1'))?.balance).toBe(3)
    expect((await t.app.resolve(ledger)).lines).toEqual([`${String(body)} 3`])
    expect(await (await t.app.messages).status()).toMatchObject([{ topic: 'payments', group: 'ledger' }])
  })

  it('leave with the transaction in which they were published, and not at all where that is rolled back', async () => {
    const seen: number[] = []
    const app = create(sqliteStorage({ path: ':memory:' }))
      .post(
        '/payments',
        { body: z.object({ amount: z.number() }) },
        transactional(async ({ body, publish, send }) => {
          await publish(Payments, { account: '1', amount: body.amount })
          return send(Account.commands.withdraw('1', body))
        }),
      )
      .consume(Payments, { group: 'seen' }, ({ data }) => void seen.push(data.amount))
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('1', { amount: 10 }))
    await t.post('/payments', { json: { amount: 20 } }).expect(409)
    await t.post('/payments', { json: { amount: 4 } }).expect(200)
    await expect.poll(() => seen).toEqual([4])
  })

  it('take effect on aggregates once, however often they are handled', async () => {
    let attempts = 0
    const app = create().consume(Payments, { group: 'ledger', retry: { attempts: 5, delay: 1 } }, async ({ data, send }) => {
      await send(Account.commands.deposit(data.account, { amount: data.amount }))
      if (++attempts < 3) throw new Error('not yet')
    })
    await using t = await testApp(app)
    await t.app.publish(Payments, { account: '1', amount: 3 })
    await expect.poll(() => attempts).toBe(3)
    expect(await t.app.load(Account, '1')).toEqual({ balance: 3 })
  })

  it('are made of events, with the log as the outbox', async () => {
    const seen: unknown[] = []
    const Deposits = topic('deposits', z.object({ amount: z.number() }))
    const app = create()
      .relay(Account.events.deposited, { to: Deposits })
      .relay([Account], {
        to: Payments,
        map: (e) => (e.type === 'account.withdrawn' ? { data: { account: e.stream, amount: e.data.amount }, key: e.stream } : undefined),
      })
      .consume(Deposits, { group: 'a' }, ({ data, message }) => void seen.push([data, message.key]))
      .consume(Payments, { group: 'a' }, ({ data }) => void seen.push(data))
    await using t = await testApp(app)
    await t.app.send(Account.commands.deposit('1', { amount: 5 }))
    await expect.poll(() => seen).toEqual([[{ amount: 5 }, 'account-1']])
    await t.app.send(Account.commands.withdraw('1', { amount: 2 }))
    await expect.poll(() => seen).toContainEqual({ account: 'account-1', amount: 2 })
  })

  it('go over the broker that the application is given, which stays open', async () => {
    const broker = memoryBroker()
    const seen: number[] = []
    await using consumer = await testApp(
      new App({ name: 'c', log: { level: 'silent' }, broker, storage: memoryStorage() }).consume(
        Payments,
        { group: 'c' },
        ({ data }) => void seen.push(data.amount),
      ),
    )
    await using publisher = await testApp(new App({ name: 'p', log: { level: 'silent' }, broker }))
    await publisher.app.publish(Payments, { account: '1', amount: 1 })
    await expect.poll(() => seen).toEqual([1])
    await publisher.stop()
    await expect(publisher.app.publish(Payments, { account: '1', amount: 1 })).rejects.toMatchObject({ code: 'TUTTI_APP_NOT_STARTED' })
    expect(await consumer.app.health()).toMatchObject({ status: 'pass' })
    await broker.close()
  })

  it('are refused where they do not fit', async () => {
    await using t = await testApp(create())
    // @ts-expect-error the amount is missing
    await expect(t.app.publish(Payments, { account: '1' })).rejects.toMatchObject({ code: 'TUTTI_MESSAGE_INVALID' })
    expect(() => create().use(Payments, topic('payments', z.string()))).toThrow(/are called "payments"/)
    await expect(new App({ log: { level: 'silent' }, broker: 'kafka://x' }).start()).rejects.toThrow(/The broker "kafka:…" is not known/)
  })
})
