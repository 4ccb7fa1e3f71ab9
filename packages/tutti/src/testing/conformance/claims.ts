import { casesOf, together } from './storage-case.ts'

/** Claims of due documents: owners, leases and epochs. */
export const claimCases = casesOf('claims', {
  'only what is due and free, the longest due first': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    await state.put(`${jobs}/a`, 'a', { due: 300 })
    await state.put(`${jobs}/b`, 'b', { due: 100 })
    await state.put(`${jobs}/c`, 'c', { due: 200 })
    await state.put(`${jobs}/later`, 'later', { due: 1001 })
    await state.put(`${jobs}/never`, 'never')
    await state.put(`${jobs}x/other`, 'other', { due: 1 })
    const first = await state.claim(jobs, { owner: 'me', lease: 500, limit: 2, now: 1000 })
    check.same(
      first.map(({ value, owner, leaseUntil, epoch }) => [value, owner, leaseUntil, epoch]),
      [
        ['b', 'me', 1500, 1],
        ['c', 'me', 1500, 1],
      ],
    )
    const second = await state.claim(jobs, { owner: 'you', lease: 500, limit: 9, now: 1000 })
    check.same(
      second.map(({ value }) => value),
      ['a'],
    )
    check.same(await state.claim(jobs, { owner: 'me', lease: 500, limit: 9, now: 1000 }), [])
    const stored = await state.get(`${jobs}/b`)
    check.same([stored?.owner, stored?.leaseUntil, stored?.epoch, stored?.version], ['me', 1500, 1, 1])
  },

  'by status': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    await state.put(`${jobs}/a`, 'a', { due: 1, status: 'open' })
    await state.put(`${jobs}/b`, 'b', { due: 1, status: 'closed' })
    const claimed = await state.claim(jobs, { owner: 'me', lease: 5, status: 'closed', limit: 5, now: 1 })
    check.same(
      claimed.map(({ value }) => value),
      ['b'],
    )
  },

  'a lease that is over can be taken, and the old epoch writes no more': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    const key = `${jobs}/a`
    await state.put(key, 1, { due: 1 })
    const [mine] = await state.claim(jobs, { owner: 'me', lease: 100, now: 1000 })
    check.same(await state.claim(jobs, { owner: 'you', lease: 100, now: 1099 }), [])
    const [yours] = await state.claim(jobs, { owner: 'you', lease: 100, now: 1100 })
    check.same([mine?.epoch, yours?.epoch, yours?.owner], [1, 2, 'you'])
    await check.fails(state.put(key, 2, { epoch: 1 }), 'TUTTI_LEASE_LOST')
    await check.fails(state.delete(key, { epoch: 1 }), 'TUTTI_LEASE_LOST')
    await state.put(key, 3, { epoch: 2, due: 1 })
    const kept = await state.get(key)
    check.same([kept?.value, kept?.owner, kept?.leaseUntil, kept?.epoch], [3, 'you', 1200, 2])
    check.equal(await state.delete(key, { epoch: 2 }), true)
    await check.fails(state.put(key, 4, { epoch: 2 }), 'TUTTI_LEASE_LOST')
  },

  'release ends the claim with the write': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    const key = `${jobs}/a`
    await state.put(key, 1, { due: 1 })
    await state.claim(jobs, { owner: 'me', lease: 1000, now: 10 })
    await state.put(key, 2, { epoch: 1, due: 5, release: true })
    const free = await state.get(key)
    check.same([free?.owner, free?.leaseUntil, free?.epoch, free?.due], [undefined, undefined, 1, 5])
    const [again] = await state.claim(jobs, { owner: 'you', lease: 1000, now: 10 })
    check.same([again?.value, again?.epoch], [2, 2])
  },

  'a put can take the claim, of a document that it creates as well': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    const key = `${jobs}/a`
    await state.put(key, 1, { ifVersion: 0, due: 1, claim: { owner: 'me', until: 1000 } })
    const created = await state.get(key)
    check.same([created?.version, created?.owner, created?.leaseUntil, created?.epoch], [1, 'me', 1000, 1])
    check.same(await state.claim(jobs, { owner: 'you', lease: 100, now: 999 }), [])
    await state.put(key, 2, { epoch: 1, ifVersion: 1, due: 1 })
    await state.put(key, 3, { epoch: 1, ifVersion: 2, claim: { owner: 'you', until: 2000 } })
    await check.fails(state.put(key, 4, { epoch: 1 }), 'TUTTI_LEASE_LOST')
    const taken = await state.get(key)
    check.same([taken?.version, taken?.value, taken?.owner, taken?.leaseUntil, taken?.epoch], [3, 3, 'you', 2000, 2])
    check.same(await state.renew([{ key, epoch: 2 }], { owner: 'you', until: 3000 }), [key])
    await state.put(key, 5, { epoch: 2, due: 1, release: true })
    const [again] = await state.claim(jobs, { owner: 'me', lease: 100, now: 5 })
    check.same([again?.epoch, again?.owner, again?.value], [3, 'me', 5])
  },

  'claims, releases and deletes in one write follow each other': async ({ storage, check, name }) => {
    const { state } = storage
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => name(`jobs/${id}`)) as [string, string, string, string]
    const claim = { owner: 'me', until: 1000 }
    for (const key of [b, c]) await state.put(key, 0, { claim })
    await state.write([
      { key: a, value: 1, claim },
      { key: a, value: 2, epoch: 1 },
      { key: b, value: 1, release: true },
      { key: b, value: 2, claim: { owner: 'you', until: 2000 } },
      { key: c, delete: true, epoch: 1 },
      { key: c, value: 1, ifVersion: 0 },
      { key: d, value: 1, claim },
      { key: d, value: 2, epoch: 1, release: true },
    ])
    const shown = async (): Promise<unknown[]> =>
      (await state.getMany([a, b, c, d])).map((one) => [one?.value, one?.version, one?.owner, one?.leaseUntil, one?.epoch])
    const expected = [
      [2, 2, 'me', 1000, 1],
      [2, 3, 'you', 2000, 2],
      [1, 1, undefined, undefined, 0],
      [2, 2, undefined, undefined, 1],
    ]
    check.same(await shown(), expected)
    await check.fails(
      state.write([
        { key: a, value: 3, claim: { owner: 'you', until: 9 } },
        { key: d, value: 3, ifVersion: 7 },
      ]),
      'TUTTI_DOCUMENT_CONFLICT',
    )
    check.same(await shown(), expected)
    await storage.transaction((tx) => tx.state.put(a, 4, { epoch: 1, claim: { owner: 'you', until: 9 } }).then(() => undefined))
    check.same((await shown())[0], [4, 3, 'you', 9, 2])
  },

  'renew prolongs what is still held, and tells what is not': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    for (const id of ['a', 'b', 'c']) await state.put(`${jobs}/${id}`, id, { due: 1 })
    await state.claim(jobs, { owner: 'me', lease: 100, limit: 3, now: 1000 })
    await state.put(`${jobs}/b`, 'b', { epoch: 1, release: true })
    const claims = ['a', 'b', 'c', 'gone'].map((id) => ({ key: `${jobs}/${id}`, epoch: id === 'c' ? 7 : 1 }))
    check.same(await state.renew(claims, { owner: 'me', until: 5000 }), [`${jobs}/a`])
    check.same(await state.renew(claims, { owner: 'you', until: 9000 }), [])
    check.same([(await state.get(`${jobs}/a`))?.leaseUntil, (await state.get(`${jobs}/c`))?.leaseUntil], [5000, 1100])
    check.same(await state.renew([], { owner: 'me', until: 5000 }), [])
  },

  '16 claimers never get the same one twice': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    await together(120, (n) => state.put(`${jobs}/${n}`, n, { due: n % 10 }))
    const claimed: string[] = []
    await together(16, async (claimer) => {
      for (;;) {
        const found = await state.claim(jobs, { owner: `claimer-${claimer}`, lease: 60_000, limit: 1 + (claimer % 3), now: 1000 })
        if (found.length === 0) return
        for (const { key, owner, epoch } of found) {
          check.same([owner, epoch], [`claimer-${claimer}`, 1])
          claimed.push(key)
        }
      }
    })
    check.equal(new Set(claimed).size, claimed.length, 'no key twice')
    // A claimer that found nothing while others still held the rows locked may have stopped early; nothing is lost by that.
    let rest: number
    do {
      rest = (await state.claim(jobs, { owner: 'last', lease: 60_000, limit: 50, now: 1000 })).map(({ key }) => claimed.push(key)).length
    } while (rest > 0)
    check.same([claimed.length, new Set(claimed).size], [120, 120])
  },

  'nonsense is refused': async ({ storage: { state }, check, name }) => {
    const jobs = name('jobs')
    for (const collection of ['', `${jobs}/`, 'a/b', 'a\u0000']) {
      await check.fails(state.claim(collection, { owner: 'me', lease: 5, now: 1 }), 'TUTTI_OPTION_INVALID')
    }
    for (const options of [{ limit: 0 }, { limit: 1.5 }, { now: NaN }, { owner: '' }])
      await check.fails(state.claim(jobs, { owner: 'me', lease: 5, now: 1, ...options }), 'TUTTI_OPTION_INVALID')
    const claim = { owner: 'me', until: 5 }
    for (const options of [{ claim: { ...claim, owner: '' } }, { claim: { ...claim, until: 1.5 } }, { claim, release: true }])
      await check.fails(state.put(`${jobs}/a`, 1, options), 'TUTTI_OPTION_INVALID')
    await check.fails(state.renew([{ key: `${jobs}/a`, epoch: 1 }], { owner: 'me', until: NaN }), 'TUTTI_OPTION_INVALID')
  },
})
