import type { OrderView } from '../src/orders/order-view.ts'
import type { Shop } from './shop.ts'

/** A server-sent event. */
interface Sent {
  readonly id: string
  readonly event: string
  readonly order: OrderView
}

/** The events of a customer's feed as they come, from behind one on; the feed is open when this resolves. */
export async function follow(
  shop: Shop,
  { customer, last }: { readonly customer: string; readonly last?: string | undefined },
): Promise<AsyncGenerator<Sent, void>> {
  const headers = { 'x-customer': customer, ...(last !== undefined && { 'last-event-id': last }) }
  const response = await shop.get('/orders/feed', { headers }).stream()
  return events(response.body as ReadableStream<Uint8Array>)
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Sent, void> {
  let text = ''
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s))) as Readonly<Record<string, string>>
      const { id = '', event = '', data } = fields
      if (data !== undefined) yield { id, event, order: JSON.parse(data) as OrderView }
    }
  }
}

/** The first of them; ends the feed. */
export async function take<T>(feed: AsyncGenerator<T, void>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const one of feed) if (taken.push(one) === count) break
  return taken
}
