import { DeciderCommandHandler } from '@event-driven-io/emmett'
import { runCallers } from '../../harness/callers.ts'
import { decide, evolve, initialState, orderEvents, orderLife } from '../order.ts'

const handle = DeciderCommandHandler({ decide, evolve, initialState })

/** The tasks that are the same on each of Emmett's stores; `store` gives the one that was opened. */
export function emmettTasks(store) {
  return {
    /** Load, decide, append: each caller takes its orders through their lives. */
    commands: ({ name, ...plan }) =>
      runCallers(plan, (caller, call) => {
        const order = Math.floor(call / orderLife.length)
        return handle(store(), `order-${name}-${caller}-${order}`, orderLife[call % orderLife.length])
      }),
    /** Appends so many events at a time, each time to a new stream. */
    appends: ({ name, batch, ...plan }) => {
      const events = orderEvents(batch)
      return runCallers(plan, (caller, call) => {
        return store().appendToStream(`order-${name}-${caller}-${call}`, events, { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' })
      })
    },
  }
}
