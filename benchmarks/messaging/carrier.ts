import { setTimeout as sleep } from 'node:timers/promises'
import { runCallers, type CallerPlan } from '../harness/callers.ts'
import type { Tasks } from '../harness/offer.ts'
import type { Percentiles } from '../harness/statistics.ts'
import { orderMessage, type OrderMessage } from './order-message.ts'
import { Tally } from './tally.ts'

/** What carries messages. */
export interface Carrier {
  /** Publishes messages in one go. */
  publish(messages: readonly OrderMessage[]): Promise<unknown>
  /** Has messages handled from now on, until it is called back. */
  consume(handle: (message: OrderMessage) => void): Promise<() => Promise<unknown>>
  /** How many messages wait. */
  waiting(): Promise<number>
}

/** The tasks that are the same for everything that carries messages; `carrier` gives the one that was opened. */
export function carrierTasks(carrier: () => Carrier): Tasks {
  let tally = new Tally()
  let end: () => Promise<unknown> = async () => undefined
  return {
    /** Publishes so many messages at a time. */
    publish: ({ name, batch, ...plan }: CallerPlan & { readonly name: string; readonly batch: number }) =>
      runCallers(plan, (caller, call) =>
        carrier().publish(Array.from({ length: batch }, (_, i) => orderMessage(`${name}-${caller}-${call}-${i}`))),
      ),
    /** Publishes messages that wait until they are consumed. */
    async fill({ count }: { readonly count: number }) {
      const name = crypto.randomUUID()
      for (let i = 0; i < count; i += 500)
        await carrier().publish(Array.from({ length: Math.min(500, count - i) }, (_, j) => orderMessage(`${name}-${i + j}`)))
    },
    /** Handles all that waits. Gives how long that took, in milliseconds. */
    async drain({ count }: { readonly count: number }): Promise<number> {
      tally = new Tally()
      const start = performance.now()
      end = await carrier().consume((message) => tally.add(message))
      await tally.reaches(count)
      // What is not noted as handled would come again.
      while ((await carrier().waiting()) > 0) await sleep(2)
      const time = performance.now() - start
      await end()
      tally.settle(count)
      return time
    },
    async listen() {
      tally = new Tally()
      end = await carrier().consume((message) => tally.add(message))
    },
    /** Publishes one message after the other, with pauses in between. */
    async send({ count, pause }: { readonly count: number; readonly pause: number }) {
      const name = crypto.randomUUID()
      for (let i = 0; i < count; i++) {
        await carrier().publish([orderMessage(`${name}-${i}`)])
        await sleep(pause)
      }
    },
    /** Ends listening when so many messages were handled. */
    async heard({ count }: { readonly count: number }): Promise<Percentiles> {
      await tally.reaches(count)
      await end()
      return tally.settle(count)
    },
    count: () => carrier().waiting(),
  }
}
