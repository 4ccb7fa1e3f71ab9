/** The body of the POST route: an order as a shop would get it. */
export interface OrderInput {
  readonly customer: { readonly id: string; readonly name: string; readonly email: string }
  readonly address: { readonly street: string; readonly city: string; readonly zip: string; readonly country: string }
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly price: number }[]
  readonly currency: 'EUR' | 'USD' | 'GBP'
  readonly express: boolean
  readonly note?: string | undefined
}

/** What the POST route answers. */
export interface OrderReceipt {
  readonly id: string
  readonly customer: string
  readonly status: 'open' | 'rejected'
  readonly total: number
  readonly items: { readonly sku: string; readonly amount: number }[]
}

/** What the POST route does with an order that is as it should be; the same on every server. */
export function receive(order: OrderInput): OrderReceipt {
  const items = order.items.map(({ sku, quantity, price }) => ({ sku, amount: quantity * price }))
  return {
    id: 'o-1',
    customer: order.customer.id,
    status: 'open',
    total: items.reduce((sum, { amount }) => sum + amount, 0),
    items,
  }
}

/** What the param route answers. */
export function user(id: string): { id: string; name: string; active: boolean } {
  return { id, name: `User ${id}`, active: true }
}

/** The 100 resources of the route table; each has a list item and something below it, which makes 200 routes. */
export const resources: readonly string[] = Array.from({ length: 100 }, (_, i) => `resource-${i}`)

/** What a resource's first route answers. */
export function resource(name: string, id: string): { name: string; id: string } {
  return { name, id }
}

/** What a resource's second route answers. */
export function part(name: string, id: string, key: string): { name: string; id: string; key: string } {
  return { name, id, key }
}

/** One route, or table of routes, that every server has, with what it must answer. */
export interface BenchRoute {
  readonly name: string
  /** Requested in turn. */
  readonly paths: readonly string[]
  /** Sent by POST as JSON. */
  readonly body?: OrderInput
  /** What the path at an index is answered with. */
  readonly answer: (index: number) => unknown
}

const order: OrderInput = {
  customer: { id: 'c-4711', name: 'Clara Schumann', email: 'clara@example.org' },
  address: { street: 'Inselstrasse 18', city: 'Leipzig', zip: '04103', country: 'DE' },
  items: [
    { sku: 'piano-strings', quantity: 2, price: 4900 },
    { sku: 'music-stand', quantity: 1, price: 12_500 },
    { sku: 'metronome', quantity: 3, price: 3400 },
  ],
  currency: 'EUR',
  express: true,
  note: 'Please ring twice.',
}

export const routes: readonly BenchRoute[] = [
  { name: 'static JSON', paths: ['/'], answer: () => ({ hello: 'world' }) },
  { name: 'param JSON', paths: ['/users/42'], answer: () => user('42') },
  { name: 'validated POST', paths: ['/orders'], body: order, answer: () => receive(order) },
  {
    name: '200 routes',
    paths: resources.flatMap((name, i) => [`/api/${name}/${i}`, `/api/${name}/${i}/parts/p${i}`]),
    answer: (index) => {
      const i = Math.floor(index / 2)
      const name = `resource-${i}`
      return index % 2 === 0 ? resource(name, String(i)) : part(name, String(i), `p${i}`)
    },
  },
]

/** Bodies that every server must refuse with a 4xx. */
export const wrongBodies: readonly unknown[] = [
  { ...order, currency: 'XYZ' },
  { ...order, items: [{ sku: 'metronome', quantity: 0, price: 3400 }] },
  { ...order, customer: { id: 'c-1', name: 'Nobody' } },
]
