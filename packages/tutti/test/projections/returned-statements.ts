import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createInline, createProjector, projection, type Projection, type ProjectionOptions } from '../../src/projections/public.ts'
import { sqliteStorage, type SqlDatabase, type Storage } from '../../src/storage/index.ts'
import { Account, totals, until } from './support.ts'

interface Sum extends Readonly<Record<string, unknown>> {
  readonly account: string
  readonly total: number
}

/** A table of a name that no other test uses, with the sum of each account, never below 0. */
function sumsTable() {
  const name = `sums_${randomBytes(5).toString('hex')}`
  const setup: ProjectionOptions<typeof Account>['setup'] = async ({ sql, table }) => {
    await sql`create table if not exists ${table(name)} (account varchar(100) primary key, total integer not null check (total >= 0))`
  }
  const rows = async ({ sql }: Pick<Storage, 'sql'>): Promise<Record<string, number>> => {
    const found = await sql<Sum>`select account, total from ${sql.id(`${name}_v1`)} order by account`
    return Object.fromEntries(found.map(({ account, total }) => [account, Number(total)]))
  }
  const drop = ({ sql }: Pick<Storage, 'sql'>): Promise<unknown> => sql`drop table if exists ${sql.id(`${name}_v1`)}`.run()
  return { name, setup, rows, drop }
}

type Table = ReturnType<typeof sumsTable>

/** Returns its statements, and reads what they wrote where the amount is odd. An amount of 13 throws. */
function sums({ name, setup }: Table, options: Partial<ProjectionOptions<typeof Account>> = {}): Projection {
  return projection(
    name,
    { from: [Account], setup, ...options },
    {
      'account.opened': ({ stream }, { sql, table }) => [
        sql`insert into ${table(name)} (account, total) values (${stream}, ${1})`,
        sql`update ${table(name)} set total = total - 1 where account = ${stream}`,
      ],
      'account.paid': ({ stream, data: { amount } }, { sql, table }) => {
        if (amount === 13) throw new Error('unlucky')
        const add = (sum: number) => sql`update ${table(name)} set total = total + ${sum} where account = ${stream}`
        return amount % 2 === 0 ? add(amount) : readAndWrite(sql, { add, amount, of: sql`${table(name)} where account = ${stream}` })
      },
    },
  )
}

async function readAndWrite(
  sql: SqlDatabase,
  { add, amount, of }: { readonly add: (sum: number) => PromiseLike<unknown>; readonly amount: number; readonly of: PromiseLike<unknown> },
): Promise<void> {
  const [row] = await sql<Sum>`select account, total from ${of}`
  if (row === undefined) throw new Error('What an earlier handler wrote is not there.')
  await add(amount)
}

async function append(storage: Storage, account: string, amounts: readonly number[]): Promise<number> {
  const events = [Account.events.opened({ customer: account }), ...amounts.map((amount) => Account.events.paid({ amount }))]
  return (await storage.events.append(`account-${account}`, events)).position
}

/** What a projection does with statements that its handlers return. */
export function returnedStatements(kind: string, open: () => Promise<Storage>): void {
  describe(`statements that handlers return, on ${kind}`, () => {
    it('run in the order of the events, also between handlers that read', async () => {
      await using storage = await open()
      const table = sumsTable()
      const definition = sums(table)
      await using projector = createProjector(storage, [definition])
      const names = Array.from({ length: 40 }, (_, i) => `${table.name}-${i}`)
      const last = await Promise.all(names.map((name, i) => append(storage, name, [2, 4, i + 20, 6, 8])))
      await projector.start()
      await projector.waitFor(definition, Math.max(...last), { timeout: '60s' })
      const wanted = Object.entries(await totals(storage)).filter(([account]) => account.includes(table.name))
      expect(wanted).toHaveLength(names.length)
      expect(await table.rows(storage)).toEqual(Object.fromEntries(wanted))
      await table.drop(storage)
    })

    it.each(['skip', 'park'] as const)('blame the event whose statement failed, not those behind it: %s', async (poison) => {
      await using storage = await open()
      const table = sumsTable()
      const definition = sums(table, { poison, retry: { attempts: 2, delay: 1 }, segments: 1 })
      await using projector = createProjector(storage, [definition])
      const [a, b, c] = ['a', 'b', 'c'].map((one) => `${table.name}-${one}`) as [string, string, string]
      await append(storage, a, [2, -10, 4])
      await append(storage, b, [3, 5])
      const last = await append(storage, c, [2, 13, 4])
      await projector.start()
      await projector.waitFor(definition, last, { timeout: '60s' })
      const behind = poison === 'skip' ? 4 : 0
      expect(await table.rows(storage)).toEqual({ [`account-${a}`]: 2 + behind, [`account-${b}`]: 8, [`account-${c}`]: 2 + behind })
      const letters = await projector.deadLetters(definition)
      expect(letters.map(({ stream, streamVersion, attempts }) => ({ stream, streamVersion, attempts }))).toEqual([
        { stream: `account-${a}`, streamVersion: 3, attempts: 2 },
        { stream: `account-${c}`, streamVersion: 3, attempts: 2 },
      ])
      expect(letters.map(({ error }) => error.message)).toEqual([expect.stringMatching(/check|constraint/i), 'unlucky'])
      // Mended: there is enough to take from.
      await storage.sql`update ${storage.sql.id(`${table.name}_v1`)} set total = total + 100 where account = ${`account-${a}`}`
      await projector.replay(definition, [letters[0]?.id ?? ''])
      await until(async () => (await projector.deadLetters(definition)).length === 1)
      expect((await table.rows(storage))[`account-${a}`]).toBe(96)
      await table.drop(storage)
    })

    it('fail the append of an inline projection with what the database says', async () => {
      await using storage = await open()
      const table = sumsTable()
      const inline = createInline(storage, [sums(table, { mode: 'inline' })])
      await inline.start()
      const stream = `account-${table.name}`
      const { opened, paid } = Account.events
      await inline.append(stream, [opened({ customer: 'a' }), paid({ amount: 2 }), paid({ amount: 3 }), paid({ amount: 4 })])
      expect(await table.rows(storage)).toEqual({ [stream]: 9 })
      const refused = inline.append(stream, [paid({ amount: 2 }), paid({ amount: -20 }), paid({ amount: 3 })])
      await expect(refused).rejects.toThrow(/check|constraint/i)
      expect((await storage.events.info(stream))?.version).toBe(4)
      expect(await table.rows(storage)).toEqual({ [stream]: 9 })
      await table.drop(storage)
    })

    it('are waited for one by one where they are another storage’s', async () => {
      await using storage = await open()
      await using other = sqliteStorage({ path: ':memory:' })
      await other.sql`create table seen (amount integer)`
      const name = `other-${randomBytes(5).toString('hex')}`
      const definition = projection(
        name,
        { from: [Account], retry: { attempts: 1 } },
        {
          'account.paid': ({ stream, data: { amount } }) => {
            if (!stream.endsWith(name)) return undefined
            const insert = other.sql`insert into seen values (${amount})`
            return amount % 2 === 0 ? insert : [insert, other.sql`update seen set amount = amount * 10 where amount = ${amount}`]
          },
        },
      )
      await using projector = createProjector(storage, [definition])
      const last = await append(storage, name, [1, 2, 3])
      await projector.start()
      await projector.waitFor(definition, last, { timeout: '60s' })
      expect(await other.sql`select amount from seen order by rowid`).toEqual([{ amount: 10 }, { amount: 2 }, { amount: 30 }])
    })
  })
}
