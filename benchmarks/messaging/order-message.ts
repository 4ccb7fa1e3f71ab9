/** What is told of an order: a message of some 150 bytes. */
export interface OrderMessage {
  readonly id: string
  readonly customer: string
  readonly city: string
  readonly items: number
  readonly total: number
  /** When it was published, in milliseconds since 1970, with fractions. */
  readonly sent: number
}

/** A message of the benchmark; its id tells it from all others. */
export function orderMessage(id: string): OrderMessage {
  return { id, customer: 'c-1842', city: 'Augsburg', items: 13, total: 69, sent: wallTime() }
}

/** The time, as precise as it can be compared between processes. */
export function wallTime(): number {
  return performance.timeOrigin + performance.now()
}
