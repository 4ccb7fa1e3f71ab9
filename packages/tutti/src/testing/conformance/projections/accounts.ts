import { aggregate, event } from '../../../events/index.ts'
import type { RecordedEvent } from '../../../message/index.ts'
import { projection, type Projection, type ProjectionContext, type ProjectionOptions } from '../../../projections/index.ts'
import type { Storage } from '../../../storage/index.ts'
import { passThrough } from '../pass-through.ts'
import type { CaseTools } from '../storage-case.ts'

interface Amount {
  readonly amount: number
}

/** The event of a payment. */
export type Paid = RecordedEvent<Amount>

/** What a handler of payments gets. */
export type OnPaid = (event: Paid, ctx: ProjectionContext) => unknown

/** Accounts into which amounts are paid, those of one case alone: whatever else the storage holds, its projections see only these. */
export class Accounts {
  readonly Account
  /** A name for projections, which becomes that of documents and dead letters. */
  readonly name: string
  readonly #storage: Storage

  constructor({ storage, name }: Pick<CaseTools, 'storage' | 'name'>) {
    const of = name('account').replace('-', '_')
    this.#storage = storage
    this.name = of
    this.Account = accountOf(of)
  }

  /** The full name of the event. */
  get paid(): string {
    return this.Account.events.paid.type
  }

  /** What the names of the accounts' streams begin with. */
  get prefix(): string {
    return `${this.name}-`
  }

  stream(account: string): string {
    return this.Account.stream(account)
  }

  /** Pays an amount into an account; resolves with the position. */
  async pay(account: string, amount: number): Promise<number> {
    return (await this.#storage.events.append(this.stream(account), [this.Account.events.paid({ amount })])).position
  }

  /** Appends an event that projections of payments have no use for; resolves with the position. */
  async open(account: string): Promise<number> {
    return (await this.#storage.events.append(this.stream(account), [this.Account.events.opened({ amount: 0 })])).position
  }

  /** What each account should hold: a fold over the log. */
  async totals(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {}
    for await (const { stream, data } of this.#storage.events.readAll({ types: [this.paid] })) {
      sums[stream] = (sums[stream] ?? 0) + (data as Amount).amount
    }
    return sums
  }

  /** What the documents of a version hold, as a process sees it. */
  async documents(version = 1, { state }: Storage = this.#storage): Promise<Record<string, unknown>> {
    const prefix = `${this.name}@${version}/`
    const documents = await state.list(prefix, { limit: 10_000 })
    return Object.fromEntries(documents.map(({ key, value }) => [key.slice(prefix.length), value]))
  }

  /** A projection of payments. */
  projection(handler: OnPaid, options: Partial<ProjectionOptions<typeof this.Account>> = {}, name: string = this.name): Projection {
    return projection(name, { from: [this.Account], ...options }, { [this.Account.events.paid.type]: handler })
  }

  /** The sum of each account as a document. */
  sums(options: Partial<ProjectionOptions<typeof this.Account>> = {}): Projection {
    return this.projection(addUp, options)
  }
}

/** Adds an amount to the document of its account. */
export const addUp: OnPaid = async ({ stream, data }, { documents }) => {
  documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount)
}

function accountOf(name: string) {
  return aggregate(name, {
    events: { opened: event(passThrough<Amount>()), paid: event(passThrough<Amount>()) },
    commands: {},
    initial: () => ({ total: 0 }),
  })
    .evolve({ opened: (state) => state, paid: (state, { amount }) => ({ total: state.total + amount }) })
    .decide({})
}
