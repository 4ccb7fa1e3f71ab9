import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

const Quantity = z.int().positive()
const OfOrder = z.object({ order: z.uuid() })
const Reservation = OfOrder.extend({ quantity: Quantity })

export const Delivery = z.object({ quantity: Quantity.max(1_000_000) }).meta({ id: 'Delivery' })

interface StockState {
  readonly onHand: number
  /** How many are kept for which order. */
  readonly reserved: Readonly<Record<string, number>>
}

/** How many of one product there are: reserved when they are ordered, dispatched when they leave. */
export const Stock = aggregate('stock', {
  events: { received: event(Delivery), reserved: event(Reservation), released: event(Reservation), dispatched: event(Reservation) },
  commands: { receive: Delivery, reserve: Reservation, release: OfOrder, dispatch: OfOrder },
  initial: (): StockState => ({ onHand: 0, reserved: {} }),
  // What sells well has many events: its state is saved now and then.
  snapshot: { every: 100 },
})
  .evolve({
    received: (stock, { quantity }) => ({ ...stock, onHand: stock.onHand + quantity }),
    reserved: (stock, { order, quantity }) => ({ ...stock, reserved: { ...stock.reserved, [order]: quantity } }),
    released: (stock, { order }) => ({ ...stock, reserved: without(stock.reserved, order) }),
    dispatched: (stock, { order, quantity }) => ({ onHand: stock.onHand - quantity, reserved: without(stock.reserved, order) }),
  })
  .decide({
    receive: (_, delivery, emit) => emit.received(delivery),
    reserve(stock, reservation, emit) {
      // Whoever asks again has it already.
      if (reservation.order in stock.reserved) return undefined
      const left = available(stock)
      if (reservation.quantity > left) return reject('OUT_OF_STOCK', { available: left })
      return emit.reserved(reservation)
    },
    release(stock, { order }, emit) {
      const quantity = stock.reserved[order]
      return quantity === undefined ? undefined : emit.released({ order, quantity })
    },
    dispatch(stock, { order }, emit) {
      const quantity = stock.reserved[order]
      return quantity === undefined ? reject('NOT_RESERVED') : emit.dispatched({ order, quantity })
    },
  })

/** How many can be ordered. */
export function available({ onHand, reserved }: StockState): number {
  return Object.values(reserved).reduce((left, quantity) => left - quantity, onHand)
}

function without(reserved: StockState['reserved'], order: string): StockState['reserved'] {
  const { [order]: _, ...rest } = reserved
  return rest
}
