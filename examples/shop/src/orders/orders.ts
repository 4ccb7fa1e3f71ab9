import { dependency, httpError, newId } from 'tutti'
import { products, type Products } from '../catalogue/products.ts'
import type { NewOrder, Order } from './order.ts'

/** The orders, in memory for now. Customers see their own; those of others do not exist for them. */
class Orders {
  readonly #orders = new Map<string, Order>()
  readonly #products: Products

  constructor(products: Products) {
    this.#products = products
  }

  get(id: string, customer: string): Order {
    const order = this.#orders.get(id)
    if (order?.customer !== customer) throw httpError(404, 'NO_SUCH_ORDER', `There is no order "${id}".`)
    return order
  }

  list(customer: string): Order[] {
    return [...this.#orders.values()].filter((order) => order.customer === customer)
  }

  place(customer: string, { email, items }: NewOrder): Order {
    const priced = this.#products.take(items)
    const total = priced.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
    return this.#store({ id: newId(), customer, email, items: priced, total, status: 'open', placedAt: new Date().toISOString() })
  }

  pay(order: Order, amount: number): Order {
    assertOpen(order)
    if (amount !== order.total) throw httpError(409, 'WRONG_AMOUNT', `The order costs ${order.total}, not ${amount}.`)
    return this.#store({ ...order, status: 'paid' })
  }

  cancel(order: Order): Order {
    assertOpen(order)
    this.#products.putBack(order.items)
    return this.#store({ ...order, status: 'cancelled' })
  }

  #store(order: Order): Order {
    this.#orders.set(order.id, order)
    return order
  }
}

function assertOpen({ status }: Order): void {
  if (status !== 'open') throw httpError(409, 'ORDER_NOT_OPEN', `The order is ${status}.`)
}

export const orders = dependency('orders', { needs: { products } }, ({ needs }) => new Orders(needs.products))
