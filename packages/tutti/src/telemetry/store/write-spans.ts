import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SpanRecord } from '../../observe/index.ts'

/** Writes spans, and what lists of traces tell of them. */
export class SpanWriter {
  readonly #span: StatementSync
  readonly #trace: StatementSync
  readonly #link: StatementSync

  constructor(database: DatabaseSync) {
    this.#span = database.prepare('insert into spans values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#trace = database.prepare(`
      insert into traces values (?1, ?2, ?3, ?4, 1, ?5) on conflict (trace) do update set
        name = case when excluded.start < start then excluded.name else name end,
        start = min(start, excluded.start), finish = max(finish, excluded.finish), spans = spans + 1, errors = errors + excluded.errors`)
    this.#link = database.prepare('insert or ignore into links values (?, ?)')
  }

  write(spans: readonly SpanRecord[]): void {
    for (const span of spans) this.#write(span)
  }

  #write(span: SpanRecord): void {
    const { traceId, spanId, parentId = null, state = null, flags, name, kind, scope, start, duration, status, statusMessage = null } = span
    const { attributes, events, links } = span
    this.#span.run(
      ...[traceId, spanId, parentId, state, flags, name, kind, scope, start, duration, status, statusMessage],
      ...[attributes, events, links].map((part) => JSON.stringify(part)),
    )
    this.#trace.run(traceId, name, start, start + duration, status === 'error' ? 1 : 0)
    for (const link of links) if (link.traceId !== traceId) this.#link.run(link.traceId, traceId)
  }
}
