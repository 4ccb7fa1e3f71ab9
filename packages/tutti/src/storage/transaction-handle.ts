declare const handle: unique symbol

/** A transaction as an option: what `storage.transaction` hands to its work. */
export interface TransactionHandle {
  readonly [handle]?: never
}
