import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import * as z from 'zod'
import { aggregate } from '../../src/events/public.ts'
import { event } from '../../src/message/index.ts'
import { projection, type Projection, type ProjectionOptions } from '../../src/projections/public.ts'
import { sqliteStorage, type Storage } from '../../src/storage/index.ts'

/** Accounts to which amounts are paid. */
export const Account = aggregate('account', {
  events: {
    opened: event(z.object({ customer: z.string() })),
    paid: event(z.object({ amount: z.number() })),
  },
  commands: {},
  initial: () => ({ total: 0 }),
})
  .evolve({
    opened: (state) => state,
    paid: (state, { amount }) => ({ total: state.total + amount }),
  })
  .decide({})

/** Pays an amount into an account; resolves with the position. */
export async function pay(storage: Storage, account: string, amount: number): Promise<number> {
  return (await storage.events.append(`account-${account}`, [Account.events.paid({ amount })])).position
}

/** What each account should hold: a fold over the log. */
export async function totals(storage: Storage): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for await (const { stream, data } of storage.events.readAll({ types: ['account.paid'] })) {
    sums[stream] = (sums[stream] ?? 0) + (data as { amount: number }).amount
  }
  return sums
}

/** What the documents of a build hold. */
export async function documentsOf(storage: Storage, build: string): Promise<Record<string, unknown>> {
  const documents = await storage.state.list(`${build}/`, { limit: 100_000 })
  return Object.fromEntries(documents.map(({ key, value }) => [key.slice(build.length + 1), value]))
}

/** Waits until a condition holds. */
export function until(condition: () => unknown): Promise<void> {
  return vi.waitUntil(async () => Boolean(await condition()), { timeout: 30_000, interval: 2 }).then(() => undefined)
}

/** A SQLite storage, gone when the test has ended. */
export async function openSqlite(): Promise<Storage> {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-projections-'))
  const storage = sqliteStorage({ path: join(folder, 'test.db') })
  onTestFinished(async () => {
    await storage.close()
    rmSync(folder, { recursive: true })
  })
  await storage.migrate()
  return storage
}

/** The sum of each account as a document. */
export function sums(options: Partial<ProjectionOptions<typeof Account>> = {}, name = 'sums'): Projection {
  return projection(
    name,
    { from: [Account], ...options },
    {
      'account.paid': async (event, { documents }) => {
        documents.put(event.stream, ((await documents.get<number>(event.stream)) ?? 0) + event.data.amount)
      },
    },
  )
}
