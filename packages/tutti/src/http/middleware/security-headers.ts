import { milliseconds, OptionError, type Duration } from '../../kernel/index.ts'
import type { Middleware } from '../middleware.ts'
import { checkOptions } from './check-options.ts'
import { apiPolicy, compilePolicy, kebab, type CspDirectives } from './content-security-policy.ts'

const referrerPolicies = [
  'no-referrer',
  'no-referrer-when-downgrade',
  'origin',
  'origin-when-cross-origin',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
] as const

/** What browsers tell other sites about where a visitor comes from. */
export type ReferrerPolicy = (typeof referrerPolicies)[number]

export interface SecurityHeadersOptions {
  /** The content security policy. @default one for APIs: nothing may be loaded, nothing may frame it */
  readonly csp?: CspDirectives | false
  /** Only reports what the policy forbids. @default false */
  readonly cspReportOnly?: boolean
  /** Sent on https: browsers come back by https alone (RFC 6797). @default 365 days with subdomains */
  readonly hsts?: { readonly maxAge?: Duration; readonly includeSubDomains?: boolean; readonly preload?: boolean } | false
  /** `X-Frame-Options`, for browsers without `frame-ancestors`. @default 'DENY' */
  readonly frameOptions?: 'DENY' | 'SAMEORIGIN' | false
  /** One policy, or several of which browsers take the last one they know. @default 'no-referrer' */
  readonly referrerPolicy?: ReferrerPolicy | readonly ReferrerPolicy[] | false
  /** `Permissions-Policy`: features by the origins that may use them: `{ camera: [], geolocation: ['self'], fullscreen: ['*'] }`. @default not sent */
  readonly permissions?: Readonly<Record<string, readonly string[]>>
  /** `Cross-Origin-Opener-Policy`. @default 'same-origin' */
  readonly openerPolicy?: 'same-origin' | 'same-origin-allow-popups' | 'noopener-allow-popups' | 'unsafe-none' | false
  /** `Cross-Origin-Resource-Policy`. @default 'same-origin' */
  readonly resourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin' | false
  /** `Cross-Origin-Embedder-Policy`. @default not sent */
  readonly embedderPolicy?: 'require-corp' | 'credentialless' | 'unsafe-none'
}

const allowed = {
  frameOptions: ['DENY', 'SAMEORIGIN'],
  referrerPolicy: referrerPolicies,
  openerPolicy: ['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none'],
  resourcePolicy: ['same-origin', 'same-site', 'cross-origin'],
  embedderPolicy: ['require-corp', 'credentialless', 'unsafe-none'],
} as const

/**
 * Sets the headers that make browsers careful. A header that the handler sets itself wins. Use it outside of `cache`: pages with a nonce
 * are never kept.
 */
export function securityHeaders(options: SecurityHeadersOptions = {}): Middleware {
  checkOptions('securityHeaders', options, {
    csp: true,
    cspReportOnly: true,
    hsts: true,
    frameOptions: true,
    referrerPolicy: true,
    permissions: true,
    openerPolicy: true,
    resourcePolicy: true,
    embedderPolicy: true,
  })
  const fixed = fixedHeaders(options)
  const policy = options.csp === false ? undefined : compilePolicy(options.csp ?? apiPolicy)
  const policyHeader = options.cspReportOnly === true ? 'content-security-policy-report-only' : 'content-security-policy'
  const hsts = options.hsts === false ? undefined : hstsValue(options.hsts ?? {})
  return async function securityHeaders(ctx, next) {
    const { headers } = await next()
    for (const [name, value] of fixed) if (!headers.has(name)) headers.set(name, value)
    if (policy !== undefined && !headers.has(policyHeader)) headers.set(policyHeader, policy(ctx))
    if (hsts !== undefined && ctx.protocol === 'https' && !headers.has('strict-transport-security'))
      headers.set('strict-transport-security', hsts)
  }
}

function fixedHeaders(options: SecurityHeadersOptions): readonly (readonly [name: string, value: string])[] {
  const permissions = Object.entries(options.permissions ?? {}).map(([feature, origins]) => permission(feature, origins))
  const entries: readonly (readonly [name: string, value: string | false | undefined])[] = [
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', known(options, 'frameOptions') ?? 'DENY'],
    ['referrer-policy', known(options, 'referrerPolicy') ?? 'no-referrer'],
    ['cross-origin-opener-policy', known(options, 'openerPolicy') ?? 'same-origin'],
    ['cross-origin-resource-policy', known(options, 'resourcePolicy') ?? 'same-origin'],
    ['cross-origin-embedder-policy', known(options, 'embedderPolicy')],
    ['origin-agent-cluster', '?1'],
    ['x-dns-prefetch-control', 'off'],
    ['x-permitted-cross-domain-policies', 'none'],
    // The filter that this switches off could be used to attack pages.
    ['x-xss-protection', '0'],
    ['permissions-policy', permissions.length === 0 ? undefined : permissions.join(', ')],
  ]
  return entries.filter((entry): entry is readonly [string, string] => typeof entry[1] === 'string')
}

function known(options: SecurityHeadersOptions, name: keyof typeof allowed): string | false | undefined {
  const received: string | readonly string[] | false | undefined = options[name]
  if (received === undefined || received === false) return received
  const values: readonly string[] = typeof received === 'string' ? [received] : received
  const wrong = values.find((value) => !(allowed[name] as readonly string[]).includes(value))
  if (wrong === undefined && values.length > 0) return values.join(', ')
  throw new OptionError(
    `securityHeaders received ${name} ${JSON.stringify(received)}; wanted ${allowed[name].join(', ')}${name === 'embedderPolicy' ? '' : ' or false'}.`,
  )
}

/** One feature of a `Permissions-Policy`, in the syntax of structured fields. */
function permission(feature: string, origins: readonly string[]): string {
  const name = kebab(feature)
  if (!/^[a-z][a-z-]*$/.test(name))
    throw new OptionError(`securityHeaders received the feature ${JSON.stringify(feature)} in permissions; wanted a name such as "camera".`)
  if (origins.length === 1 && origins[0] === '*') return `${name}=*`
  const list = origins.map((origin) => {
    if (origin === 'self') return origin
    if (/^[a-z][a-z\d+.-]*:\/\/[\w.*:[\]-]+$/i.test(origin)) return `"${origin}"`
    throw new OptionError(
      `securityHeaders received ${JSON.stringify(origin)} for ${name} in permissions; wanted "self", an origin such as "https://example.com", or "*" alone.`,
    )
  })
  return `${name}=(${list.join(' ')})`
}

function hstsValue({
  maxAge = '365d',
  includeSubDomains = true,
  preload = false,
}: Exclude<SecurityHeadersOptions['hsts'], false | undefined>): string {
  const seconds = Math.floor(milliseconds(maxAge) / 1000)
  if (preload && (seconds < 31_536_000 || !includeSubDomains)) {
    throw new OptionError(
      `securityHeaders received hsts with preload, ${seconds} seconds and includeSubDomains ${includeSubDomains}; the preload lists want 365 days or more, with subdomains.`,
    )
  }
  return `max-age=${seconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}
