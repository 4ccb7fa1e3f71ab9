import { StorageError, type DocumentChange, type Storage } from '../../src/storage/index.ts'

/** What becomes of a write; `commit` writes it. */
type Fault = (commit: () => Promise<unknown>) => Promise<unknown>

/** A storage whose next write of a kind, or next transaction, meets a fault. */
export interface FaultyStorage {
  readonly storage: Storage
  /** Does that to the next write in which there is a change like this. */
  write(like: (change: DocumentChange) => boolean, fault: Fault): void
  /** Does that to the next transaction. */
  transaction(fault: Fault): void
}

/** The storage has done it, and nobody hears of that. */
export const lost: Fault = async (commit) => {
  await commit()
  throw silence()
}

/** What a storage says that broke off before it could answer. */
export function silence(): StorageError {
  return new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'The answer was lost.', { status: 503, details: { outcome: 'unknown' } })
}

export function faultyStorage(shared: Storage): FaultyStorage {
  let forWrite: { readonly like: (change: DocumentChange) => boolean; readonly fault: Fault } | undefined
  let forTransaction: Fault | undefined
  const state: Storage['state'] = new Proxy(shared.state, {
    get(from, name) {
      const member: unknown = Reflect.get(from, name)
      if (typeof member !== 'function') return member
      return (...given: unknown[]): Promise<unknown> => {
        const call = (): Promise<unknown> => Reflect.apply(member, from, given) as Promise<unknown>
        const [changes] = given
        if (name !== 'write' || forWrite === undefined || !Array.isArray(changes) || !changes.some(forWrite.like)) return call()
        const { fault } = forWrite
        forWrite = undefined
        return fault(call)
      }
    },
  })
  const storage: Storage = new Proxy(shared, {
    get(from, name) {
      if (name === 'state') return state
      if (name === 'transaction')
        return (...given: Parameters<Storage['transaction']>) => {
          const fault = forTransaction
          forTransaction = undefined
          return fault === undefined ? shared.transaction(...given) : fault(() => shared.transaction(...given))
        }
      const member: unknown = Reflect.get(from, name, from)
      return typeof member === 'function' ? (member.bind(from) as unknown) : member
    },
  })
  return {
    storage,
    write: (like, fault) => {
      forWrite = { like, fault }
    },
    transaction: (fault) => {
      forTransaction = fault
    },
  }
}
