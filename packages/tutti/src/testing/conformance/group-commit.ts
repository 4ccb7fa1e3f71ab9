import { casesOf, together } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Writes that share a commit: each caller has its own answer. */
export const groupCommitCases = casesOf('group commit', {
  'writes that arrive together all get their own answers': async ({ storage: { events }, check, name }) => {
    const answers = await together(300, (n) => events.append(name(`a${n % 50}`), [{ type: 'thing.counted', data: { n } }]))
    const positions = answers.map(({ position }) => position)
    check.equal(new Set(positions).size, 300)
    for (let s = 0; s < 50; s++) {
      const read = await events.read(name(`a${s}`)).toArray()
      check.equal(read.length, 6)
      for (const { data, streamVersion, position } of read) {
        const answer = answers[(data as { n: number }).n]
        check.same([answer?.version, answer?.position], [streamVersion, position])
      }
    }
  },

  'conflicts fail their own callers alone': async ({ storage: { events, state }, check, name }) => {
    await events.append(name('taken'), [happened])
    await state.put(name('things/taken'), 1)
    await events.append(name('archived'), [happened])
    await events.archive(name('archived'))
    const bad = await together(60, async (n) => {
      switch (n % 6) {
        case 0:
          return events.append(name(`new${n}`), [happened], { expected: 'none' }).then(({ version }) => version)
        case 1:
          return check.fails(events.append(name('taken'), [happened], { expected: 'none' }), 'TUTTI_STREAM_CONFLICT')
        case 2:
          return check.fails(state.put(name('things/taken'), 2, { ifVersion: 0 }), 'TUTTI_DOCUMENT_CONFLICT')
        case 3:
          return check.fails(events.append(name('archived'), [happened]), 'TUTTI_STREAM_ARCHIVED')
        case 4:
          return state.put(name(`things/${n}`), n)
        default:
          return check.fails(events.append(name(`missing${n}`), [happened], { expected: 'exists' }), 'TUTTI_STREAM_CONFLICT')
      }
    })
    check.equal(bad.length, 60)
    for (let n = 0; n < 60; n += 6) {
      check.equal((await events.info(name(`new${n}`)))?.version, 1)
      check.equal((await state.get(name(`things/${n + 4}`)))?.value, n + 4)
      check.equal(await events.info(name(`missing${n + 5}`)), undefined)
    }
    check.same([(await events.info(name('taken')))?.version, (await state.get(name('things/taken')))?.value], [1, 1])
  },

  'a write that was answered is there for every reader': async ({ storage: { events, state }, check, name }) => {
    await together(40, async (n) => {
      const { position } = await events.append(name(`a${n}`), [happened])
      check.equal((await events.info(name(`a${n}`)))?.version, 1)
      check.equal((await events.read(name(`a${n}`)).toArray()).length, 1)
      check.ok((await events.head()) >= position, 'the head is not behind an answer')
      await state.put(name(`things/${n}`), n)
      check.equal((await state.get(name(`things/${n}`)))?.value, n)
    })
  },

  'large and small writes at once': async ({ storage: { events }, check, name }) => {
    const large = { type: 'thing.happened', data: { text: 'x'.repeat(400_000) } }
    const answers = await together(60, (n) => events.append(name(`a${n}`), [n % 3 === 0 ? large : happened]))
    check.ok(
      answers.every(({ version }) => version === 1),
      'all were written',
    )
    check.equal(new Set(answers.map(({ position }) => position)).size, 60)
  },
})
