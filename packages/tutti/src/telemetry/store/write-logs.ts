import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LogRecord } from '../../observe/index.ts'
import { levelRank } from './log-levels.ts'
import type { StoredLog } from './telemetry-store.ts'

/** Writes log lines. */
export class LogWriter {
  readonly #log: StatementSync

  constructor(database: DatabaseSync) {
    this.#log = database.prepare('insert into logs values (null, ?, ?, ?, ?, ?, ?)')
  }

  /** Gives the lines with the ids that they got. */
  write(records: readonly LogRecord[]): readonly StoredLog[] {
    return records.map((record) => this.#write(record))
  }

  #write(record: LogRecord): StoredLog {
    const { time, level, message, fields } = record
    const { lastInsertRowid } = this.#log.run(
      ...[time, levelRank(level), message, textOf(fields['component']), textOf(fields['traceId'])],
      JSON.stringify(fields),
    )
    return { ...record, id: Number(lastInsertRowid) }
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
