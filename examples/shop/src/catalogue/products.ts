import { dependency, httpError } from 'tutti'
import type { OrderItem, PricedItem } from '../orders/order.ts'
import type { NewProduct, Product, ProductFilter, ProductPage } from './product.ts'

const assortment: readonly NewProduct[] = [
  { id: 'earl-grey', name: 'Earl Grey', category: 'tea', price: 790, stock: 40 },
  { id: 'sencha', name: 'Sencha', category: 'tea', price: 1250, stock: 12 },
  { id: 'house-blend', name: 'House Blend', category: 'coffee', price: 980, stock: 25 },
  { id: 'mug', name: 'Mug', category: 'kitchen', price: 1490, stock: 5 },
]

/** The catalogue, in memory for now. */
export class Products {
  readonly #products = new Map<string, Product>(assortment.map((product) => [product.id, { ...product, version: 1 }]))

  get(id: string): Product {
    const product = this.#products.get(id)
    if (product === undefined) throw httpError(404, 'NO_SUCH_PRODUCT', `There is no product "${id}".`)
    return product
  }

  search({ q = '', category, maxPrice = Infinity, page, limit }: ProductFilter): ProductPage {
    const found = [...this.#products.values()].filter(
      (product) =>
        product.name.toLowerCase().includes(q.toLowerCase()) && (category?.includes(product.category) ?? true) && product.price <= maxPrice,
    )
    const items = found.slice((page - 1) * limit, page * limit)
    return { items, total: found.length, page, pages: Math.ceil(found.length / limit) }
  }

  create(product: NewProduct): Product {
    if (this.#products.has(product.id)) throw httpError(409, 'PRODUCT_EXISTS', `There is a product "${product.id}" already.`)
    return this.#store({ ...product, version: 1 })
  }

  update(id: string, change: Partial<NewProduct>): Product {
    const product = this.get(id)
    return this.#store({ ...product, ...change, id, version: product.version + 1 })
  }

  delete(id: string): void {
    this.#products.delete(this.get(id).id)
  }

  /** Takes from the stock what is ordered, all of it or nothing, and tells what it costs. */
  take(items: readonly OrderItem[]): PricedItem[] {
    const priced = items.map((item) => ({ ...item, price: this.get(item.product).price }))
    const short = items.find(({ product, quantity }) => this.get(product).stock < quantity)
    if (short !== undefined) throw httpError(409, 'OUT_OF_STOCK', `There are not ${short.quantity} of "${short.product}" left.`)
    this.#changeStock(items, -1)
    return priced
  }

  putBack(items: readonly OrderItem[]): void {
    this.#changeStock(items, 1)
  }

  #changeStock(items: readonly OrderItem[], sign: 1 | -1): void {
    for (const { product, quantity } of items) {
      const known = this.#products.get(product)
      if (known !== undefined) this.update(product, { stock: known.stock + sign * quantity })
    }
  }

  #store(product: Product): Product {
    this.#products.set(product.id, product)
    return product
  }
}

export const products = dependency('products', () => new Products())
