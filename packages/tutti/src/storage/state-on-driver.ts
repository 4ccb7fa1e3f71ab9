import { milliseconds } from '../kernel/index.ts'
import { decode, encode, type TypeHints } from '../message/index.ts'
import { checkOptionalText, checkOptionalWhole, checkText, checkWhole, invalid } from './checks.ts'
import { resultsOf } from './conflicts.ts'
import type { DocumentRow, PutWrite, Unit, Write, WriteResult } from './driver.ts'
import type { Route, StoreParts } from './events-on-driver.ts'
import type { Document, PutOptions, StateStore } from './state-store.ts'

/** A state store on the reads and writes of a driver. */
export function stateOnDriver({ route, clock }: StoreParts): StateStore {
  return {
    async get<T>(key: string, options: Parameters<StateStore['get']>[1] = {}) {
      const [row] = await route(options.tx).reader.documents([checkKey(key)])
      return row && toDocument<T>(row)
    },
    async getMany<T>(keys: readonly string[], options: Parameters<StateStore['getMany']>[1] = {}) {
      const rows = keys.length === 0 ? [] : await route(options.tx).reader.documents(keys.map(checkKey))
      return rows.map((row) => row && toDocument<T>(row))
    },
    async put(key, value, options = {}) {
      const result = await write(route(options.tx), putWrite({ key, value, ...options }, clock.now()))
      return result.kind === 'put' ? result.version : 0
    },
    async write(changes, options = {}) {
      if (changes.length === 0) return
      const time = clock.now()
      const unit: Unit = { writes: changes.map((change) => (change.delete === true ? deleteWrite(change) : putWrite(change, time))) }
      resultsOf(unit, await route(options.tx).write(unit))
    },
    async delete(key, options = {}) {
      const result = await write(route(options.tx), deleteWrite({ key, ...options }))
      return result.kind === 'delete' && result.existed
    },
    async count(prefix) {
      const counts = await route(undefined).reader.count(checkPrefix(prefix))
      return Object.fromEntries(counts.map(({ status, count }) => [status, count]))
    },
    async list<T>(prefix: string, options: Parameters<StateStore['list']>[1] = {}) {
      checkPrefix(prefix)
      const { after, backwards = false, limit = 100 } = options
      if (options.dueBefore !== undefined && (after !== undefined || backwards))
        throw invalid(
          'options',
          { after, backwards, dueBefore: options.dueBefore },
          'no after or backwards with dueBefore: what is due is not in the order of keys',
        )
      const status = checkOptionalText('status', options.status, 100)
      const tenant = checkOptionalText('tenant', options.tenant)
      const dueBefore = checkOptionalWhole('time dueBefore', options.dueBefore)
      checkOptionalText('key', after, 500)
      checkWhole('limit', limit, 1)
      const rows = await route(options.tx).reader.list({ prefix, status, tenant, dueBefore, after, backwards, limit })
      return rows.map((row) => toDocument<T>(row))
    },
    async claim<T>(collection: string, { owner, lease, status, limit = 1, now }: Parameters<StateStore['claim']>[1]) {
      const result = await write(route(undefined), {
        kind: 'claim',
        collection: checkCollection(collection),
        status: checkOptionalText('status', status, 100),
        owner: checkText('owner', owner),
        now: checkWhole('time now', now),
        until: Math.ceil(now + milliseconds(lease)),
        limit: checkWhole('limit', limit, 1),
      })
      return result.kind === 'claim' ? result.documents.map((row) => toDocument<T>(row)) : []
    },
    async renew(claims, { owner, until }) {
      if (claims.length === 0) return []
      for (const { key, epoch } of claims) checkWhole(`epoch of ${checkKey(key)}`, epoch)
      const renewal = { owner: checkText('owner', owner), until: checkWhole('time until', until) }
      const result = await write(route(undefined), { kind: 'renew', claims, ...renewal })
      return result.kind === 'renew' ? result.keys : []
    },
  }
}

function putWrite(put: { readonly key: string; readonly value: unknown } & PutOptions, time: number): PutWrite {
  const { json, hints } = encode(put.value)
  const { release = false, claim } = put
  if (release && claim !== undefined)
    throw invalid('options release and claim', [release, claim], 'one of them: a write ends a claim or takes it')
  return {
    kind: 'put',
    key: checkKey(put.key),
    value: json,
    hints: hints && JSON.stringify(hints),
    ...checkPremise(put),
    status: checkOptionalText('status', put.status, 100),
    due: checkOptionalWhole('due time', put.due),
    tenant: checkOptionalText('tenant', put.tenant),
    release,
    claim: claim && { owner: checkText('owner', claim.owner), until: checkWhole('time until', claim.until) },
    time,
  }
}

function deleteWrite({ key, ...premise }: { readonly key: string } & Pick<PutOptions, 'ifVersion' | 'epoch'>): Write {
  return { kind: 'delete', key: checkKey(key), ...checkPremise(premise) }
}

async function write(target: Route, one: Write): Promise<WriteResult> {
  const unit: Unit = { writes: [one] }
  return resultsOf(unit, await target.write(unit))[0] as WriteResult
}

function toDocument<T>(row: DocumentRow): Document<T> {
  const { key, version, epoch, updatedAt } = row
  return {
    key,
    version,
    epoch,
    updatedAt,
    // Whoever reads a document says what it wrote.
    value: decode(row.value, row.hints === null ? undefined : (JSON.parse(row.hints) as TypeHints)) as T,
    status: row.status ?? undefined,
    due: row.due ?? undefined,
    tenant: row.tenant ?? undefined,
    owner: row.owner ?? undefined,
    leaseUntil: row.leaseUntil ?? undefined,
  }
}

function checkPremise({ ifVersion, epoch }: Pick<PutOptions, 'ifVersion' | 'epoch'>): Pick<PutWrite, 'ifVersion' | 'epoch'> {
  return { ifVersion: checkOptionalWhole('version ifVersion', ifVersion), epoch: checkOptionalWhole('epoch', epoch) }
}

function checkPrefix(prefix: string): string {
  if (typeof prefix === 'string' && /^[^/]+\//.test(prefix)) return checkText('prefix', prefix, 500)
  throw invalid('prefix', prefix, 'a collection with its slash, and maybe the beginning of an id, such as "runs/"')
}

function checkKey(key: string): string {
  if (typeof key === 'string' && /^[^/]+\/./.test(key)) return checkText('document key', key, 500)
  throw invalid('document key', key, 'a collection and an id, such as "runs/fulfil-o-1"')
}

function checkCollection(collection: string): string {
  if (typeof collection === 'string' && !collection.includes('/')) return checkText('collection', collection)
  throw invalid('collection', collection, 'its name without a slash, such as "runs"')
}
