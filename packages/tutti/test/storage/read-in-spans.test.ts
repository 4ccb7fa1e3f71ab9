import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readInSpans } from '../../src/storage/index.ts'

it('finds what one statement would find, in whatever spans', async () => {
  const positions = fc.array(fc.integer({ min: 1, max: 40_000_000 }), { maxLength: 40 })
  const bound = fc.integer({ min: 0, max: 41_000_000 })
  await fc.assert(
    fc.asyncProperty(positions, bound, bound, fc.integer({ min: 1, max: 30 }), fc.boolean(), async (all, after, to, limit, backwards) => {
      const between = (span: { readonly after: number; readonly to: number; readonly limit: number }) =>
        all
          .filter((position) => position > span.after && position <= span.to)
          .toSorted((a, b) => (backwards ? b - a : a - b))
          .slice(0, span.limit)
      const sizes: number[] = []
      const found = await readInSpans({ after, to, limit, backwards }, async (span) => {
        sizes.push(span.to - span.after)
        return between(span)
      })
      expect(found).toEqual(between({ after, to, limit }))
      expect(sizes.slice(0, 1).every((size) => size <= 1_000_000)).toBe(true)
    }),
  )
})
