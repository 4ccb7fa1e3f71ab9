import type { App } from 'tutti'
import { Stock } from '../inventory/stock.ts'
import { Product } from './product.ts'

const assortment = [
  { id: 'earl-grey', name: 'Earl Grey', category: 'tea', price: 790, stock: 40 },
  { id: 'sencha', name: 'Sencha', category: 'tea', price: 1250, stock: 12 },
  { id: 'house-blend', name: 'House Blend', category: 'coffee', price: 980, stock: 25 },
  { id: 'mug', name: 'Mug', category: 'kitchen', price: 1490, stock: 5 },
] as const

/** Something to sell from the first start on. The keys see to it that it is done once, however often and wherever the shop starts. */
export async function stockUp({ send }: Pick<App, 'send'>): Promise<void> {
  await Promise.all(
    assortment.map(async ({ id, stock, ...details }) => {
      await send(Product.commands.add(id, details, { key: 'assortment' }))
      await send(Stock.commands.receive(id, { quantity: stock }, { key: 'assortment' }))
    }),
  )
}
