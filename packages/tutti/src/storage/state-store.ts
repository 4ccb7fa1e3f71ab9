import type { Duration } from '../kernel/index.ts'
import type { TransactionHandle } from './transaction-handle.ts'

/** A versioned document. */
export interface Document<T = unknown> {
  /** `collection/id`, such as `runs/fulfil-o-1`. */
  readonly key: string
  readonly value: T
  /** 1 when it was created, one more with each write. */
  readonly version: number
  readonly status: string | undefined
  /** When it is to be looked at, in milliseconds since 1970. */
  readonly due: number | undefined
  readonly tenant: string | undefined
  /** Who has claimed it, and until when, in milliseconds since 1970. */
  readonly owner: string | undefined
  readonly leaseUntil: number | undefined
  /** How often it has been claimed: a write under an older epoch fails. */
  readonly epoch: number
  readonly updatedAt: number
}

/** How a document is written. */
export interface PutOptions {
  /** Writes only over this version; 0 creates only. Throws `TUTTI_DOCUMENT_CONFLICT` otherwise. @default whatever is there */
  readonly ifVersion?: number
  /** Writes only where the claim with this epoch still holds. Throws `TUTTI_LEASE_LOST` otherwise. @default no claim is needed */
  readonly epoch?: number
  /** @default none */
  readonly status?: string
  /** In milliseconds since 1970. @default none: never due */
  readonly due?: number
  readonly tenant?: string
  /** Ends the claim with this write. @default false: owner and lease stay */
  readonly release?: boolean
  /**
   * Takes the claim with this write, whoever holds it: the document gets the owner, the lease until then and a new epoch. Not together with
   * `release`. @default owner and lease stay
   */
  readonly claim?: { readonly owner: string; readonly until: number }
  readonly tx?: TransactionHandle
}

/** One of several writes that take effect together. */
export type DocumentChange =
  | (Omit<PutOptions, 'tx'> & { readonly key: string; readonly value: unknown; readonly delete?: false })
  | (Pick<PutOptions, 'ifVersion' | 'epoch'> & { readonly key: string; readonly delete: true })

/** Which documents are listed: of one collection, in the order of their keys. */
export interface ListOptions {
  readonly status?: string
  readonly tenant?: string
  /** Only those that are due by then, in milliseconds since 1970, and in the order of `due`. */
  readonly dueBefore?: number
  /** Behind this key in the order of the list; not together with `dueBefore`. */
  readonly after?: string
  /** From the last key to the first; not together with `dueBefore`. @default false */
  readonly backwards?: boolean
  /** @default 100 */
  readonly limit?: number
  readonly tx?: TransactionHandle
}

/** How due documents are claimed. */
export interface ClaimOptions {
  /** Who claims: unique among all processes. */
  readonly owner: string
  /** How long the claim holds unless it is renewed. */
  readonly lease: Duration
  readonly status?: string
  /** @default 1 */
  readonly limit?: number
  /** The time, in milliseconds since 1970. */
  readonly now: number
}

/** Versioned documents: everything that is not events, such as snapshots, checkpoints, runs, timers, schedules and leases. */
export interface StateStore {
  get<T = unknown>(key: string, options?: { readonly tx?: TransactionHandle }): Promise<Document<T> | undefined>
  getMany<T = unknown>(
    keys: readonly string[],
    options?: { readonly tx?: TransactionHandle },
  ): Promise<readonly (Document<T> | undefined)[]>
  /** Resolves with the new version. */
  put(key: string, value: unknown, options?: PutOptions): Promise<number>
  /** Puts and deletes several documents, all or none, in one round trip. Throws as `put` and `delete` do. */
  write(changes: readonly DocumentChange[], options?: { readonly tx?: TransactionHandle }): Promise<void>
  /** Resolves with whether it was there. */
  delete(key: string, options?: Pick<PutOptions, 'ifVersion' | 'epoch' | 'tx'>): Promise<boolean>
  /** `prefix` is a collection with its slash, and maybe the beginning of an id: `runs/` or `runs/fulfil-`. */
  list<T = unknown>(prefix: string, options?: ListOptions): Promise<readonly Document<T>[]>
  /** How many documents have which status, of those whose keys begin as in `list`; those without a status are left out. */
  count(prefix: string): Promise<Readonly<Record<string, number>>>
  /**
   * Takes documents of a collection that are due and not claimed (or whose lease is over): each gets the owner, the lease and a new
   * epoch. No two claimers get the same document.
   */
  claim<T = unknown>(collection: string, options: ClaimOptions): Promise<readonly Document<T>[]>
  /** Prolongs claims that still hold; resolves with the keys of those that do. */
  renew(
    claims: readonly { readonly key: string; readonly epoch: number }[],
    options: { readonly owner: string; readonly until: number },
  ): Promise<readonly string[]>
}
