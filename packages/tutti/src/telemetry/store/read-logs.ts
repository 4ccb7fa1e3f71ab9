import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { LogRecord } from '../../observe/index.ts'
import { Conditions, escapeLike } from './conditions.ts'
import { levelOf, levelRank } from './log-levels.ts'
import { pageLimit } from './page-limit.ts'
import type { LogQuery, StoredLog, TelemetryPage } from './telemetry-store.ts'

/** Lines of one trace that are told. */
const mostOfTrace = 1_000

/** The log lines that fit, newest first. */
export function readLogs(database: DatabaseSync, query: LogQuery): TelemetryPage<StoredLog> {
  const limit = pageLimit(query.limit)
  const { level, text, component, traceId, from, to, after } = query
  const where = new Conditions()
  if (level !== undefined) where.add('level >= ?', levelRank(level))
  if (text !== undefined && text !== '') {
    const like = `%${escapeLike(text)}%`
    where.add(String.raw`(message like ? escape '\' or fields like ? escape '\')`, like, like)
  }
  if (component !== undefined) where.add('component = ?', component)
  if (traceId !== undefined) where.add('trace = ?', traceId)
  if (from !== undefined) where.add('time >= ?', from)
  if (to !== undefined) where.add('time < ?', to)
  if (after !== undefined) where.add('id < ?', Number(after))
  const rows = database.prepare(`select * from logs ${where.sql} order by id desc limit ?`).all(...where.values, limit + 1)
  const items = rows.slice(0, limit).map(logOf)
  return { items, next: rows.length > limit ? items.at(-1)?.id.toString() : undefined }
}

/** What was logged in a trace, oldest first. */
export function readLogsOf(database: DatabaseSync, traceId: string): readonly StoredLog[] {
  return database.prepare('select * from logs where trace = ? order by id limit ?').all(traceId, mostOfTrace).map(logOf)
}

function logOf(row: Record<string, SQLOutputValue>): StoredLog {
  // What the store reads here it has written itself, from a record.
  const fields: LogRecord['fields'] = JSON.parse(String(row['fields']))
  return { id: Number(row['id']), time: Number(row['time']), level: levelOf(row['level']), message: String(row['message']), fields }
}
