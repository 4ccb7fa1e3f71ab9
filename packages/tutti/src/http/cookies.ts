import { milliseconds, OptionError, type Duration } from '../kernel/index.ts'

/** The attributes of a cookie (RFC 6265). */
export interface CookieOptions {
  /** @default '/' */
  readonly path?: string
  readonly domain?: string
  /** How long the client keeps it; without this and `expires`, until the browser closes. */
  readonly maxAge?: Duration
  readonly expires?: Date
  /** Hides the cookie from scripts. @default true */
  readonly httpOnly?: boolean
  /** Sends the cookie over https alone. @default true on https */
  readonly secure?: boolean
  /** @default 'lax' */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** Keeps a cookie of embedded pages apart for each embedding site. @default false */
  readonly partitioned?: boolean
  /** Signs the value with the application's `cookieKeys`; read it with `ctx.signedCookie`. @default false */
  readonly signed?: boolean
}

// RFC 6265 section 4.1.1: names are tokens; values have no spaces, quotes, commas, semicolons or backslashes.
const token = /^[\w!#$%&'*+.^`|~-]+$/
const plainValue = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/
const attributeValue = /^[\x20-\x3a\x3c-\x7e]*$/

/** The cookies of a `Cookie` header, decoded; where a name is repeated the first one counts. */
export function parseCookies(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null) as Record<string, string>
  if (header === undefined) return cookies
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    if (name === '' || name in cookies) continue
    cookies[name] = decode(unquote(pair.slice(equals + 1).trim()))
  }
  return cookies
}

/** The text of a `Set-Cookie` header. Throws `TUTTI_OPTION_INVALID` for names and attributes that would break out of it. */
export function serializeCookie(name: string, value: string, options: CookieOptions & { readonly keys?: readonly string[] } = {}): string {
  if (!token.test(name))
    throw new OptionError(`A cookie received the name ${JSON.stringify(name)}; wanted letters, digits and !#$%&'*+.^_\`|~-.`)
  const {
    path = '/',
    domain,
    maxAge,
    expires,
    httpOnly = true,
    secure = false,
    sameSite = 'lax',
    partitioned = false,
    signed = false,
  } = options
  for (const attribute of [path, domain]) {
    if (attribute !== undefined && !attributeValue.test(attribute))
      throw new OptionError(
        `The cookie ${name} received ${JSON.stringify(attribute)} as path or domain; wanted text without semicolons and control characters.`,
      )
  }
  const encoded = plainValue.test(value) && !value.includes('%') ? value : encodeURIComponent(value)
  let text = `${name}=${signed ? sign(name, encoded, options.keys ?? []) : encoded}; Path=${path}`
  if (domain !== undefined) text += `; Domain=${domain}`
  if (maxAge !== undefined) text += `; Max-Age=${Math.floor(milliseconds(maxAge) / 1000)}`
  if (expires !== undefined) text += `; Expires=${expires.toUTCString()}`
  if (httpOnly) text += '; HttpOnly'
  if (secure || sameSite === 'none' || partitioned) text += '; Secure'
  text += `; SameSite=${sameSite === 'lax' ? 'Lax' : sameSite === 'strict' ? 'Strict' : 'None'}`
  return partitioned ? `${text}; Partitioned` : text
}

/**
 * The value of a signed cookie as `parseCookies` gave it, or `undefined` where no key made its signature. The signature covers the name,
 * so that one cookie's value is no other's.
 */
export function unsignCookie(name: string, signed: string | undefined, keys: readonly string[]): string | undefined {
  if (signed === undefined) return undefined
  const dot = signed.lastIndexOf('.')
  if (dot < 0) return undefined
  const value = signed.slice(0, dot)
  const given = Buffer.from(signed.slice(dot + 1))
  // What was signed is the value as it stood in the header.
  const encoded = plainValue.test(value) && !value.includes('%') ? value : encodeURIComponent(value)
  const genuine = keys.some((key) => {
    const wanted = Buffer.from(signature(name, encoded, key))
    return wanted.length === given.length && process.getBuiltinModule('node:crypto').timingSafeEqual(wanted, given)
  })
  return genuine ? value : undefined
}

function sign(name: string, encoded: string, keys: readonly string[]): string {
  const key = keys[0]
  if (key === undefined)
    throw new OptionError(
      `The cookie ${name} is to be signed, and there is no key; give one with new App({ http: { cookieKeys: ['…'] } }).`,
    )
  return `${encoded}.${signature(name, encoded, key)}`
}

function signature(name: string, encoded: string, key: string): string {
  return process.getBuiltinModule('node:crypto').createHmac('sha256', key).update(`${name}=${encoded}`).digest('base64url')
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

function decode(value: string): string {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
