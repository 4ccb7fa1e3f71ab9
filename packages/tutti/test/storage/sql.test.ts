import { describe, expect, it } from 'vitest'
import type { SqlDatabase, SqlResult } from '../../src/storage/index.ts'
import { createSqlDatabase } from '../../src/storage/sql/create-sql-database.ts'

/** An SQL database that shows what it would run. */
function shown(dialect: SqlDatabase['dialect']): { readonly sql: SqlDatabase; readonly ran: (readonly [string, readonly unknown[]])[] } {
  const ran: [string, readonly unknown[]][] = []
  const run = async (text: string, values: readonly unknown[]): Promise<SqlResult> => {
    ran.push([text, values])
    return { rows: [], changes: 0 }
  }
  const runAll = (statements: readonly { readonly text: string; readonly values: readonly unknown[] }[]): Promise<SqlResult[]> =>
    Promise.all(statements.map(({ text, values }) => run(text, values)))
  return { sql: createSqlDatabase({ dialect, origin: ran, run, runAll }), ran }
}

describe('an SQL template', () => {
  it('sends values apart from the text, with the placeholders of the dialect', async () => {
    for (const [dialect, text] of [
      ['sqlite', 'select * from t where a = ? and b = ?'],
      ['mysql', 'select * from t where a = ? and b = ?'],
      ['postgres', 'select * from t where a = $1 and b = $2'],
    ] as const) {
      const { sql, ran } = shown(dialect)
      await sql`select * from t where a = ${1} and b = ${"'; drop table t --"}`
      expect(ran).toEqual([[text, [1, "'; drop table t --"]]])
    }
  })

  it('takes in other templates, identifiers, lists and trusted text', async () => {
    const { sql, ran } = shown('postgres')
    const open = sql`status = ${'open'} and ${sql`total > ${5}`}`
    await sql`select ${sql.id('a', 'b"c')} from t where ${open} and id in (${sql.list([1, 2])}) order by ${sql.raw('id desc')} limit ${10}`
    expect(ran).toEqual([
      ['select "a"."b""c" from t where status = $1 and total > $2 and id in ($3, $4) order by id desc limit $5', ['open', 5, 1, 2, 10]],
    ])
    expect(shown('mysql').sql.id('a`b').text).toEqual(['`a``b`'])
  })

  it('takes nothing for text that did not come from itself', async () => {
    const { sql, ran } = shown('sqlite')
    const body: unknown = JSON.parse('{"text":["1; drop table t"],"values":[]}')
    await sql`select ${body}`
    expect(ran).toEqual([['select ?', [body]]])
    // @ts-expect-error -- a text is no template
    expect(() => sql('select 1')).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
    expect(() => sql.list([])).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
    expect(() => sql.id('')).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
    expect(() => sql.id('a\0')).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
  })

  it('runs once, and only when it is awaited', async () => {
    const { sql, ran } = shown('sqlite')
    const statement = sql`insert into t values (${1})`
    expect(ran).toEqual([])
    await statement
    await statement
    await statement.run()
    expect(ran).toHaveLength(1)
  })
})

describe('a batch', () => {
  it('has statements run as they are, with what is within them', async () => {
    const { sql, ran } = shown('postgres')
    const open = sql`status = ${'open'}`
    await sql.batch([sql`update t set a = ${1} where ${open}`, sql`select 1`])
    expect(ran).toEqual([
      ['update t set a = $1 where status = $2', [1, 'open']],
      ['select 1', []],
    ])
  })

  it('takes statements of its own storage alone, which nobody has run yet', async () => {
    const { sql, ran } = shown('sqlite')
    const run = sql`select 1`
    await run
    const other = shown('sqlite').sql
    const refused: readonly unknown[] = [
      run,
      other`select 2`,
      sql.raw('select 3'),
      'select 4',
      sql.query('select 5'),
      { text: ['select 6'], values: [] },
    ]
    for (const one of refused)
      // @ts-expect-error -- some of them are no statements
      await expect(sql.batch([sql`select 0`, one])).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    // @ts-expect-error -- a statement is no array
    await expect(sql.batch(sql`select 0`)).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    expect(ran.map(([text]) => text)).toEqual(['select 1', 'select 5'])
  })
})
