import * as z from 'zod'
import { StepFailedError, workflow, type Workflow } from '../../src/workflow/public.ts'
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
  | { readonly kind: 'child'; readonly name: string; readonly seed: number }
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
        return depth > 0 ? { kind: 'values' } : { kind: 'child', name, seed: Math.floor(random() * 2 ** 31) }
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
  return Array.from({ length: 1 + Math.floor(random() * (depth === 0 ? 6 : 3)) }, operation)
}

const input = z.object({ seed: z.number(), depth: z.number() })
const signals = { go: z.string() }

type Input = z.infer<typeof input>

/** The workflow that does programs: what each operation gives comes back by its path. */
export function interpreter(world: World, process: SimulatedProcess) {
  const definition: Workflow<Input, Readonly<Record<string, unknown>>, typeof signals> = workflow(
    'sim',
    { input, signals, retry: { attempts: 6, delay: 200, maxDelay: 3_000, jitter: 'none' } },
    async (w, { seed, depth }) => {
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
              break
            }
            case 'all':
              try {
                await w.all(
                  Object.fromEntries(
                    Object.entries(operation.branches).map(([label, branch]) => [label, () => perform(branch, `${prefix}${label}/`)]),
                  ),
                )
              } catch (error) {
                if (!operation.caught || !(error instanceof StepFailedError)) throw error
              }
              break
            case 'sleep':
              await w.sleep(operation.time)
              break
            case 'signal':
              await w.signal('go', { within: operation.within })
              break
            case 'values':
              w.now()
              w.random()
              w.id()
              break
            case 'child':
              if (depth > 0) break
              await w.run(definition, { seed: operation.seed, depth: depth + 1 }, { name: operation.name })
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
  return definition
}
