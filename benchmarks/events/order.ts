/** One thing that happens to an order: the command, and the event that comes of it. */
export type OrderStep =
  | { readonly command: 'place'; readonly event: 'order.placed'; readonly data: Placed }
  | { readonly command: 'add'; readonly event: 'order.added'; readonly data: Added }
  | { readonly command: 'pay'; readonly event: 'order.paid'; readonly data: Paid }

/** What has happened to an order. */
export type OrderEvent =
  | { readonly type: 'order.placed'; readonly data: Placed }
  | { readonly type: 'order.added'; readonly data: Added }
  | { readonly type: 'order.paid'; readonly data: Paid }

interface Placed {
  readonly customer: string
  readonly city: string
  readonly currency: string
}

interface Added {
  readonly sku: string
  readonly quantity: number
  readonly price: number
}

interface Paid {
  readonly amount: number
}

export interface OrderState {
  readonly status: 'none' | 'open' | 'paid'
  readonly items: number
  readonly total: number
}

/** The life of one order: each command is accepted, and makes one event. */
export const orderLife: readonly OrderStep[] = [
  { command: 'place', event: 'order.placed', data: { customer: 'c-1842', city: 'Augsburg', currency: 'EUR' } },
  { command: 'add', event: 'order.added', data: { sku: 'espresso-1kg', quantity: 2, price: 21 } },
  { command: 'add', event: 'order.added', data: { sku: 'filter-paper', quantity: 10, price: 1 } },
  { command: 'add', event: 'order.added', data: { sku: 'milk-jug', quantity: 1, price: 17 } },
  { command: 'pay', event: 'order.paid', data: { amount: 69 } },
]

export function initialState(): OrderState {
  return { status: 'none', items: 0, total: 0 }
}

export function decide({ command, event: type, data }: OrderStep, { status }: OrderState): OrderEvent {
  if (status !== (command === 'place' ? 'none' : 'open')) throw new Error(`an order that is ${status} was told to ${command}`)
  // The type belongs to the data, as the step says.
  return { type, data } as OrderEvent
}

export function evolve(state: OrderState, { type, data }: OrderEvent): OrderState {
  if (type === 'order.placed') return { ...state, status: 'open' }
  if (type === 'order.paid') return { ...state, status: 'paid' }
  return { status: state.status, items: state.items + data.quantity, total: state.total + data.quantity * data.price }
}

/** As many events as are asked for, in the order in which they happen to orders. */
export function orderEvents(count: number): OrderEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const { event, data } = orderLife[i % orderLife.length] as OrderStep
    return { type: event, data } as OrderEvent
  })
}
