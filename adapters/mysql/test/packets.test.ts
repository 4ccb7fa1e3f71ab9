import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { literal, beginsWith } from '../src/literals.ts'
import { packets } from '../src/packets.ts'
import type { MysqlStorage } from '../src/index.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage } from './test-storage.ts'

it('puts statements together in their order, within the size of a packet', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 600 }), { maxLength: 30 })
  fc.assert(
    fc.property(texts, (statements) => {
      const all = packets(statements, 3500)
      expect(all.flat()).toEqual(statements)
      for (const packet of all) expect(Buffer.byteLength(packet.join(';\n'))).toBeLessThanOrEqual(3500)
    }),
  )
  expect(() => packets(['x'.repeat(3000)], 3500)).toThrow('max_allowed_packet')
  expect(() => literal(NaN)).toThrow(TypeError)
})

describeWithServer('Texts in statements', () => {
  let database: string
  let storage: MysqlStorage

  beforeAll(async () => {
    database = await ownDatabase()
    storage = await testStorage(database)
  })

  afterAll(async () => {
    await storage.close()
    await dropDatabase(database)
  })

  it('come out as they went in, and prefixes fit what begins with them alone', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('\\', "'", '"', '%', '_', '|', '\u0000', '\n', 'a', ';') }),
    )
    await fc.assert(
      fc.asyncProperty(text, text, async (one, other) => {
        const bin = 'collate utf8mb4_nopad_bin'
        const statement = `select ${literal(one)} as same, ${literal(one + other)} ${bin} like ${beginsWith(one)} escape '|' as yes, ${literal(other)} ${bin} like ${beginsWith(one)} escape '|' as maybe`
        const [row] = (await storage.sql.query(statement)).rows
        expect(row).toEqual({ same: one, yes: 1, maybe: other.startsWith(one) ? 1 : 0 })
      }),
      { numRuns: 150 },
    )
  })

  it('are split over packets where they are many, and refused where one is too large', async () => {
    const text = 'ä'.repeat(1_500_000)
    const events = Array.from({ length: 8 }, (_, i) => ({ type: 'x', data: { i, text } }))
    expect((await storage.events.append('large', events, { key: 'k' })).version).toBe(8)
    await storage.transaction((tx) => tx.events.append('large', events, { expected: 8 }))
    let next = 0
    for await (const { data, streamVersion } of storage.events.read('large', { pageSize: 3 })) {
      expect((data as { i: number }).i).toBe(next % 8)
      expect(streamVersion).toBe(++next)
    }
    expect(next).toBe(16)
    const huge = { type: 'x', data: 'x'.repeat(17_000_000) }
    const [bad, good] = await Promise.allSettled([
      storage.events.append('huge', [huge]),
      storage.events.append('small', [{ type: 'x', data: 1 }]),
    ])
    expect(bad).toMatchObject({
      status: 'rejected',
      reason: { code: 'TUTTI_OPTION_INVALID', status: 413, message: expect.stringContaining('max_allowed_packet') },
    })
    expect(good?.status).toBe('fulfilled')
    expect(await storage.events.info('huge')).toBeUndefined()
    await storage.transaction(async (tx) => {
      await expect(tx.events.append('huge', [huge])).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
      await tx.events.append('huge', [{ type: 'x', data: 1 }], { expected: 'none' })
    })
    expect((await storage.events.info('huge'))?.version).toBe(1)
  })
})
