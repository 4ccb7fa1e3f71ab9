import type { Storage, StorageCapabilities } from '../../storage/index.ts'
import { createCheck, type Check } from './check.ts'

/** One thing that every storage must do. Plain data: any test runner can run it. */
export interface StorageCase {
  /** The behaviour and what is wanted, such as `appends: …`. */
  readonly name: string
  /**
   * Rejects with an `AssertionError` where the storage does something else. It may close the storage. `open` gives the same data once more, as
   * another process has it. @default the same storage
   */
  run(storage: Storage, open?: OpenStorage): Promise<void>
  /** Why the case does not apply to a backend; `undefined` where it does. @default it applies */
  readonly skip?: (capabilities: StorageCapabilities) => string | undefined
}

/** Opens a storage; each call gives what a process of its own would have. */
export type OpenStorage = () => Promise<Storage> | Storage

/** What the body of a case works with. */
export interface CaseTools {
  readonly storage: Storage
  /** The same data as another process has it, closed when the case is over; the storage itself where processes cannot share it. */
  open(): Promise<Storage>
  readonly check: Check
  /** A name that no other case and no other run uses. */
  name(of: string): string
}

/** What a case does, with the reason for which a backend need not. */
export interface CaseBody {
  readonly skip?: StorageCase['skip']
  run(tools: CaseTools): Promise<void>
}

/** Cases about one behaviour, by what they want. */
export function casesOf(behaviour: string, bodies: Readonly<Record<string, CaseBody['run'] | CaseBody>>): readonly StorageCase[] {
  return Object.entries(bodies).map(([want, body]) => {
    const { run, skip } = typeof body === 'function' ? { run: body, skip: undefined } : body
    return {
      name: `${behaviour}: ${want}`,
      run: async (storage, open = () => storage) => {
        const id = randomName()
        await using others = new AsyncDisposableStack()
        const other = async (): Promise<Storage> => (storage.capabilities.shared ? others.use(await open()) : storage)
        await run({ storage, open: other, check: createCheck(), name: (of) => `${of}-${id}` })
      },
      ...(skip && { skip }),
    }
  })
}

/** The reason why a case about SQL does not apply. */
export function needsSql({ sql }: StorageCapabilities): string | undefined {
  return sql ? undefined : 'the storage has no SQL'
}

/** Calls `work` for 0, 1, … at the same time. */
export function together<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => work(i)))
}

/** Runs a case on a storage of its own, and resolves with the reason where the case does not apply to it. */
export async function runStorageCase(one: StorageCase, open: OpenStorage): Promise<string | undefined> {
  await using storage = await open()
  const reason = one.skip?.(storage.capabilities)
  if (reason === undefined) await one.run(storage, open)
  return reason
}

function randomName(): string {
  return Math.random().toString(36).slice(2, 12).padEnd(10, '0')
}
