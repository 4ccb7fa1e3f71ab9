import * as z from 'zod'
import { nonRetryable, workflow } from 'tutti/workflow'
import type { Transaction } from 'tutti/storage'
import type { PostgresStorage } from '../src/index.ts'

/** The tables on which runs have their effects: what was done, by the key of the step, and money that moves. */
export async function createEffects({ sql }: PostgresStorage): Promise<void> {
  await sql`create table effects (key text primary key, times integer not null)`
  await sql`create table accounts (name text primary key, coins bigint not null)`
  for (let i = 0; i < accounts; i++) await sql`insert into accounts values (${nameOf(i)}, 1000)`
}

/** How many accounts there are. */
export const accounts = 100

/** The accounts between which the run of a number moves a coin. */
export function accountsOf(n: number): { readonly from: string; readonly to: string } {
  return { from: nameOf(n), to: nameOf(n * 3 + 1) }
}

function nameOf(n: number): string {
  return `a${String(n % accounts).padStart(2, '0')}`
}

/** Changes accounts in the order of their names, so that nobody waits for each other in a circle. */
async function move({ sql }: Transaction, changes: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, coins] of Object.entries(changes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    await sql`update accounts set coins = coins + ${coins} where name = ${name}`
}

/** How the run of a number ends. */
export function endOf(n: number): 'completed' | 'compensated' {
  return n % 7 === 3 || n % 11 === 5 ? 'compensated' : 'completed'
}

/** Five steps with undos: some attempts fail, and some runs fail for good at their fourth or fifth step. */
export function moveWith(storage: PostgresStorage) {
  const { sql } = storage
  const effect = async (key: string): Promise<string> => {
    await sql`insert into effects values (${key}, 1) on conflict (key) do update set times = effects.times + 1`
    return key
  }
  const retry = { attempts: 1_000, delay: 20, maxDelay: 500 }
  const undo = { run: (_: unknown, { key }: { readonly key: string }) => effect(key), retry }
  return workflow('move', { input: z.object({ n: z.number() }), retry }, async (w, { n }) => {
    const { from, to } = accountsOf(n)
    await w.step(
      'reserve',
      async ({ key, attempt }) => {
        if (n % 5 === 1 && attempt === 1) throw new Error('The first attempt fails.')
        return effect(key)
      },
      { undo },
    )
    await w.tx('transfer', (tx) => move(tx, { [from]: -1, [to]: 1 }), {
      undo: {
        retry,
        // Once, however often it is called: the key is in the same transaction.
        run: (_, { key }) =>
          storage.transaction(async (tx) => {
            const [first] = await tx.sql`insert into effects values (${key}, 1) on conflict (key) do nothing returning key`
            if (first === undefined) return
            await move(tx, { [from]: 1, [to]: -1 })
          }),
      },
    })
    if (n % 3 === 0) await w.sleep(50)
    await w.all({
      label: () => w.step('print', ({ key }) => effect(key), { undo }),
      fee: () => w.step('compute', () => n * 2),
    })
    await w.step(
      'charge',
      async ({ key }) => {
        if (n % 7 === 3) throw nonRetryable(new Error('The card was declined.'))
        return effect(key)
      },
      { undo },
    )
    return w.step('ship', async ({ key }) => {
      if (n % 11 === 5) throw nonRetryable(new Error('There is no van.'))
      return effect(key)
    })
  })
}
