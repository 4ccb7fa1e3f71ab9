import { hasBody } from '../body/collect.ts'
import { services, type HttpContext } from '../context.ts'
import { rawHeader } from '../source.ts'

/** Requests that only the application itself answers right: parts of a body, conditions that must hold, protocols to change to. */
const bypassing = new Set(['range', 'if-match', 'if-unmodified-since', 'upgrade'])

/** Whether a request may be answered from what was kept for another one. */
export function isCacheable(ctx: HttpContext, shared: boolean): boolean {
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return false
  // Without a known actor whoever sends credentials may be anybody.
  const known = shared || ctx.actor !== undefined
  const { rawHeaders, socket } = ctx.source
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase()
    if (bypassing.has(name) || (!known && (name === 'authorization' || name === 'cookie'))) return false
  }
  return (known || socket.authorized !== true) && !hasBody(ctx.source)
}

/** Whose response it is: what one tenant or actor gets is never another's, nor its own with other claims, which a guard may look at. */
export function ownerOf({ tenant, actor }: HttpContext, shared: boolean): string {
  return JSON.stringify([tenant ?? null, shared || actor === undefined ? null : [actor.kind ?? null, actor.id, actor.claims ?? null]])
}

/** What is asked for. Everything that picks the route or the representation counts, whatever responses say they vary by. */
export function baseKey(ctx: HttpContext, vary: readonly string[]): string {
  const { constraints = {} } = ctx[services]
  const picked = Object.keys(constraints).map((name) => constraints[name]?.(ctx.source) ?? null)
  return JSON.stringify([
    ctx.protocol,
    ctx.host,
    ctx.path,
    ctx.queryString,
    headerValues(ctx, ['host', 'accept', 'accept-version', ...vary]),
    picked,
  ])
}

/** The values of request headers, each as one text however many lines it came in. */
export function headerValues(ctx: HttpContext, names: readonly string[]): readonly (string | null)[] {
  const { rawHeaders } = ctx.source
  return names.map((name) => {
    const first = rawHeader(rawHeaders, name)
    if (first === undefined) return null
    const all = rawHeaders.filter((_, i) => i % 2 === 1 && (rawHeaders[i - 1] as string).toLowerCase() === name)
    return all.length === 1 ? first : all.join(', ')
  })
}

/** The time that the ages of responses are measured in. */
export function cacheTime(ctx: HttpContext): number {
  return ctx[services].clock.monotonic()
}
