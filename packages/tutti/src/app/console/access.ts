import { forbidden, unauthenticated, type HttpContext, type Middleware } from '../../http/index.ts'
import type { Actor, Clock } from '../../kernel/index.ts'
import type { ConsoleOptions } from './console-options.ts'
import { Login } from './login.ts'

/** Lets in whom the options name; where they name nobody, only this machine. */
export function access(options: ConsoleOptions, clock: Clock): Middleware {
  const who = identify(options, clock)
  return async function access(ctx, next) {
    if (who === undefined) assertLocal(ctx)
    else {
      const actor = await who(ctx)
      if (actor === undefined) throw unauthenticated('The Console is for those alone whom the application lets in.')
      ctx.actor = actor
    }
    return next()
  }
}

function identify(
  { authenticate, users }: ConsoleOptions,
  clock: Clock,
): ((ctx: HttpContext) => Actor | undefined | Promise<Actor | undefined>) | undefined {
  if (authenticate !== undefined) return authenticate
  if (users === undefined) return undefined
  const login = new Login(users, clock)
  return (ctx) => login.authenticate(ctx)
}

const how =
  'Without authentication the Console answers this machine alone, at localhost; to open it to others, configure new App({ console: { users } }) or { authenticate }.'

function assertLocal(ctx: HttpContext): void {
  if (!isLoopback(ctx.source.socket.remoteAddress ?? '')) throw forbidden(`The request came from another machine. ${how}`)
  // A proxy on this machine may speak for others.
  if (forwardingHeaders.some((name) => ctx.headers[name] !== undefined)) throw forbidden(`The request came through a proxy. ${how}`)
  // Other sites can have their names lead here (DNS rebinding): the name that was asked for has to be this machine's as well.
  const host = ctx.headers.host ?? String(ctx.headers[':authority'] ?? '')
  if (!isLocalName(host)) throw forbidden(`The request asked for the host ${JSON.stringify(host)}. ${how}`)
}

const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(address)
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}
