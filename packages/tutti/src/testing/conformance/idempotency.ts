import { casesOf, together } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Idempotency keys of appends. */
export const idempotencyCases = casesOf('idempotency keys', {
  'the same key again gives the first answer and writes nothing': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const first = await events.append(stream, [happened, happened], { key: 'k1' })
    await events.append(stream, [happened])
    const again = await events.append(stream, [happened], { key: 'k1' })
    check.same(again, { ...first, duplicate: true })
    check.equal(first.duplicate, false)
    check.equal((await events.read(stream).toArray()).length, 3)
  },

  'the first answer comes whatever is expected now': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    const first = await events.append(stream, [happened], { key: 'k1', expected: 'none' })
    check.same(await events.append(stream, [happened], { key: 'k1', expected: 'none' }), { ...first, duplicate: true })
    await events.archive(stream)
    check.same(await events.append(stream, [happened], { key: 'k1', expected: 7 }), { ...first, duplicate: true })
  },

  'what a key was answered can be asked, and asking writes nothing': async ({ storage, check, name }) => {
    const { events } = storage
    const stream = name('order')
    check.equal(await events.answered(stream, 'k1'), undefined)
    check.equal(await events.info(stream), undefined)
    const first = await events.append(stream, [happened], { key: 'k1' })
    await events.append(stream, [happened])
    check.same(await events.answered(stream, 'k1'), { ...first, duplicate: true })
    check.equal(await events.answered(stream, 'k2'), undefined)
    await storage.transaction(async (tx) => check.same(await tx.events.answered(stream, 'k1'), { ...first, duplicate: true }))
    check.equal((await events.info(stream))?.version, 2)
  },

  'a key counts within its stream': async ({ storage: { events }, check, name }) => {
    const [a, b] = [name('a'), name('b')]
    await events.append(a, [happened], { key: 'same' })
    check.equal((await events.append(b, [happened], { key: 'same' })).duplicate, false)
    check.equal((await events.append(b, [happened], { key: 'Same' })).duplicate, false, 'case matters')
    check.equal((await events.append(b, [happened], { key: 'same ' })).duplicate, false, 'spaces matter')
    check.equal((await events.info(b))?.version, 3)
  },

  'a conflict does not use the key up': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    await check.fails(events.append(stream, [happened], { key: 'k1', expected: 'exists' }), 'TUTTI_STREAM_CONFLICT')
    check.equal((await events.append(stream, [happened], { key: 'k1' })).duplicate, false)
  },

  'racers with one key: one writes, all get its answer': async ({ storage: { events }, check, name }) => {
    for (let round = 0; round < 10; round++) {
      const stream = name(`order-${round}`)
      const answers = await together(16, () => events.append(stream, [happened, happened], { key: 'k' }))
      check.equal(answers.filter(({ duplicate }) => !duplicate).length, 1)
      for (const { version, position } of answers) check.same([version, position], [2, answers[0]?.position])
      check.equal((await events.read(stream).toArray()).length, 2)
    }
  },

  'racers with one key in transactions: one writes': async ({ storage, check, name }) => {
    const stream = name('order')
    const answers = await together(8, () => storage.transaction((tx) => tx.events.append(stream, [happened], { key: 'k' })))
    check.equal(answers.filter(({ duplicate }) => !duplicate).length, 1)
    check.equal((await storage.events.info(stream))?.version, 1)
  },

  'a rollback frees the key': async ({ storage, check, name }) => {
    const stream = name('order')
    const stop = new Error('stop')
    const outcome = storage.transaction(async (tx) => {
      await tx.events.append(stream, [happened], { key: 'k' })
      check.equal((await tx.events.append(stream, [happened], { key: 'k' })).duplicate, true, 'a transaction sees its own keys')
      throw stop
    })
    check.equal(await outcome.catch((error: unknown) => error), stop)
    check.equal((await storage.events.append(stream, [happened], { key: 'k' })).duplicate, false)
  },

  'old keys can be forgotten': async ({ storage: { events }, check, name }) => {
    const stream = name('order')
    await events.append(stream, [happened], { key: 'k' })
    await events.forgetKeys('1d')
    check.equal((await events.append(stream, [happened], { key: 'k' })).duplicate, true)
    // A moment later, so that the key is older than nothing at all.
    await new Promise((resolve) => setTimeout(resolve, 5))
    check.ok((await events.forgetKeys(0)) >= 1, 'the key is counted')
    check.equal((await events.append(stream, [happened], { key: 'k' })).duplicate, false)
  },
})
