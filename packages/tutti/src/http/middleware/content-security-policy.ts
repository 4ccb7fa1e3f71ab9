import { OptionError } from '../../kernel/index.ts'
import type { HttpContext } from '../context.ts'

/** Stands for a fresh nonce in a CSP source list; read the request's with `cspNonce(ctx)`. */
export const nonce: unique symbol = Symbol('csp nonce')

/** The directives of a Content Security Policy (CSP Level 3), by their names in camel case: `{ defaultSrc: ["'self'"], upgradeInsecureRequests: true }`. `false` leaves one out. */
export type CspDirectives = Readonly<Record<string, readonly (string | typeof nonce)[] | boolean>>

/** A policy for APIs, whose responses are no pages: nothing may be loaded, nothing may frame them. */
export const apiPolicy: CspDirectives = { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] }

const nonces = new WeakMap<HttpContext, string>()

/** The nonce of this request's content security policy, for the `nonce` attributes of scripts and styles. */
export function cspNonce(ctx: HttpContext): string {
  let value = nonces.get(ctx)
  if (value === undefined) {
    value = process.getBuiltinModule('node:crypto').randomBytes(16).toString('base64')
    nonces.set(ctx, value)
  }
  return value
}

/** Whether the nonce of this request has been asked for, so that what it answers is for it alone. */
export function hasCspNonce(ctx: HttpContext): boolean {
  return nonces.has(ctx)
}

const keyword =
  /^(?:none|self|unsafe-inline|unsafe-eval|unsafe-hashes|wasm-unsafe-eval|strict-dynamic|report-sample|inline-speculation-rules|nonce-.+|sha(?:256|384|512)-.+)$/i

/** Compiles a policy into its text for a request. Throws `TUTTI_OPTION_INVALID` for what browsers would read as something else. */
export function compilePolicy(directives: CspDirectives): (ctx: HttpContext) => string {
  let fresh = false
  // A control character: no source may contain one.
  const mark = '\u0001'
  const text = Object.entries(directives)
    .filter(([, value]) => value !== false)
    .map(([name, value]) => {
      const directive = kebab(name)
      if (!/^[a-z-]+$/.test(directive))
        throw new OptionError(`securityHeaders received the CSP directive ${JSON.stringify(name)}; wanted a name such as "scriptSrc".`)
      if (typeof value === 'boolean') return directive
      const sources = value.map((source) => {
        if (source !== nonce) return checkSource(source, value.length)
        fresh = true
        return `'nonce-${mark}'`
      })
      return [directive, ...sources].join(' ')
    })
    .join('; ')
  return fresh ? (ctx) => text.replaceAll(mark, cspNonce(ctx)) : () => text
}

function checkSource(source: string, count: number): string {
  if (!/^[\x21-\x7e]+$/.test(source) || /[;,]/.test(source)) {
    throw new OptionError(
      `securityHeaders received the CSP source ${JSON.stringify(source)}; wanted one source in ASCII, without spaces, commas and semicolons.`,
    )
  }
  // Without quotes browsers take a keyword for a host of that name, and the policy says something else.
  if (keyword.test(source))
    throw new OptionError(`securityHeaders received the CSP source ${JSON.stringify(source)}; wanted it in quotes: "'${source}'".`)
  if (source === "'none'" && count > 1)
    throw new OptionError(`securityHeaders received the CSP source "'none'" among others; wanted it alone.`)
  return source
}

/** `scriptSrc` as `script-src`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
