import { casesOf } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Listeners that are told of appends. */
export const wakeUpCases = casesOf('wake-ups', {
  'an append wakes, and what it wrote can be read': async ({ storage: { events }, check, name }) => {
    const after = await events.head()
    const woken = Promise.withResolvers<void>()
    using _listener = events.onAppend(() => woken.resolve())
    await events.append(name('a'), [happened])
    await woken.promise
    check.equal((await events.page({ after })).events.length, 1)
  },

  'a transaction wakes once it has committed, and not when it has not': async ({ storage, check, name }) => {
    let wakes = 0
    const woken = Promise.withResolvers<void>()
    using _listener = storage.events.onAppend(() => {
      wakes++
      woken.resolve()
    })
    const outcome = storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened])
      throw new Error('stop')
    })
    await outcome.catch(() => undefined)
    await storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened])
      check.equal(wakes, 0)
    })
    await woken.promise
  },

  'a listener that was disposed is not called': async ({ storage: { events }, check, name }) => {
    let calls = 0
    const listener = events.onAppend(() => calls++)
    listener[Symbol.dispose]()
    const woken = Promise.withResolvers<void>()
    using _other = events.onAppend(() => woken.resolve())
    await events.append(name('a'), [happened])
    await woken.promise
    check.equal(calls, 0)
  },
})
