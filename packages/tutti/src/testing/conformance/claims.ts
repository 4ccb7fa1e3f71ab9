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
    await check.fails(state.renew([{ key: `${jobs}/a`, epoch: 1 }], { owner: 'me', until: NaN }), 'TUTTI_OPTION_INVALID')
  },
})
