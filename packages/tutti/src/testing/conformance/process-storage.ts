import { StorageError, type Storage } from '../../storage/index.ts'

/** A storage as one process sees it that can be stopped in its tracks, or killed. */
export interface ProcessStorage {
  readonly storage: Storage
  /** From now on every call waits. */
  freeze(): void
  /** What waited goes on. */
  thaw(): void
  /** From now on nothing is committed, and every call fails. */
  kill(): void
  /** The next transaction that commits fails nevertheless, as where the connection breaks before the server has answered. */
  loseAnswer(): void
}

/** What a process sees of a storage that it shares with others. */
export function processOf(shared: Storage): ProcessStorage {
  let gate = Promise.resolve()
  let open = (): void => undefined
  let killed = false
  let losing = false
  const pass = async <T>(work: () => Promise<T>): Promise<T> => {
    // What has a transaction open ends it first: on a server it would be ended from there.
    if (shared.running === undefined) await gate
    if (killed) throw new Error('The process was killed.')
    return work()
  }
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(from, name) {
        const member: unknown = Reflect.get(from, name)
        if (typeof member !== 'function') return member
        if (name === 'onAppend' || name === 'read' || name === 'readAll') return member.bind(from)
        return (...given: unknown[]) => pass(() => Reflect.apply(member, from, given) as Promise<unknown>)
      },
    })
  const storage: Storage = {
    kind: shared.kind,
    capabilities: shared.capabilities,
    events: guarded(shared.events),
    state: guarded(shared.state),
    get sql() {
      return shared.sql
    },
    transaction: (work) =>
      pass(async () => {
        const answer = await shared.transaction(async (tx) => {
          const result = await work(tx)
          if (killed) throw new Error('The process was killed before it could commit.')
          return result
        })
        if (!losing) return answer
        losing = false
        throw new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'The answer was lost.', { status: 503, details: { outcome: 'unknown' } })
      }),
    get running() {
      return shared.running
    },
    migrate: (options) => shared.migrate(options),
    ping: () => pass(() => shared.ping()),
    close: () => shared.close(),
    [Symbol.asyncDispose]: () => shared.close(),
  }
  return {
    storage,
    freeze: () => {
      gate = new Promise((resolve) => (open = resolve))
    },
    thaw: () => open(),
    kill: () => {
      killed = true
    },
    loseAnswer: () => {
      losing = true
    },
  }
}
