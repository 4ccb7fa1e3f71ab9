import { router } from 'tutti'
import * as z from 'zod'

export const thingRoutes = router('/thing', { tags: ['thing'] })

thingRoutes.get('/:id', { summary: 'Shows one' }, ({ params }) => ({ id: params.id }))

thingRoutes.post('/', { summary: 'Adds one', body: z.object({ name: z.string().min(1) }) }, ({ body }) => ({ added: body.name }))
