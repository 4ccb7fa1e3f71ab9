import * as z from 'zod'
import { aggregate, reject } from '../../src/events/public.ts'
import { event, type Accepted, type CommandResult } from '../../src/message/index.ts'
import {
  eventSignal,
  eventStart,
  saga,
  workflow,
  type InputOf,
  type OutputOf,
  type RunHandle,
  type Workflows,
} from '../../src/workflow/public.ts'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function is<_T extends true>(): void {
  // The type is the assertion.
}

const Order = aggregate('order', {
  events: { placed: event(z.object({ total: z.number(), at: z.coerce.date() })) },
  commands: { pay: z.object({ amount: z.number() }) },
  initial: () => 0,
})
  .evolve({ placed: (state) => state })
  .decide({ pay: () => reject('NOT_OPEN') })

declare const engine: Workflows

// Inputs: what the schema takes to start, what it gives to the function.
const fulfil = workflow(
  'fulfil',
  {
    input: z.object({ at: z.coerce.date(), total: z.string().transform(Number) }),
    signals: { approval: z.object({ ok: z.boolean() }), placed: eventSignal(Order.events.placed, ({ stream }) => stream) },
  },
  async (w, input) => {
    is<Equals<typeof input, { at: Date; total: number }>>()
    const hold = await w.step('reserve', () => ({ id: 7 }), {
      undo: (result, { key }) => {
        is<Equals<typeof result, { id: number }>>()
        is<Equals<typeof key, string>>()
      },
    })
    is<Equals<typeof hold, { id: number }>>()
    const awaited = await w.step('async', async () => 'text')
    is<Equals<typeof awaited, string>>()
    const approval = await w.signal('approval')
    is<Equals<typeof approval, { ok: boolean }>>()
    const late = await w.signal('approval', { within: '1d' })
    is<Equals<typeof late, { ok: boolean } | undefined>>()
    const placed = await w.signal('placed')
    is<Equals<typeof placed, { total: number; at: Date }>>()
    const both = await w.all({ label: () => w.step('label', () => 'l'), fee: async () => 5 })
    is<Equals<typeof both, { readonly label: string; readonly fee: number }>>()
    const paid = await w.send(Order.commands.pay('o', { amount: 1 }))
    is<Equals<typeof paid, CommandResult<'NOT_OPEN'>>>()
    const inTx = await w.tx('tx', async (tx) => tx.state.put('things/a', 1))
    is<Equals<typeof inTx, number>>()
    // @ts-expect-error -- there is no such signal
    await w.signal('nothing')
    // @ts-expect-error -- a span is not a word
    await w.sleep('tomorrow')
    // @ts-expect-error -- the command takes a number
    await w.send(Order.commands.pay('o', { amount: 'much' }))
    // @ts-expect-error -- the input is another
    if (late === undefined) return w.continueAs({ nonsense: true })
    if (late.ok) return w.continueAs({ at: '2026-01-01', total: '5' })
    return { hold, total: input.total }
  },
)

is<Equals<OutputOf<typeof fulfil>, { hold: { id: number }; total: number }>>()
is<Equals<InputOf<typeof fulfil>['total'], string>>()

// Handles: results and signals.
const handle = await engine.run(fulfil, { at: '2026-01-01', total: '5' }, { id: 'x', after: '1h' })
is<Equals<Awaited<ReturnType<typeof handle.result>>, { hold: { id: number }; total: number }>>()
await handle.signal('approval', { ok: true })
await handle.signal('placed', { total: 1, at: '2026-01-01' })
// @ts-expect-error -- the data does not fit
await handle.signal('approval', { ok: 'yes' })
// @ts-expect-error -- there is no such signal
await handle.signal('nothing', {})
// @ts-expect-error -- the input does not fit
await engine.run(fulfil, { at: '2026-01-01', total: 5 })
// @ts-expect-error -- an input is needed
await engine.run(fulfil, undefined)
const found: RunHandle<typeof fulfil> = engine.get(fulfil, 'x')
void found

// Without schemas: no input, no signals, any output.
const plain = workflow('plain', {}, async (w, input) => {
  is<Equals<typeof input, undefined>>()
  // @ts-expect-error -- it has no signals
  await w.signal('approval')
  const child = await w.run(fulfil, { at: 1, total: '5' })
  is<Equals<typeof child, { hold: { id: number }; total: number }>>()
  // @ts-expect-error -- the child's input does not fit
  await w.run(fulfil, { at: 1 })
  return 5
})
is<Equals<OutputOf<typeof plain>, number>>()
await engine.run(plain, undefined)
// @ts-expect-error -- it takes none
await engine.run(plain, { some: 'input' })

// Outputs: what the schema takes is what the function gives.
const checked = workflow('checked', { output: z.object({ at: z.string().transform(Number) }) }, async () => ({ at: '5' }))
is<Equals<OutputOf<typeof checked>, { at: number }>>()
// @ts-expect-error -- that is another output
workflow('wrong', { output: z.object({ at: z.string() }) }, async () => ({ at: 5 }))

// Functions of the limits get the input as the schema gives it.
workflow(
  'limited',
  {
    input: z.object({ at: z.coerce.date() }),
    concurrency: { limit: 1, by: ({ at }) => at.toISOString() },
    priority: ({ at }) => at.getDay(),
  },
  async () => 1,
)
// @ts-expect-error -- there is no such member
workflow('limited', { input: z.object({ at: z.date() }), priority: ({ nothing }) => nothing }, async () => 1)
// @ts-expect-error -- there is no such option
workflow('mistyped', { concurency: 5 }, async () => 1)

// Sagas: the results of the steps before are typed, in steps, undos, branches and the result.
const bought = saga('bought', { input: z.object({ total: z.number() }), signals: { approval: z.object({ ok: z.boolean() }) } })
  .step('reserve', {
    run: async ({ input, key }) => {
      is<Equals<typeof input, { total: number }>>()
      is<Equals<typeof key, string>>()
      return { hold: 'h' }
    },
    undo: (result, { input }) => {
      is<Equals<typeof result, { hold: string }>>()
      is<Equals<typeof input, { total: number }>>()
    },
  })
  .parallel({
    label: (part) =>
      part.step('label', {
        run: ({ results }) => `label of ${results.reserve.hold}`,
        undo: (label) => {
          is<Equals<typeof label, string>>()
        },
      }),
    tax: (part) => part.step('tax', { run: () => 1 }).step('rounded', { run: ({ results }) => results.tax }),
  })
  .parallel({ fee: { run: async () => 5 }, weight: { run: ({ results }) => results.label.length } })
  .branch('large', {
    when: ({ input, results }) => input.total > results.fee,
    do: (part) => part.wait('approval', { within: '1d' }).step('note', { run: ({ results }) => results.approval?.ok ?? false }),
    otherwise: (part) => part.step('small', { run: ({ results }) => results.label }),
  })
  .send('pay', { command: ({ results }) => Order.commands.pay('o', { amount: results.fee }) })
  .send('again', { command: ({ results }) => Order.commands.pay('o', { amount: results.fee }), onRejected: 'continue' })
  .run('child', fulfil, ({ input }) => ({ at: 5, total: String(input.total) }))
  .step('ship', {
    run: ({ results }) => {
      is<Equals<typeof results.large, boolean>>()
      is<Equals<typeof results.note, boolean | undefined>>()
      is<Equals<typeof results.small, string | undefined>>()
      is<Equals<typeof results.pay, Accepted>>()
      is<Equals<typeof results.again, CommandResult<'NOT_OPEN'>>>()
      is<Equals<typeof results.child.total, number>>()
      // @ts-expect-error -- that comes later
      void results.end
      return 1
    },
  })
is<Equals<OutputOf<typeof bought>['ship'], number>>()
is<Equals<OutputOf<typeof bought>['reserve'], { hold: string }>>()
const returning = bought.returns(({ results, input }) => ({ fee: results.fee, total: input.total }))
is<Equals<OutputOf<typeof returning>, { fee: number; total: number }>>()
await engine.run(bought, { total: 5 })
// @ts-expect-error -- the input does not fit
await engine.run(bought, { total: '5' })
// @ts-expect-error -- nothing comes behind the result
returning.step('more', { run: () => 1 })
// @ts-expect-error -- there is no such signal
bought.wait('nothing')
// @ts-expect-error -- the child's input does not fit
bought.run('again', fulfil, () => ({ at: 5 }))
const sides = saga('sides', {}).parallel({
  left: (part) => part.step('l', { run: () => 1 }),
  right: (part) => part.step('r', { run: () => 'x' }),
})
is<Equals<OutputOf<typeof sides>['l'], number>>()
is<Equals<OutputOf<typeof sides>['r'], string>>()
workflow(
  'started',
  {
    input: z.object({ order: z.string(), at: z.number() }),
    from: [
      Order.events.placed,
      eventStart(Order.events.placed, {
        key: (event) => event.stream,
        input: (event) => {
          is<Equals<typeof event.data.total, number>>()
          return { order: event.stream, at: event.position }
        },
      }),
    ],
  },
  () => Promise.resolve(),
)
workflow(
  'started',
  {
    input: z.object({ order: z.string() }),
    // @ts-expect-error -- the input is another one
    from: [eventStart(Order.events.placed, { input: (event) => ({ order: event.position }) })],
  },
  () => Promise.resolve(),
)
saga('started', {
  input: z.object({ order: z.string() }),
  from: [eventStart(Order.events.placed, { input: (event) => ({ order: event.stream }) })],
})
const undone = saga('undone', { input: z.object({ total: z.number() }) }).parallel({
  one: {
    run: () => 1,
    undo: (result, { input }) => {
      is<Equals<typeof result, number>>()
      is<Equals<typeof input.total, number>>()
    },
  },
  two: {
    run: async () => 'x',
    undo: {
      run: (result) => {
        is<Equals<typeof result, string>>()
      },
      onUnknown: true,
    },
  },
  three: {
    run: ({ input }) => input.total > 5,
    undo: (result) => {
      is<Equals<typeof result, unknown>>()
    },
    retry: { attempts: 2 },
  },
})
is<Equals<OutputOf<typeof undone>['one'], number>>()
is<Equals<OutputOf<typeof undone>['two'], string>>()
is<Equals<OutputOf<typeof undone>['three'], boolean>>()
// @ts-expect-error -- there is nothing that is run
saga('empty', {}).parallel({ one: { undo: () => undefined } })
const strict = saga('strict', { signals: { go: z.string() } }).wait('go', { within: '1d', onTimeout: 'fail' })
is<Equals<OutputOf<typeof strict>['go'], string>>()
