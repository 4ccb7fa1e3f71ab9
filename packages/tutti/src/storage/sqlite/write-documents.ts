import type { ClaimWrite, DeleteWrite, DocumentRow, PutWrite, RenewWrite, UnitResult } from '../driver.ts'
import type { Connection } from './connection.ts'
import { conflict, done } from './outcome.ts'
import { documentColumns } from './read-documents.ts'

interface Guarded {
  readonly version: number
  readonly epoch: number
}

export function putDocument(connection: Connection, write: PutWrite): UnitResult {
  const { key, value, release, claim, time } = write
  const [hints, status, due, tenant] = [write.hints ?? null, write.status ?? null, write.due ?? null, write.tenant ?? null]
  const before = guardedRow(connection, key)
  const refused = check(before, write)
  if (refused !== undefined) return refused
  const version = (before?.version ?? 0) + 1
  if (before === undefined) {
    connection.run(
      `insert into tutti_documents (key, value, hints, version, status, due, tenant, updated_at, owner, lease_until, epoch)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      key,
      value,
      hints,
      version,
      status,
      due,
      tenant,
      time,
      claim?.owner ?? null,
      claim?.until ?? null,
      claim === undefined ? 0 : 1,
    )
  } else {
    connection.run(
      `update tutti_documents set value = ?, hints = ?, version = ?, status = ?, due = ?, tenant = ?, updated_at = ?${
        release ? ', owner = null, lease_until = null' : claim ? ', owner = ?, lease_until = ?, epoch = epoch + 1' : ''
      } where key = ?`,
      value,
      hints,
      version,
      status,
      due,
      tenant,
      time,
      ...(claim ? [claim.owner, claim.until] : []),
      key,
    )
  }
  return done({ kind: 'put', version })
}

export function deleteDocument(connection: Connection, write: DeleteWrite): UnitResult {
  const refused = write.ifVersion === undefined && write.epoch === undefined ? undefined : check(guardedRow(connection, write.key), write)
  return refused ?? done({ kind: 'delete', existed: connection.run('delete from tutti_documents where key = ?', write.key) > 0 })
}

/** Takes the documents that have been due for longest. Those that are claimed already lie before them in the index, and are few. */
export function claim(connection: Connection, { collection, status, owner, now, until, limit }: ClaimWrite): UnitResult {
  const rows = connection.all<DocumentRow>(
    `select ${documentColumns} from tutti_documents indexed by tutti_documents_due
     where collection = ?1 and due <= ?2 and (lease_until is null or lease_until <= ?2) and (?3 is null or status = ?3)
     order by due, key limit ?4`,
    collection,
    now,
    status ?? null,
    limit,
  )
  const documents = rows.map((row): DocumentRow => {
    const claimed = { ...row, owner, leaseUntil: until, epoch: row.epoch + 1 }
    connection.run('update tutti_documents set owner = ?, lease_until = ?, epoch = ? where key = ?', owner, until, claimed.epoch, row.key)
    return claimed
  })
  return done({ kind: 'claim', documents })
}

export function renew(connection: Connection, { claims, owner, until }: RenewWrite): UnitResult {
  const held = claims.filter(
    ({ key, epoch }) =>
      connection.run('update tutti_documents set lease_until = ? where key = ? and owner = ? and epoch = ?', until, key, owner, epoch) > 0,
  )
  return done({ kind: 'renew', keys: held.map(({ key }) => key) })
}

function guardedRow(connection: Connection, key: string): Guarded | undefined {
  return connection.get<Guarded>('select version, epoch from tutti_documents where key = ?', key)
}

function check(before: Guarded | undefined, { ifVersion, epoch }: Pick<PutWrite, 'ifVersion' | 'epoch'>): UnitResult | undefined {
  if (epoch !== undefined && before?.epoch !== epoch) return conflict('epoch', before?.epoch ?? 0)
  if (ifVersion !== undefined && (before?.version ?? 0) !== ifVersion) return conflict('document', before?.version ?? 0)
  return undefined
}
