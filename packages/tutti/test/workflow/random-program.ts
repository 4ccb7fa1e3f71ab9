import * as z from 'zod'
import { milliseconds } from '../../src/kernel/index.ts'
import { StepFailedError, workflow, type Workflow, type WorkflowLimits } from '../../src/workflow/public.ts'
import { randomOf, type SimulatedProcess } from './simulated-processes.ts'
import type { World } from './simulated-world.ts'

/** What a run of the simulation does: the same for the same seed. */
export type Program = readonly Operation[]

export type Operation =
  | {
      readonly kind: 'step'
      readonly name: string
      readonly undo: boolean
      readonly fails: 'never' | 'sometimes' | 'always'
      readonly caught: boolean
    }
  | { readonly kind: 'tx'; readonly name: string }
  | { readonly kind: 'all'; readonly branches: Readonly<Record<string, Program>>; readonly caught: boolean }
  | { readonly kind: 'sleep'; readonly time: number }
  | { readonly kind: 'signal'; readonly within: number }
  | { readonly kind: 'values' }
  | { readonly kind: 'child'; readonly name: string; readonly seed: number; readonly of: SimulatedName }
  | { readonly kind: 'continue'; readonly seed: number }
  | { readonly kind: 'fail' }

/** A program of a few operations. */
function programOf(random: () => number, depth = 0): Program {
  const pick = <T>(...choices: T[]): T => choices[Math.floor(random() * choices.length)] as T
  let named = 0
  const operation = (): Operation => {
    const name = `s${named++}`
    switch (pick('step', 'step', 'step', 'step', 'tx', 'tx', 'all', 'sleep', 'signal', 'values', 'child', 'fail')) {
      case 'tx':
        return { kind: 'tx', name }
      case 'all':
        if (depth === 2) return { kind: 'values' }
        return {
          kind: 'all',
          branches: Object.fromEntries(
            Array.from({ length: 2 + Math.floor(random() * 2) }, (_, i) => [`b${named}x${i}`, programOf(random, depth + 1)]),
          ),
          caught: random() < 0.2,
        }
      case 'sleep':
        return { kind: 'sleep', time: pick(5, 500, 5_000, 15_000) }
      case 'signal':
        return { kind: 'signal', within: pick(2_000, 20_000) }
      case 'values':
        return { kind: 'values' }
      case 'child':
        return depth > 0 ? { kind: 'values' } : { kind: 'child', name, seed: Math.floor(random() * 2 ** 31), of: pick(...names) }
      case 'fail':
        return random() < 0.3 ? { kind: 'fail' } : { kind: 'values' }
      default:
        return {
          kind: 'step',
          name,
          undo: random() < 0.7,
          fails: pick('never', 'never', 'never', 'sometimes', 'sometimes', random() < 0.3 ? 'always' : 'never'),
          caught: random() < 0.2,
        }
    }
  }
  const program = Array.from({ length: 1 + Math.floor(random() * (depth === 0 ? 6 : 3)) }, operation)
  const goesOn = depth === 0 && random() < 0.2
  return goesOn ? [...program, { kind: 'continue', seed: Math.floor(random() * 2 ** 31) }] : program
}

const input = z.object({
  seed: z.number(),
  /** 1 for a run that another one has started. */
  depth: z.number(),
  /** How often it has gone on from the beginning, and how many coins it had moved by then. */
  round: z.number(),
  moved: z.number(),
})
const signals = { go: z.string() }

export type Input = z.infer<typeof input>
export type Simulated = Workflow<Input, Readonly<Record<string, unknown>>, typeof signals>

/** What a workflow of the simulation has for limits, and in which of two groups a run is counted. */
const limits = {
  sim: {},
  narrow: { concurrency: { limit: 1, by: groupOf } },
  paced: { rate: { limit: 2, per: 4_000, by: groupOf } },
  both: { concurrency: { limit: 2, by: groupOf }, rate: { limit: 2, per: 4_000 } },
} as const

export type SimulatedName = keyof typeof limits

export const names: readonly SimulatedName[] = ['sim', 'narrow', 'paced', 'both']

/** How many runs of a group go on at a time. */
export function concurrencyOf(name: SimulatedName): number {
  const all: WorkflowLimits<Input> = limits[name]
  return typeof all.concurrency === 'object' ? all.concurrency.limit : Number.POSITIVE_INFINITY
}

/** How many runs begin in how many milliseconds, of which group. */
export function rateOf(
  name: SimulatedName,
): { readonly limit: number; readonly per: number; readonly by: (input: Input) => string } | undefined {
  const { rate }: WorkflowLimits<Input> = limits[name]
  return rate && { limit: rate.limit, per: milliseconds(rate.per), by: rate.by ?? (() => 'all') }
}

export function groupOf({ seed }: Pick<Input, 'seed'>): string {
  return seed % 4 === 0 ? 'few' : 'many'
}

/** The workflows that do programs, as a process has them. What each operation gives comes back by its path. */
export function interpreters(world: World, process: SimulatedProcess): Readonly<Record<SimulatedName, Simulated>> {
  const find = (name: SimulatedName): Simulated => known[name]
  const known: Readonly<Record<SimulatedName, Simulated>> = {
    sim: interpreter('sim', { world, process, find }),
    narrow: interpreter('narrow', { world, process, find }),
    paced: interpreter('paced', { world, process, find }),
    both: interpreter('both', { world, process, find }),
  }
  return known
}

function interpreter(
  called: SimulatedName,
  parts: { readonly world: World; readonly process: SimulatedProcess; readonly find: (name: SimulatedName) => Simulated },
): Simulated {
  const { world, process, find } = parts
  /** Runs that wait for each other's places would wait for ever. */
  const childOf = (name: SimulatedName): SimulatedName => (Math.max(concurrencyOf(called), concurrencyOf(name)) < 10 ? 'sim' : name)
  return workflow(
    called,
    { input, signals, retry: { attempts: 6, delay: 200, maxDelay: 3_000, jitter: 'none' }, ...limits[called] },
    async (w, { seed, depth, round, moved: before }) => {
      let moved = before
      const seen: Record<string, unknown> = {}
      const perform = async (operations: Program, prefix: string): Promise<void> => {
        for (const operation of operations) {
          switch (operation.kind) {
            case 'step': {
              const { name, undo, fails, caught } = operation
              try {
                seen[prefix + name] = await w.step(name, ({ key }) => world.effect(process, key, fails), {
                  ...(undo && {
                    undo: {
                      run: (_, { key }) => world.undo(process, key),
                      retry: { attempts: 1_000, delay: 300, maxDelay: 3_000, jitter: 'none' },
                    },
                  }),
                })
              } catch (error) {
                if (!caught || !(error instanceof StepFailedError)) throw error
              }
              break
            }
            case 'tx': {
              const { name } = operation
              seen[prefix + name] = await w.tx(name, (tx, { key }) => world.transfer(tx, key), {
                undo: {
                  run: (_, { key }) => world.transferBack(process, key),
                  retry: { attempts: 1_000, delay: 300, maxDelay: 3_000, jitter: 'none' },
                },
              })
              moved++
              break
            }
            case 'all': {
              const movedBefore = moved
              try {
                await w.all(
                  Object.fromEntries(
                    Object.entries(operation.branches).map(([label, branch]) => [label, () => perform(branch, `${prefix}${label}/`)]),
                  ),
                )
              } catch (error) {
                if (!operation.caught || !(error instanceof StepFailedError)) throw error
                // What the branches had moved is moved back.
                moved = movedBefore
              }
              break
            }
            case 'sleep':
              await w.sleep(operation.time)
              break
            case 'signal':
              world.took(await w.signal('go', { within: operation.within }))
              break
            case 'values':
              w.now()
              w.random()
              w.id()
              break
            case 'child':
              if (depth > 0) break
              await w.run(
                find(childOf(operation.of)),
                { seed: operation.seed, depth: depth + 1, round: 0, moved: 0 },
                { name: operation.name },
              )
              break
            case 'continue':
              // One that is in keeps its group.
              if (round < 3) await w.continueAs({ seed: operation.seed * 4 + (seed % 4), depth, round: round + 1, moved })
              break
            default:
              throw w.fail('as it was meant to')
          }
        }
      }
      await perform(programOf(randomOf(seed)), '')
      return seen
    },
  )
}
