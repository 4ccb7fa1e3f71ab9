import type { ClaimWrite, RenewWrite, StreamWrite, Write, WriteResult } from 'tutti/storage'
import type { Ask } from './lease.ts'
import { literal, literals } from './literals.ts'
import type { PlainWrite } from './plan.ts'
import { documentColumns, documentOf } from './rows.ts'
import type { Tables } from './tables.ts'

/** Does a write that has statements of its own, within a transaction. */
export async function writeOther(t: Tables, write: Exclude<Write, PlainWrite>, ask: Ask): Promise<WriteResult> {
  switch (write.kind) {
    case 'claim':
      return claim(t, write, ask)
    case 'renew':
      return renew(t, write, ask)
    case 'forget-keys': {
      const [result] = await ask([`delete from ${t.keys} where time < ${literal(write.before)}`])
      return { kind: 'forget-keys', count: result?.changes ?? 0 }
    }
    default:
      await changeStream(t, write, ask)
      return { kind: 'stream' }
  }
}

/** Rows that another claimer holds are passed over, so nobody waits and no two get the same. */
async function claim(t: Tables, { collection, status, owner, now, until, limit }: ClaimWrite, ask: Ask): Promise<WriteResult> {
  const filters = [
    `collection = ${literal(collection)}`,
    `due <= ${literal(now)}`,
    `(lease_until is null or lease_until <= ${literal(now)})`,
    ...(status === undefined ? [] : [`status = ${literal(status)}`]),
  ]
  const [found] = await ask([
    `select ${documentColumns} from ${t.documents} force index (documents_due) where ${filters.join(' and ')} order by due, doc_key limit ${limit} for update skip locked`,
  ])
  const documents = (found?.rows ?? []).map(documentOf)
  if (documents.length > 0)
    await ask([
      `update ${t.documents} force index (primary) set owner = ${literal(owner)}, lease_until = ${literal(until)}, epoch = epoch + 1 where doc_key in (${literals(documents.map(({ key }) => key))})`,
    ])
  return { kind: 'claim', documents: documents.map((row) => ({ ...row, owner, leaseUntil: until, epoch: row.epoch + 1 })) }
}

async function renew(t: Tables, { claims, owner, until }: RenewWrite, ask: Ask): Promise<WriteResult> {
  const epochs = new Map(claims.map(({ key, epoch }) => [key, epoch]))
  const keys = [...epochs.keys()].toSorted()
  const [found] = await ask([
    `select doc_key, epoch from ${t.documents} force index (primary) where doc_key in (${literals(keys)}) and owner = ${literal(owner)} order by doc_key for update`,
  ])
  const held = new Set((found?.rows ?? []).filter(([key, epoch]) => epochs.get(String(key)) === Number(epoch)).map(([key]) => String(key)))
  if (held.size > 0)
    await ask([`update ${t.documents} force index (primary) set lease_until = ${literal(until)} where doc_key in (${literals(held)})`])
  return { kind: 'renew', keys: [...new Set(claims.map(({ key }) => key))].filter((key) => held.has(key)) }
}

async function changeStream(t: Tables, { kind, stream, before }: StreamWrite, ask: Ask): Promise<void> {
  const name = literal(stream)
  switch (kind) {
    case 'truncate':
      await ask([
        `update ${t.streams} set first = greatest(first, least(${literal(before)}, version + 1)) where name = ${name} and version > 0`,
        `delete from ${t.events} where stream = ${name} and stream_version < ${literal(before)}`,
      ])
      return
    case 'tombstone':
      await ask([
        `update ${t.streams} set tombstoned = 1, first = version + 1 where name = ${name} and version > 0`,
        `delete from ${t.events} where stream = ${name}`,
      ])
      return
    default:
      await ask([`update ${t.streams} set archived = ${kind === 'archive' ? 1 : 0} where name = ${name} and version > 0`])
  }
}
