import { AsyncLocalStorage } from 'node:async_hooks'
import type { SqlDatabase, SqlFragment, Storage, Transaction } from '../storage/index.ts'
import type { Build } from './build.ts'
import type { BuildContext } from './handler-context.ts'
import { BuildScope } from './projection-scope.ts'

/** Does `setup` and `teardown` of builds. */
export class BuildTables {
  readonly #storage: Storage
  /** Taken where no transaction is going on, so that what runs through it joins none. */
  readonly #outside = AsyncLocalStorage.snapshot()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** In one transaction; where the backend commits each definition of a table by itself, those that were made stay if a later one fails. */
  async define(build: Build, work: ((ctx: BuildContext) => unknown) | undefined): Promise<void> {
    if (work === undefined) return
    await this.#storage.transaction(async (tx) => {
      const scope = new BuildScope(tx, build)
      if (this.#storage.capabilities.transactionalDdl !== false) await work(scope)
      else await this.#outside(async () => void (await work(new OutsideScope(scope, this.#storage.sql))))
    })
  }
}

/** What `setup` and `teardown` get where statements that define tables would end the transaction: their own statements are not part of it. */
class OutsideScope implements BuildContext {
  readonly tx: Transaction
  readonly version: number
  readonly table: (name: string) => SqlFragment
  readonly sql: SqlDatabase

  constructor({ tx, version, table }: BuildScope, sql: SqlDatabase) {
    this.tx = tx
    this.version = version
    this.table = table
    this.sql = sql
  }
}
