import { App, dependency, memoryProjection, projection, topic, transactional, workflow, type CommandResult } from 'tutti'
import type { DocumentView, MemoryView } from 'tutti/projections'
import type { RecordedEvent } from '../../src/message/index.ts'
import * as z from 'zod'
import { Account } from './account.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expectType<_T extends true>(): void {}

const total = memoryProjection('total', { from: [Account], initial: () => ({ sum: 0 }) }, {})
const balances = projection('balances', { from: [Account] }, {})
const mailer = dependency('mailer', () => ({ sent: 0 }))

const app = new App().use(Account, total, balances)

// Views have the type of what the projection holds.
expectType<Equal<ReturnType<typeof viewTotal>, MemoryView<{ sum: number }>>>()
expectType<Equal<ReturnType<typeof viewBalances>, DocumentView>>()
function viewTotal() {
  return app.view(total)
}
function viewBalances() {
  return app.view(balances)
}

// Events arrive with the type of their data, one or several.
app.on(Account.events.deposited, { name: 'one' }, (e) =>
  expectType<Equal<typeof e, RecordedEvent<{ amount: number }, 'account.deposited'>>>(),
)
app.on([Account], { name: 'all', deps: { mailer } }, (e, { deps }) => {
  expectType<Equal<typeof e.type, 'account.deposited' | 'account.withdrawn'>>()
  expectType<Equal<typeof deps.mailer.sent, number>>()
})
// @ts-expect-error a subscription needs the name under which its checkpoint is kept
app.on(Account.events.deposited, {}, () => {})
// @ts-expect-error only dependencies that are declared are there
app.on(Account.events.deposited, { name: 'none' }, (_, { deps }) => deps.mailer)

// A transactional handler sees what its route declares, and gives what it returns.
app.post(
  '/deposits/:id',
  { body: z.object({ amount: z.number() }) },
  transactional(async ({ body, params, send }) => {
    expectType<Equal<typeof body, { amount: number }>>()
    expectType<Equal<typeof params.id, string>>()
    const result = await send(Account.commands.withdraw(params.id, body))
    expectType<Equal<typeof result, CommandResult<'TOO_LITTLE'>>>()
    return result
  }),
)
app.get(
  '/deposits/:id',
  // @ts-expect-error a route's parameters are those of its path
  transactional(({ params }) => params.other),
)

// Schedules and consumers get the dependencies that they declare.
app.cron('nightly', '0 2 * * *', { deps: { mailer } }, ({ deps, scheduledAt }) => {
  expectType<Equal<typeof deps.mailer.sent, number>>()
  expectType<Equal<typeof scheduledAt, Date>>()
})
app.cron('often', { every: '5m', deps: { mailer } }, ({ deps }) => deps.mailer.sent)
// @ts-expect-error only dependencies that are declared are there
app.cron('plain', '* * * * *', ({ deps }) => deps.mailer)
const payments = topic('payments', z.object({ amount: z.number() }))
app.consume(payments, { group: 'g', deps: { mailer } }, ({ data, deps }) => {
  expectType<Equal<typeof data, { amount: number }>>()
  expectType<Equal<typeof deps.mailer.sent, number>>()
})
// @ts-expect-error what a relay makes of an event has to fit the topic
app.relay(Account.events.deposited, { to: payments, map: (e) => ({ data: { amount: e.type } }) })

// Runs have the types of their workflow.
const fulfil = workflow(
  'fulfil',
  { input: z.object({ total: z.number() }), signals: { approval: z.object({ ok: z.boolean() }) } },
  async (w, input) => ({ paid: input.total, ok: (await w.signal('approval')).ok }),
)
app.use(fulfil)
app.post('/fulfil', async ({ run }) => {
  const started = await run(fulfil, { total: 1 }, { id: 'f-1' })
  expectType<Equal<Awaited<ReturnType<typeof started.result>>, { paid: number; ok: boolean }>>()
  await started.signal('approval', { ok: true })
  // @ts-expect-error a signal has the data of its schema
  await started.signal('approval', { ok: 1 })
  // @ts-expect-error the input has the data of its schema
  await run(fulfil, { total: '1' })
})
