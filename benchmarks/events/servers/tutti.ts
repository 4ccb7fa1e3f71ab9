import { postgres } from '@tutti/postgres'
import { createRepository, type Repository } from 'tutti/events'
import { sqliteStorage, type Storage } from 'tutti/storage'
import { runCallers, type CallerPlan } from '../../harness/callers.ts'
import { offer } from '../../harness/offer.ts'
import { orderEvents, orderLife, type OrderStep } from '../order.ts'
import { timeReplay, type Replay } from '../replayed.ts'
import { buildOrderList } from '../tutti-order-list.ts'
import { Order } from '../tutti-order.ts'

let storage: Storage
let repository: Repository
let uncached: Repository

offer({
  async open({ url, path }: { readonly url?: string; readonly path?: string }) {
    storage = url === undefined ? sqliteStorage({ path: path ?? ':memory:' }) : postgres({ url })
    await storage.migrate()
    repository = createRepository(storage)
    uncached = createRepository(storage, { cache: false })
  },
  /** Load, decide, append: each caller takes its orders through their lives. */
  commands({ name, cache, ...plan }: CallerPlan & { readonly name: string; readonly cache: boolean }) {
    const orders = cache ? repository : uncached
    return runCallers(plan, async (caller, call) => {
      const id = `${name}-${caller}-${Math.floor(call / orderLife.length)}`
      const result = await orders.execute(commandOf(id, orderLife[call % orderLife.length] as OrderStep))
      if (!result.ok) throw new Error(`an order was rejected: ${result.code}`)
    })
  },
  /** Appends so many events at a time, each time to a new stream. */
  appends({ name, batch, ...plan }: CallerPlan & { readonly name: string; readonly batch: number }) {
    const events = orderEvents(batch)
    return runCallers(plan, (caller, call) => storage.events.append(`order-${name}-${caller}-${call}`, events, { expected: 'none' }))
  },
  /** Appends to one stream, or otherwise to streams of five events each. */
  async fill({ stream, count }: { readonly stream?: string; readonly count: number }) {
    const name = crypto.randomUUID().slice(0, 8)
    const size = stream === undefined ? orderLife.length : 500
    const events = orderEvents(size)
    const appendOn = async (next: () => number): Promise<void> => {
      for (let i = next(); i * size < count; i = next()) {
        await storage.events.append(stream ?? `order-${name}-${i}`, events.slice(0, count - i * size))
      }
    }
    let nth = 0
    await Promise.all(Array.from({ length: stream === undefined ? 512 : 1 }, () => appendOn(() => nth++)))
  },
  /** Reads from the beginning. */
  replay: ({ stream }: Replay) =>
    timeReplay(async (look) => {
      for await (const { data } of stream === undefined ? storage.events.readAll() : storage.events.read(stream)) look(data)
    }),
  buildOrderList: ({ name }: { readonly name: string }) => buildOrderList(storage, name),
  async count() {
    let count = 0
    for await (const _ of storage.events.readAll()) count++
    return count
  },
})

function commandOf(id: string, { command, data }: OrderStep): Parameters<Repository['execute']>[0] {
  if (command === 'place') return Order.commands.place(id, data)
  return command === 'add' ? Order.commands.add(id, data) : Order.commands.pay(id, data)
}
