import { projection, query, type MessageContext } from 'tutti'
import * as z from 'zod'
import { availability, type Availability } from '../inventory/availability.ts'
import { pageOf, Paging } from '../paging.ts'
import { idOf } from '../stream-id.ts'
import { Product } from './product.ts'
import { ProductView } from './product-view.ts'

/** The read model for searching: a table of products, in SQL that SQLite, PostgreSQL and MySQL understand. */
export const catalogue = projection(
  'catalogue',
  {
    from: [Product],
    setup: ({ sql, table }) => sql`
      create table if not exists ${table('products')} (
        id varchar(60) primary key,
        name varchar(100) not null,
        lower_name varchar(100) not null,
        category varchar(40) not null,
        price integer not null
      )`,
  },
  {
    'product.added': (e, { sql, table }) => {
      const { name, category, price } = e.data
      return sql`
        insert into ${table('products')} (id, name, lower_name, category, price)
        values (${idOf(e)}, ${name}, ${name.toLowerCase()}, ${category}, ${price})`
    },
    'product.changed': (e, { sql, table }) => {
      const { name, category, price } = e.data
      return sql`
        update ${table('products')} set name = ${name}, lower_name = ${name.toLowerCase()}, category = ${category}, price = ${price}
        where id = ${idOf(e)}`
    },
    'product.removed': (e, { sql, table }) => sql`delete from ${table('products')} where id = ${idOf(e)}`,
  },
)

export const ProductFilter = z.object({
  q: z.string().max(100).default('').describe('Part of the name.'),
  category: z.array(z.string()).min(1).optional().describe('Any of these; repeat the key for several.'),
  maxPrice: z.coerce.number().int().positive().max(1_000_000_000).optional(),
  ...Paging.shape,
})

export const ProductPage = pageOf(ProductView).meta({ id: 'ProductPage' })

export const SearchCatalogue = query('catalogue.search', { input: ProductFilter, output: ProductPage })

/** Answers `SearchCatalogue`. */
export async function searchCatalogue({
  input,
  sql,
  view,
}: MessageContext<z.infer<typeof ProductFilter>>): Promise<z.infer<typeof ProductPage>> {
  const { q, category, maxPrice, page, limit } = input
  const matches = sql`
    lower_name like ${`%${q.toLowerCase().replaceAll(/[!%_]/g, '!$&')}%`} escape '!'
    and ${category === undefined ? sql`1 = 1` : sql`category in (${sql.list(category)})`}
    and ${maxPrice === undefined ? sql`1 = 1` : sql`price <= ${maxPrice}`}`
  const products = view(catalogue).table('products')
  const [counted] = await sql<{ total: number }>`select count(*) as total from ${products} where ${matches}`
  const found = await sql<Omit<ProductView, 'stock'>>`
    select id, name, category, price from ${products} where ${matches}
    order by lower_name, id limit ${limit} offset ${(page - 1) * limit}`
  const stocks = view(availability)
  const items = found.map(async (product) => {
    const { onHand, reserved } = (await stocks.get<Availability>(product.id)) ?? { onHand: 0, reserved: 0 }
    return { ...product, stock: onHand - reserved }
  })
  const total = Number(counted?.total)
  return { items: await Promise.all(items), total, page, pages: Math.ceil(total / limit) }
}
