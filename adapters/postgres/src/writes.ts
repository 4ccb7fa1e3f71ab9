import type { AppendWrite, ClaimWrite, ForgetKeysWrite, RenewWrite, StreamWrite, Unit, UnitResult, Write, WriteResult } from 'tutti/storage'
import { batchArguments, isBatchWrite, numbers, texts, type BatchWrite } from './batch-arguments.ts'
import { batchResults, conflictReasons } from './batch-results.ts'
import { documentOf } from './rows.ts'
import type { Ask } from './reads.ts'
import type { SharedSegment } from './segments.ts'

/** A unit that `write_batch` does as a whole. */
export interface BatchUnit extends Unit {
  readonly writes: readonly BatchWrite[]
}

const placeholders = Array.from({ length: 31 }, (_, i) => `$${i + 1}`).join(', ')

// Whoever finds its rows locked for long waits elsewhere. The batch needs what this gives, and so comes after it.
const lockTimeout = `set_config('lock_timeout', '50', true)`

/** Whether `write_batch` does the whole unit. */
export function isBatchUnit(unit: Unit): unit is BatchUnit {
  return unit.writes.every(isBatchWrite)
}

/** Writes units, and does claims and renewals behind them: one statement, one transaction. */
export async function writeShared(schema: string, { batch, claims }: SharedSegment, ask: Ask): Promise<[number, UnitResult][]> {
  const [unit] = batch.units
  if (unit !== undefined && batch.units.length === 1 && claims.length === 0) {
    const [write] = unit.writes
    if (unit.writes.length === 1 && write?.kind === 'append') return [[batch.at[0] as number, await appendOne(schema, write, ask)]]
  }
  const values: unknown[] = batch.units.length > 0 ? batchArguments(batch.units) : []
  const calls = claims.map(({ write }) => {
    const given = claimArguments(write)
    return `${schema}.${write.kind}(${given.map((value) => `$${values.push(value)}`).join(', ')})`
  })
  const columns = [...(batch.units.length > 0 ? ['b.*'] : []), ...calls].join(', ')
  const source = batch.units.length > 0 ? ` from ${lockTimeout} l(set), ${schema}.write_batch(l.set is not null, ${placeholders}) b` : ''
  const [row = []] = await ask(`select ${columns}${source}`, values)
  const results: [number, UnitResult][] = []
  const width = batch.units.length > 0 ? 7 : 0
  for (const [i, result] of batchResults(batch.units, row.slice(0, width)).entries()) results.push([batch.at[i] as number, result])
  for (const [i, { at, write }] of claims.entries()) results.push([at, { ok: true, results: [claimResult(write, row[width + i] ?? '[]')] }])
  return results
}

async function appendOne(schema: string, write: AppendWrite, ask: Ask): Promise<UnitResult> {
  const { stream, expected, key, tenant, time, events } = write
  const [row] = await ask(`select * from ${schema}.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, [
    stream,
    expected,
    key ?? null,
    tenant ?? null,
    time,
    texts(events.map(({ id }) => id)),
    texts(events.map(({ type }) => type)),
    numbers(events.map(({ version }) => version)),
    texts(events.map(({ data }) => data)),
    texts(events.map(({ meta }) => meta)),
  ])
  const [reason, actual, version, position, duplicate] = row ?? []
  const failed = conflictReasons[Number(reason) - 1]
  if (failed !== undefined) return { ok: false, conflict: { write: 0, reason: failed, actual: Number(actual) } }
  return { ok: true, results: [{ kind: 'append', version: Number(version), position: Number(position), duplicate: duplicate === 't' }] }
}

/**
 * Writes a unit within a transaction; gives nothing, and does nothing, where a partition has to be made first. `floor` tells whether the
 * transaction still has to say from where on its positions may lie.
 */
export async function writeInTransaction(
  { schema, floor }: { readonly schema: string; readonly floor: boolean },
  unit: BatchUnit,
  ask: Ask,
): Promise<UnitResult | undefined> {
  const [row] = await ask(`select * from ${schema}.write_in_transaction(${String(floor)}, ${placeholders})`, batchArguments([unit]))
  return row === undefined || row[0] === null ? undefined : batchResults([unit], row)[0]
}

/** How many positions units need. */
export function positionsOf(units: readonly Unit[]): number {
  let count = 0
  for (const { writes } of units) for (const write of writes) if (write.kind === 'append') count += write.events.length
  return count
}

/** Does a write that has a statement of its own. */
export async function writeOther(schema: string, write: Exclude<Write, BatchWrite>, ask: Ask): Promise<WriteResult> {
  switch (write.kind) {
    case 'claim':
    case 'renew':
      return claimOrRenew(schema, write, ask)
    case 'forget-keys':
      return forgetKeys(schema, write, ask)
    default:
      return changeStream(schema, write, ask)
  }
}

function claimArguments(write: ClaimWrite | RenewWrite): readonly unknown[] {
  if (write.kind === 'claim') return [write.collection, write.status ?? null, write.owner, write.now, write.until, write.limit]
  return [write.claims.map(({ key }) => key), write.claims.map(({ epoch }) => epoch), write.owner, write.until]
}

function claimResult(write: ClaimWrite | RenewWrite, json: string): WriteResult {
  if (write.kind === 'renew') return { kind: 'renew', keys: JSON.parse(json) as string[] }
  return { kind: 'claim', documents: (JSON.parse(json) as (string | number | null)[][]).map(documentOf) }
}

async function claimOrRenew(schema: string, write: ClaimWrite | RenewWrite, ask: Ask): Promise<WriteResult> {
  const values = claimArguments(write)
  const [row] = await ask(`select ${schema}.${write.kind}(${values.map((_, i) => `$${i + 1}`).join(', ')})`, values)
  return claimResult(write, row?.[0] ?? '[]')
}

async function forgetKeys(schema: string, { before }: ForgetKeysWrite, ask: Ask): Promise<WriteResult> {
  const [row] = await ask(`select ${schema}.forget_keys($1)`, [before])
  return { kind: 'forget-keys', count: Number(row?.[0]) }
}

async function changeStream(schema: string, { kind, stream, before }: StreamWrite, ask: Ask): Promise<WriteResult> {
  await ask(`select ${schema}.change_stream($1, $2, $3)`, [kind, stream, before])
  return { kind: 'stream' }
}
