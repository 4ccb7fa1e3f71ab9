import { defineConfig, dependency } from 'tutti'
import * as z from 'zod'

const Settings = z.object({
  /** What administrators send as `x-api-key`: `SHOP_ADMIN_KEY` in the environment. In production there is no default. */
  adminKey: process.env['NODE_ENV'] === 'production' ? z.string().min(16) : z.string().default('demo'),
  mailFrom: z.email().default('orders@shop.example'),
  /** The folder with the pictures of products. */
  pictures: z.string().default('.tutti/pictures'),
})

export const config = defineConfig(Settings, { prefix: 'SHOP_' })

export const settings = dependency('settings', ({ config }) => Settings.parse(config))

/** Where everything else is kept, such as `postgres://…`: `STORAGE` in the environment, else what Tutti takes, the file `.tutti/shop.db`. */
export const storage = process.env['STORAGE']
