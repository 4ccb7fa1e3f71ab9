import { defineConfig } from 'tutti'
import * as z from 'zod'

const Config = z.object({
  /** `REPORT_TIME` in the environment or in `.env`: when the nightly report is made, as a cron text. */
  reportTime: z.string().default('0 2 * * *'),
})

export const config = defineConfig(Config)

declare module 'tutti' {
  interface Register {
    config: z.infer<typeof Config>
  }
}
