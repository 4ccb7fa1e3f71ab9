import * as z from 'zod'
import { topic } from 'tutti'

export const parcels = topic('parcels', z.object({ order: z.string() }))
