import { expect, it } from 'vitest'
import * as z from 'zod'
import { App, projection, topic, workflow } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock, testApp } from '../../src/testing/index.ts'
import { Account } from './account.ts'

const wait = { timeout: 30_000, interval: 20 }

const Payments = topic('payments', z.object({ amount: z.number() }))

it('dead letters of all kinds are looked at, replayed and forgotten in one place', { timeout: 120_000 }, async () => {
  let mended = false
  const handled: string[] = []
  const handle = (what: string): void => {
    if (!mended) throw new Error(`${what} fails`)
    handled.push(what)
  }
  const retry = { attempts: 2, delay: 1 }
  const flaky = workflow('flaky', { retry }, (w) => w.step('act', () => handle('run')))
  const app = new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage() })
    .use(Account, projection('list', { from: [Account], retry }, { 'account.deposited': () => handle('projection') }))
    .on(Account.events.deposited, { name: 'mail', retry }, () => handle('subscription'))
    .use(flaky)
    .consume(Payments, { group: 'billing', retry }, () => handle('message'))
  await using t = await testApp(app)
  await t.app.send(Account.commands.deposit('1', { amount: 1 }))
  await t.app.publish(Payments, { amount: 1 })
  await t.app.run(flaky, undefined, { id: 'kept' })
  await t.app.run(flaky, undefined, { id: 'dropped' })
  await expect.poll(() => t.app.deadLetters.list(), wait).toHaveLength(5)
  const letters = await t.app.deadLetters.list()
  expect(letters.map(({ kind, of }) => `${kind} ${of}`).toSorted()).toEqual([
    'message payments/billing',
    'projection list',
    'projection mail',
    'run flaky',
    'run flaky',
  ])
  expect(letters.find(({ of }) => of === 'list')).toMatchObject({
    subject: 'account.deposited',
    attempts: 2,
    error: { message: 'projection fails' },
  })
  expect(await t.app.deadLetters.purge('1h')).toBe(0)
  expect(await t.app.deadLetters.discard({ of: 'mail' })).toBe(1)
  expect(await t.app.deadLetters.discard({ kind: 'run', ids: ['dropped'] })).toBe(1)
  mended = true
  expect(await t.app.deadLetters.replay()).toBe(3)
  await expect.poll(() => handled.toSorted(), wait).toEqual(['message', 'projection', 'run'])
  await expect.poll(() => t.app.deadLetters.list(), wait).toEqual([])
})

it('dead letters of all kinds are forgotten by their age', { timeout: 120_000 }, async () => {
  const clock = fakeClock()
  const fail = (): never => {
    throw new Error('no')
  }
  const retry = { attempts: 1 }
  const flaky = workflow('flaky', { retry }, (w) => w.step('act', fail))
  const app = new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage(), clock })
    .use(Account, projection('list', { from: [Account], retry }, { 'account.deposited': fail }))
    .on(Account.events.deposited, { name: 'mail', retry }, fail)
    .use(flaky)
    .consume(Payments, { group: 'billing', retry }, fail)
  await using t = await testApp(app, { clock })
  const set = async (id: string): Promise<void> => {
    await t.app.send(Account.commands.deposit(id, { amount: 1 }))
    await t.app.publish(Payments, { amount: 1 }, { id })
    await t.app.run(flaky, undefined, { id })
  }
  const kinds = async (): Promise<string[]> => (await t.app.deadLetters.list()).map(({ kind }) => kind).toSorted()
  const four = ['message', 'projection', 'projection', 'run']
  await set('old')
  await expect.poll(kinds, wait).toEqual(four)
  await clock.advance('2m')
  await set('new')
  await expect.poll(kinds, wait).toEqual([...four, ...four].toSorted())
  expect(await t.app.deadLetters.purge('1m', { kind: 'message' })).toBe(1)
  expect(await t.app.deadLetters.purge('1m')).toBe(3)
  expect(await kinds()).toEqual(four)
  expect(await t.app.deadLetters.purge('1m')).toBe(0)
  await clock.advance('2m')
  expect(await t.app.deadLetters.purge('1m', { of: 'mail' })).toBe(1)
  expect(await t.app.deadLetters.purge('1m')).toBe(3)
  expect(await kinds()).toEqual([])
})
