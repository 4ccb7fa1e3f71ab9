import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { SpanRecord } from '../../observe/index.ts'
import { Conditions, escapeLike } from './conditions.ts'
import { readLogsOf } from './read-logs.ts'
import { pageLimit } from './page-limit.ts'
import type { StoredTrace, TelemetryPage, TraceQuery, TraceSummary } from './telemetry-store.ts'

/** Spans of one trace that are told; more than a picture can show. */
const mostSpans = 5_000
const mostFollowers = 100

type Row = Record<string, SQLOutputValue>

/** The traces that fit, newest first. */
export function readTraces(database: DatabaseSync, query: TraceQuery): TelemetryPage<TraceSummary> {
  const limit = pageLimit(query.limit)
  const { text, status, min, name, ids, from, to, after } = query
  const where = new Conditions()
  if (text !== undefined && text !== '') {
    const like = `%${escapeLike(text)}%`
    where.add(
      `(trace = ? or name like ? escape '\\' or exists (select 1 from spans s where s.trace = traces.trace
        and (s.name like ? escape '\\' or s.attributes like ? escape '\\')))`,
      ...[text.toLowerCase(), like, like, like],
    )
  }
  if (status !== undefined) where.add(status === 'error' ? 'errors > 0' : 'errors = 0')
  if (min !== undefined) where.add('finish - start >= ?', min)
  if (name !== undefined) where.add('name = ?', name)
  if (ids !== undefined) where.add('trace in (select value from json_each(?))', JSON.stringify(ids))
  if (from !== undefined) where.add('start >= ?', from)
  if (to !== undefined) where.add('start < ?', to)
  if (after !== undefined) {
    const [start = '', trace = ''] = after.split('~')
    where.add('(start, trace) < (?, ?)', Number(start), trace)
  }
  const rows = database
    .prepare(`select * from traces ${where.sql} order by start desc, trace desc limit ?`)
    .all(...where.values, limit + 1)
    .map((row) => summary(row))
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? `${last.start}~${last.traceId}` : undefined }
}

/** A trace with its spans and what was logged in it. */
export function readTrace(database: DatabaseSync, traceId: string): StoredTrace | undefined {
  const spans = all(database, 'select * from spans where trace = ? order by start, id limit ?', traceId, mostSpans).map(spanOf)
  const logs = readLogsOf(database, traceId)
  if (spans.length === 0 && logs.length === 0) return undefined
  const followers = 'select t.* from links l join traces t on t.trace = l.trace where l.target = ? order by t.start limit ?'
  return { traceId, spans, logs, followedBy: all(database, followers, traceId, mostFollowers).map(summary) }
}

/** The latest spans, newest first. */
export function readRecentSpans(database: DatabaseSync, limit: number): readonly SpanRecord[] {
  return all(database, 'select * from spans order by id desc limit ?', limit).map(spanOf)
}

function all(database: DatabaseSync, sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
  return database.prepare(sql).all(...values)
}

function summary(row: Row): TraceSummary {
  const start = Number(row['start'])
  return {
    traceId: String(row['trace']),
    name: String(row['name']),
    start,
    duration: Number(row['finish']) - start,
    spans: Number(row['spans']),
    errors: Number(row['errors']),
  }
}

function spanOf(row: Row): SpanRecord {
  // What the store reads here it has written itself, from a record.
  const parsed = <Part extends 'attributes' | 'events' | 'links'>(part: Part): SpanRecord[Part] => JSON.parse(String(row[part]))
  return {
    traceId: String(row['trace']),
    spanId: String(row['span']),
    parentId: optional(row['parent']),
    state: optional(row['state']),
    flags: Number(row['flags']),
    name: String(row['name']),
    kind: String(row['kind']) as SpanRecord['kind'],
    scope: String(row['scope']),
    start: Number(row['start']),
    duration: Number(row['duration']),
    status: String(row['status']) as SpanRecord['status'],
    statusMessage: optional(row['message']),
    attributes: parsed('attributes'),
    events: parsed('events'),
    links: parsed('links'),
  }
}

function optional(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
