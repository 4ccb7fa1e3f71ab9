import { casesOf, together } from './storage-case.ts'

const oddNames = [
  "Robert'); DROP TABLE events; --",
  '"quoted" and `ticked`',
  'back\\slash \\0 \\\' \\"',
  '100% _under_score_',
  '$1 ? :name @x #{y} ${z}',
  'ünïcödé Ω 日本語',
  '👩‍👩‍👧‍👦 🎻 🏳️‍🌈',
  'a b  c ',
  ' leading',
  '../../etc/passwd',
  '-- comment',
  '/* comment */',
  'null',
  '0',
  '__proto__',
  'constructor',
  '\u202eright to left',
  'x'.repeat(200),
]

/** Names, texts and sizes that break careless code. */
export const edgeCases = casesOf('edge cases', {
  'odd names of streams, types, keys and documents are names like others': async ({ storage: { events, state }, check, name }) => {
    const after = await events.head()
    const id = name('x')
    for (const odd of oddNames) {
      const stream = `${odd}${id}`
      await events.append(stream, [{ type: odd, data: { odd }, metadata: { [odd]: odd } }], { key: odd, expected: 'none' })
      check.equal((await events.append(stream, [{ type: odd, data: {} }], { key: odd })).duplicate, true)
      const [event] = await events.read(stream).toArray()
      check.same([event?.stream, event?.type, event?.data], [stream, odd, { odd }])
      check.equal((await events.readAll({ after, types: [odd] }).toArray()).length, 1)
      check.equal((await events.readAll({ after, streams: [stream] }).toArray()).length, 1)
      const key = `${id}/${odd}`
      const status = odd.slice(0, 100)
      await state.put(key, odd, { status, tenant: odd })
      const document = await state.get(key)
      check.same([document?.key, document?.value, document?.status, document?.tenant], [key, odd, status, odd])
      check.equal((await state.list(key, { status, tenant: odd })).length, 1)
    }
    check.equal((await events.readAll({ after }).toArray()).length, oddNames.length)
  },

  'names that look alike are different': async ({ storage: { events, state }, check, name }) => {
    const id = name('x')
    const alike = ['Order', 'order', 'ORDER', 'order ', 'órder', 'o\u0301rder', 'ﬀ', 'ff', 'straße', 'strasse', 'order\u200b']
    for (const [i, one] of alike.entries()) {
      await events.append(`${id}${one}`, [{ type: 'thing.happened', data: { i } }], { expected: 'none' })
      await state.put(`${id}/${one}`, i, { ifVersion: 0 })
    }
    for (const [i, one] of alike.entries()) {
      const [event] = await events.read(`${id}${one}`).toArray()
      check.same([event?.data, event?.stream], [{ i }, `${id}${one}`])
      check.equal((await state.get(`${id}/${one}`))?.value, i)
    }
  },

  'a megabyte in an event and in a document': async ({ storage: { events, state }, check, name }) => {
    const text = 'ä"\\\n\u0000🎻'.repeat(100_000)
    await together(3, () => events.append(name('a'), [{ type: 'thing.happened', data: { text } }]))
    const read = await events.read(name('a')).toArray()
    check.equal(read.length, 3)
    for (const { data } of read) check.ok((data as { text: string }).text === text, 'the text is the same')
    await state.put(name('things/large'), text)
    check.ok((await state.get(name('things/large')))?.value === text, 'the document is the same')
  },

  'texts with every kind of character': async ({ storage: { events }, check, name }) => {
    const data = {
      zero: 'a\u0000b',
      control: Array.from({ length: 32 }, (_, i) => String.fromCharCode(i)).join(''),
      half: 'half \ud83d of a character',
      lines: 'a\u2028b\u2029c',
      mark: '\ufeff',
      emoji: '👩‍👩‍👧‍👦',
      empty: '',
      '': 'empty name',
      "it's": "it's",
      $ne: 1,
    }
    await events.append(name('a'), [{ type: 'thing.happened', data, metadata: data }])
    const [event] = await events.read(name('a')).toArray()
    check.same([event?.data, event?.metadata], [data, data])
  },

  'data of every shape': async ({ storage: { events, state }, check, name }) => {
    const shapes = [
      {},
      [],
      null,
      true,
      false,
      0,
      -1,
      0.1,
      1e300,
      Number.MAX_SAFE_INTEGER,
      '',
      'text',
      [[], {}, null],
      { a: { b: { c: [] } } },
    ]
    await events.append(
      name('a'),
      shapes.map((data) => ({ type: 'thing.happened', data })),
    )
    check.same(
      (await events.read(name('a')).toArray()).map(({ data }) => data),
      shapes,
    )
    for (const [i, shape] of shapes.entries()) {
      await state.put(name(`things/${i}`), shape)
      check.same((await state.get(name(`things/${i}`)))?.value, shape)
    }
  },

  'dates, bigints and bytes, wherever they are': async ({ storage: { events, state }, check, name }) => {
    const own = JSON.parse('{ "__proto__": { "polluted": true } }') as object
    const data = {
      at: new Date('2026-02-03T04:05:06.789Z'),
      total: 12345678901234567890n,
      bytes: new Uint8Array([0, 1, 254, 255]),
      none: new Uint8Array(),
      nested: [{ 'a.b': new Date(0) }, [1n, [-1n]], { 'back\\slash': { '': 0n } }],
      own,
      text: '2026-02-03T04:05:06.789Z',
    }
    await events.append(name('a'), [{ type: 'thing.happened', data, metadata: { data } }])
    const [event] = await events.read(name('a')).toArray()
    check.same(event?.data, data)
    check.same(event?.metadata, { data })
    check.equal(({} as Record<string, unknown>)['polluted'], undefined)
    await state.put(name('things/one'), data)
    check.same((await state.get(name('things/one')))?.value, data)
    await state.put(name('things/two'), new Date(5))
    check.same((await state.get(name('things/two')))?.value, new Date(5))
  },

  'what cannot be stored is refused, and nothing is written': async ({ storage: { events, state }, check, name }) => {
    for (const data of [{ a: () => 1 }, { a: NaN }, new Map(), { a: { b: Symbol('x') } }]) {
      const append = events.append(name('a'), [
        { type: 'thing.happened', data: {} },
        { type: 'thing.happened', data },
      ])
      await check.fails(append, 'TUTTI_CODEC_UNSUPPORTED')
      await check.fails(state.put(name('things/one'), data), 'TUTTI_CODEC_UNSUPPORTED')
    }
    check.same([await events.info(name('a')), await state.get(name('things/one'))], [undefined, undefined])
  },
})
