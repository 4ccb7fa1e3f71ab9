import { ambientTracer, createMeter, leafSpan, type BoundHistogram, type Histogram } from '../../observe/index.ts'
import type { DriverStatement } from '../driver.ts'
import type { SqlDatabase } from '../sql-database.ts'
import { firstWord } from './first-word.ts'
import type { SqlDatabaseOptions } from './statement.ts'

const tracer = ambientTracer('tutti.storage')
const longestText = 4_096
/** Operations that are told apart; what else a statement may begin with must not fill the memory. */
const operations: ReadonlySet<string> = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'with',
  'merge',
  'create',
  'alter',
  'drop',
  'replace',
])
const systems: Readonly<Record<SqlDatabase['dialect'], string>> = { sqlite: 'sqlite', postgres: 'postgresql', mysql: 'mysql' }

let durations: Histogram | undefined
/** Bound by system and operation, for looking up labels costs more than counting. */
const bound = new Map<string, BoundHistogram>()

/** The same database, each of whose statements is a span and is counted. */
export function observedStatements(options: SqlDatabaseOptions): SqlDatabaseOptions {
  const { dialect, origin, run, runAll } = options
  return {
    dialect,
    origin,
    run: (text, values) => observed({ dialect, statements: [{ text, values }] }, () => run(text, values)),
    runAll: (statements) => observed({ dialect, statements }, () => runAll(statements)),
  }
}

interface Observed {
  readonly dialect: SqlDatabase['dialect']
  readonly statements: readonly DriverStatement[]
}

async function observed<T>(what: Observed, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await (tracer.enabled ? leafSpan(tracer, spanOf(what), work) : work())
  } finally {
    durationsOf(systems[what.dialect], operationOf(what)).record((performance.now() - start) / 1000)
  }
}

function spanOf(what: Observed) {
  const { dialect, statements } = what
  return {
    name: 'SQL',
    kind: 'client',
    describe: () => {
      const operation = operationOf(what)
      const text = statements.map((one) => withoutLiterals(one.text)).join(';\n')
      const table = statements.length === 1 ? tableIn(text) : undefined
      const summary = table === undefined ? operation : `${operation} ${table}`
      return {
        name: summary,
        attributes: {
          'db.system.name': systems[dialect],
          'db.operation.name': operation,
          'db.query.summary': summary,
          'db.query.text': text.slice(0, longestText),
          'db.collection.name': table,
          'db.operation.batch.size': statements.length > 1 ? statements.length : undefined,
        },
      }
    },
  } as const
}

function operationOf({ statements }: Observed): string {
  if (statements.length !== 1) return 'BATCH'
  const word = firstWord(statements[0]?.text ?? '')
  return operations.has(word) ? word.toUpperCase() : 'OTHER'
}

/** Values that stand in the text itself become question marks, as they may be anybody's data. */
function withoutLiterals(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'/g, '?').replaceAll(/(?<![\w$?.])\d+(?:\.\d+)?\b/g, '?')
}

function tableIn(text: string): string | undefined {
  return /\b(?:from|into|update|table(?:\s+if\s+(?:not\s+)?exists)?)\s+["`]?(\w{1,100})/i.exec(text)?.[1]
}

function durationsOf(system: string, operation: string): BoundHistogram {
  const key = `${system}/${operation}`
  const found = bound.get(key)
  if (found !== undefined) return found
  durations ??= createMeter('tutti.storage').histogram('db.client.operation.duration', {
    description: "How long the application's own statements took",
    unit: 's',
  })
  const histogram = durations.with({ 'db.system.name': system, 'db.operation.name': operation })
  bound.set(key, histogram)
  return histogram
}
