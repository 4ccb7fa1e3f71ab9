import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createProjector, projection, type Projector } from '../../src/projections/public.ts'
import { memoryStorage, StorageError } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { processOf, type ProcessStorage } from './frozen-storage.ts'
import { Account, documentsOf, pay, totals } from './support.ts'

interface Process {
  readonly projector: Projector
  readonly seen: ProcessStorage
  state: 'awake' | 'frozen' | 'dead'
}

type Step =
  | { readonly do: 'pay'; readonly account: number; readonly amount: number }
  | { readonly do: 'start' | 'pass' | 'pause' | 'resume' | 'reset' }
  | { readonly do: 'stop' | 'kill' | 'freeze' | 'thaw' | 'lose an answer'; readonly which: number }

const which = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('pay' as const), account: fc.nat(6), amount: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('start' as const, 'pass' as const, 'pass' as const, 'pause' as const, 'resume' as const, 'reset' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('stop' as const, 'kill' as const, 'freeze' as const, 'thaw' as const, 'lose an answer' as const),
      which,
    }),
  },
)

it('whatever processes do and whatever fails, the read model is a fold over the log', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.integer(), async (steps, seed) => {
      const clock = fakeClock()
      const shared = memoryStorage({ clock })
      const processes: Process[] = []
      let dice = seed >>> 0
      const unlucky = (): boolean => (dice = (Math.imul(dice, 1664525) + 1013904223) >>> 0) % 5 === 0
      const sums = () =>
        projection(
          'sums',
          { from: [Account], segments: 4, batch: 7, retry: { attempts: 1_000, delay: 10, maxDelay: 100 } },
          {
            'account.paid': async ({ stream, data }, { documents }) => {
              documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount)
              if (unlucky()) throw new Error('bad luck')
            },
          },
        )
      const start = async (): Promise<void> => {
        const seen = processOf(shared)
        const projector = createProjector(seen.storage, [sums()], { clock, owner: `p${processes.length}`, lease: '3s' })
        processes.push({ projector, seen, state: 'awake' })
        await projector.start()
      }
      const awake = (): Process | undefined => processes.find(({ state }) => state === 'awake')
      const take = async (one: Step): Promise<void> => {
        if (one.do === 'pay') return void (await pay(shared, String(one.account), one.amount))
        if (one.do === 'pass') return clock.advance('700ms')
        if (one.do === 'start') return processes.length < 6 ? start() : undefined
        if ('which' in one) {
          const process = processes[one.which]
          if (process === undefined || process.state === 'dead') return undefined
          if (one.do === 'freeze' && process.state === 'awake') {
            process.state = 'frozen'
            process.seen.freeze()
          } else if (one.do === 'thaw' && process.state === 'frozen') {
            process.state = 'awake'
            process.seen.thaw()
          } else if (one.do === 'lose an answer') {
            process.seen.loseAnswer()
          } else if (one.do === 'kill' && process.state === 'awake') {
            process.state = 'dead'
            process.seen.kill()
          } else if (one.do === 'stop' && process.state === 'awake') {
            process.state = 'dead'
            await process.projector.stop()
          }
          return undefined
        }
        await awake()?.projector[one.do]('sums').catch(unheard)
      }
      await start()
      for (const one of steps) {
        await take(one)
        // Something is always under way when the next thing happens.
        if (unlucky()) await clock.advance('30ms')
      }
      for (const process of processes) if (process.state === 'frozen') process.seen.thaw()
      await start()
      const last = processes.at(-1) as Process
      await last.projector.resume('sums')
      const view = last.projector.view(sums())
      const expected = await totals(shared)
      for (let i = 0; i < 200; i++) {
        await clock.advance('500ms')
        const [status] = await last.projector.status()
        if (status?.lag.events === 0 && status.next === undefined) break
      }
      const waited = last.projector.waitFor('sums', await shared.events.head()).catch((error: unknown) => error)
      await clock.advance('6s')
      expect(await waited).toBeUndefined()
      const shown = Object.fromEntries((await view.list()).map(({ key, value }) => [key.slice(key.indexOf('/') + 1), value]))
      expect(shown).toEqual(expected)
      expect(await last.projector.deadLetters('sums')).toEqual([])
      for (const build of await last.projector.prune('sums')) expect(await documentsOf(shared, build)).toEqual({})
      for (const process of processes) await process.projector.stop()
    }),
    { numRuns: 300, timeout: 60_000 },
  )
})

/** Whoever hears no answer does not know whether it was done; everything else is thrown. */
function unheard(error: unknown): void {
  if (!(error instanceof StorageError && error.details['outcome'] === 'unknown')) throw error
}
