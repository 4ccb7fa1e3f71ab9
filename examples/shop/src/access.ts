import { hash, timingSafeEqual } from 'node:crypto'
import { dependency, httpError, type Guard, type HttpContext } from 'tutti'
import { CustomerId } from './customers/customer.ts'
import { settings } from './settings.ts'

/** Who is shopping. This example's own stand-in for authentication: it believes what `x-customer` says. */
export const customer = dependency('customer', { scope: 'request' }, ({ ctx }) => {
  const { success, data } = CustomerId.safeParse(ctx.headers['x-customer'] ?? 'guest')
  if (!success) throw httpError(400, 'NO_CUSTOMER', 'x-customer must be lower-case letters, digits and dashes.')
  return data
})

/** Lets administrators in. This example's own stand-in for authentication: one key for all of them, in `x-api-key`. */
export const admin: Guard = Object.assign(
  async (ctx: HttpContext) => {
    const { adminKey } = await ctx.resolve(settings)
    return sameText(String(ctx.headers['x-api-key'] ?? ''), adminKey)
  },
  { challenge: 'ApiKey', security: { apiKey: [] } },
)

/** Compares in constant time: how long it takes tells nothing about the key, its length included. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
