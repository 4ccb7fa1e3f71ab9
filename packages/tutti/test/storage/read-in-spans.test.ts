import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readInSpans, type PositionSpan } from '../../src/storage/index.ts'

const bound = fc.integer({ min: 0, max: 41_000_000 })
const question = fc.record({ after: bound, to: bound, limit: fc.integer({ min: 1, max: 30 }), backwards: fc.boolean() })

it('finds what one statement would find, in whatever spans', async () => {
  const positions = fc.array(fc.integer({ min: 1, max: 40_000_000 }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(positions, question, async (all, asked) => {
      const read = ({ after, to, limit }: PositionSpan) =>
        all
          .filter((position) => position > after && position <= to)
          .toSorted((a, b) => (asked.backwards ? b - a : a - b))
          .slice(0, limit)
      const sizes: number[] = []
      const found = await readInSpans(asked, async (span) => {
        sizes.push(span.to - span.after)
        return read(span)
      })
      expect(found).toEqual(read(asked))
      expect(sizes[0] ?? 0).toBeLessThanOrEqual(1_000_000)
    }),
  )
})
