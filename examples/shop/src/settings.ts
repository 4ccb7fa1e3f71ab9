import { defineConfig, dependency } from 'tutti'
import * as z from 'zod'

const Settings = z.object({
  /** What administrators send as `x-api-key`: `SHOP_ADMIN_KEY` in the environment. In production there is no default. */
  adminKey: process.env['NODE_ENV'] === 'production' ? z.string().min(16) : z.string().default('demo'),
  mailFrom: z.email().default('orders@shop.example'),
  /** How many order events a client that reconnects can catch up on. */
  feedSize: z.int().positive().default(1000),
})

export const config = defineConfig(Settings, { prefix: 'SHOP_' })

export const settings = dependency('settings', ({ config }) => Settings.parse(config))
