import { bytes, milliseconds, OptionError } from '../../kernel/index.ts'
import { isSchema } from '../../schema/index.ts'
import type { WsHandlers, WsOptions } from './options.ts'

// Records over all keys, so that a new option that is not listed here does not compile.
const knownOptions: Readonly<Record<keyof WsOptions, true>> = {
  params: true,
  query: true,
  headers: true,
  cookies: true,
  deps: true,
  guard: true,
  use: true,
  timeout: true,
  version: true,
  constraints: true,
  summary: true,
  description: true,
  tags: true,
  hidden: true,
  message: true,
  send: true,
  format: true,
  data: true,
  onInvalid: true,
  protocols: true,
  origin: true,
  maxMessageSize: true,
  maxQueue: true,
  concurrency: true,
  maxBacklog: true,
  onBacklog: true,
  heartbeat: true,
  idleTimeout: true,
  compress: true,
  maxConnections: true,
}

const knownHandlers: Readonly<Record<keyof WsHandlers<unknown, unknown>, true>> = {
  open: true,
  message: true,
  bytes: true,
  close: true,
  error: true,
}

const choices = { format: ['json', 'text'], onInvalid: ['reply', 'close'], onBacklog: ['close', 'drop'] } as const

// RFC 6455 section 4.1: subprotocols are tokens of RFC 9110 section 5.6.2.
const token = /^[\w!#$%&'*+.^`|~-]+$/

/** Throws an `OptionError` for a WebSocket route that cannot be what its author meant. */
export function checkSocketRoute(path: string, options: unknown, handlers: unknown): asserts options is WsOptions {
  const name = `WS ${String(path)}`
  if (typeof path !== 'string' || !(path.startsWith('/') || path === '')) {
    throw new OptionError(`${name}: received the path ${JSON.stringify(path)}; wanted one that begins with "/", such as "/feed".`, {
      code: 'TUTTI_ROUTE_INVALID',
    })
  }
  checkKeys(name, options, { known: knownOptions, what: 'option' })
  checkKeys(name, handlers, { known: knownHandlers, what: 'handler' })
  for (const [key, handler] of Object.entries(handlers as object)) {
    if (handler !== undefined && typeof handler !== 'function') {
      throw new OptionError(`${name}: received ${typeof handler} as the handler ${key}; wanted a function.`, {
        code: 'TUTTI_ROUTE_INVALID',
      })
    }
  }
  checkValues(name, options as WsOptions)
}

function checkKeys(
  name: string,
  received: unknown,
  { known, what }: { readonly known: Readonly<Record<string, true>>; readonly what: string },
): void {
  if (typeof received !== 'object' || received === null) {
    throw new OptionError(`${name}: received ${String(received)} as ${what}s; wanted an object.`, { code: 'TUTTI_ROUTE_INVALID' })
  }
  for (const key of Object.keys(received)) {
    if (!Object.hasOwn(known, key)) {
      throw new OptionError(`${name}: the ${what} ${JSON.stringify(key)} does not exist; known are ${Object.keys(known).join(', ')}.`, {
        code: 'TUTTI_OPTION_UNKNOWN',
      })
    }
  }
}

function checkValues(name: string, options: WsOptions): void {
  for (const part of ['params', 'query', 'headers', 'cookies', 'message', 'send'] as const) {
    if (options[part] !== undefined && !isSchema(options[part])) {
      throw new OptionError(`${name}: ${part} is not a schema; wanted any Standard Schema, such as z.object({ … }).`, {
        code: 'TUTTI_ROUTE_INVALID',
      })
    }
  }
  for (const key of ['format', 'onInvalid', 'onBacklog'] as const) {
    const allowed: readonly string[] = choices[key]
    const value = options[key]
    if (value !== undefined && !allowed.includes(value)) throw invalid(name, key, { value, wanted: `one of ${allowed.join(', ')}` })
  }
  for (const key of ['maxQueue', 'concurrency', 'maxConnections'] as const) {
    const value = options[key]
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw invalid(name, key, { value, wanted: 'a whole number of 1 or more' })
  }
  for (const size of [options.maxMessageSize, options.maxBacklog]) if (size !== undefined) bytes(size)
  for (const time of [options.heartbeat, options.idleTimeout]) if (time !== undefined) milliseconds(time)
  checkLists(name, options)
}

function checkLists(name: string, { protocols, origin }: WsOptions): void {
  if (Array.isArray(protocols)) {
    const wrong: unknown = protocols.find((protocol) => typeof protocol !== 'string' || !token.test(protocol))
    if (wrong !== undefined) throw invalid(name, 'protocols', { value: wrong, wanted: "names of letters, digits and !#$%&'*+.^_`|~-" })
  }
  if (Array.isArray(origin)) {
    const wrong: unknown = origin.find((item) => !isOrigin(item))
    if (wrong !== undefined)
      throw invalid(name, 'origin', { value: wrong, wanted: 'origins such as "https://app.example", without a path' })
  } else if (origin !== undefined && typeof origin !== 'function' && origin !== 'same' && origin !== '*') {
    throw invalid(name, 'origin', { value: origin, wanted: '"same", "*", a list of origins or a function' })
  }
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value
}

function invalid(name: string, key: string, { value, wanted }: { readonly value: unknown; readonly wanted: string }): OptionError {
  return new OptionError(`${name}: the option ${key} received ${JSON.stringify(value)}; wanted ${wanted}.`)
}
