import fc from 'fast-check'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { Matcher, type Target } from '../../src/http/matcher.ts'
import type { HttpSource } from '../../src/http/source.ts'

type Segment = { readonly kind: 'fixed' | 'digits' | 'param' | 'rest'; readonly text: string }

const source: HttpSource = Object.assign(new Readable(), { rawHeaders: [], headers: {}, httpVersion: '1.1', socket: {} })

const fixed = fc.constantFrom('a', 'ab', 'b', 'users', '7')
const segment: fc.Arbitrary<Segment> = fc.oneof(
  { weight: 4, arbitrary: fixed.map((text) => ({ kind: 'fixed', text }) as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'param', text: ':p' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'digits', text: ':p(\\d+)' } as const) },
)
const route = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
  .map(([segments, rest]) => (rest ? [...segments, { kind: 'rest', text: '*' } as const] : segments))

/** A parameter's name must be unique in its path, and the same at the same place of every path. */
function pathOf(segments: readonly Segment[]): string {
  return `/${segments.map(({ text }, i) => text.replace(':p', `:p${i}`)).join('/')}`
}

interface Found {
  readonly path: string
  readonly params: Readonly<Record<string, string>>
}

/** All routes that match, the best first: segment by segment, fixed before pattern before parameter before the rest. */
function naive(routes: readonly (readonly Segment[])[], path: string): Found | undefined {
  const parts = path.slice(1).split('/')
  const rank = { fixed: 0, digits: 1, param: 2, rest: 3 }
  const found = routes.flatMap((segments) => {
    const params: Record<string, string> = {}
    for (const [i, { kind, text }] of segments.entries()) {
      const part = parts[i]
      if (kind === 'rest') {
        if (i >= parts.length) return []
        params['*'] = parts.slice(i).join('/')
        return [{ segments, params }]
      }
      if (part === undefined || (kind === 'fixed' && part !== text) || (kind === 'digits' && !/^\d+$/.test(part))) return []
      if (kind !== 'fixed') params[`p${i}`] = part
    }
    return segments.length === parts.length || (segments.length === 0 && path === '/') ? [{ segments, params }] : []
  })
  found.sort((a, b) => {
    for (let i = 0; i < 6; i++) {
      const left = a.segments[i]
      const right = b.segments[i]
      if (left !== undefined && right !== undefined && left.kind !== right.kind) return rank[left.kind] - rank[right.kind]
    }
    return a.segments.length - b.segments.length
  })
  const best = found[0]
  return best === undefined ? undefined : { path: pathOf(best.segments), params: best.params }
}

it('finds the same route with the same parameters as a naive search', () => {
  const part = fc.oneof(fixed, fc.constantFrom('x', '12', 'user'))
  fc.assert(
    fc.property(
      fc.uniqueArray(route, { maxLength: 8, selector: pathOf }),
      fc.array(fc.array(part, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 10 }),
      (routes, paths) => {
        const targets = routes.map((segments): Target => ({
          route: { method: 'GET', path: pathOf(segments), options: {}, middleware: [], handler: () => {} },
          handle: () => Promise.reject(new Error('not called')),
        }))
        const matcher = new Matcher(targets)
        for (const parts of paths) {
          const path = `/${parts.join('/')}`
          const found = matcher.find('GET', source, path)
          const expected = naive(routes, path)
          const received = typeof found === 'string' ? undefined : { path: found.target.route.path, params: { ...found.params } }
          expect({ asked: path, found: received }).toEqual({ asked: path, found: expected })
        }
      },
    ),
    { numRuns: 1000 },
  )
})
