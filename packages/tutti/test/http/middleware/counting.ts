import type { HttpContext } from 'tutti'

/** A handler that counts how often it is asked. */
export function counting(make: (ctx: HttpContext, count: number) => unknown = (_, count) => `#${count}`) {
  let count = 0
  return Object.assign((ctx: unknown) => make(ctx as HttpContext, ++count), { calls: () => count })
}
