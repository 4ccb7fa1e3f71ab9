import { postgres } from '@tutti/postgres'
import { createRepository, type Repository } from 'tutti/events'
import { sqliteStorage, type Storage } from 'tutti/storage'
import { runCallers, type CallerPlan } from '../callers.ts'
import { offer } from '../offer.ts'
import { orderEvents, orderLife, type OrderStep } from '../order.ts'
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
