import type { DatabaseSync } from 'node:sqlite'

/** How much is kept. */
export interface Bounds {
  /** In milliseconds. */
  readonly maxAge: number
  /** In bytes. */
  readonly maxSize: number
}

/** What of the oldest is given up at once where there is too much. */
const share = 0.1
/** Rows that are deleted at a time, so that the application is not kept waiting. */
const atOnce = 1_000

/** Removes some of what is too old, and of the oldest of what is too much. Gives whether there is more to remove. */
export function prune(database: DatabaseSync, { maxAge, maxSize }: Bounds, now: number): boolean {
  const before = now - maxAge
  let more = removeBefore(database, { spans: before, logs: before, points: before })
  if (sizeOf(database) > maxSize) {
    // Each by an index: the smallest and the largest of one statement would read the whole table.
    const cut = (table: 'spans' | 'logs' | 'points', column: string, order = 'id'): number => {
      const value = (way: 'asc' | 'desc'): number =>
        Number(database.prepare(`select ${column} as value from ${table} order by ${order} ${way} limit 1`).get()?.['value'] ?? 0)
      const low = value('asc')
      return low + Math.max(1, (value('desc') - low) * share)
    }
    more = true
    removeBefore(database, { spans: cut('spans', 'start'), logs: cut('logs', 'time'), points: cut('points', 'time', 'time') })
  }
  database.exec('pragma incremental_vacuum(500)')
  return more
}

/** The bytes that are in use. */
export function sizeOf(database: DatabaseSync): number {
  const value = (pragma: string): number => Number(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})[0] ?? 0)
  return (value('page_count') - value('freelist_count')) * value('page_size')
}

interface Cuts {
  readonly spans: number
  readonly logs: number
  readonly points: number
}

/** Gives whether there is more to remove. */
function removeBefore(database: DatabaseSync, { spans, logs, points }: Cuts): boolean {
  const run = (sql: string, time: number): boolean => Number(database.prepare(sql).run(time).changes) >= atOnce
  database.exec('begin immediate')
  try {
    const more = [
      // Spans are written in the order of their ends, which is nearly that of their ids.
      run(`delete from spans where id in (select id from spans order by id limit ${atOnce}) and start < ?`, spans),
      run(`delete from traces where trace in (select trace from traces where start < ? order by start limit ${atOnce})`, spans),
      run(`delete from logs where id in (select id from logs order by id limit ${atOnce}) and time < ?`, logs),
      run(
        `delete from points where (series, time) in (select series, time from points where time < ? order by time limit ${atOnce})`,
        points,
      ),
    ]
    run('delete from samples where time < ?', points)
    database.exec('delete from series where not exists (select 1 from points where points.series = series.id)')
    database.exec('commit')
    return more.includes(true)
  } catch (error) {
    database.exec('rollback')
    throw error
  }
}
