import type { StateStore } from '../../src/storage/index.ts'
import { hasEnded, type RunValue } from '../../src/workflow/run-document.ts'
import { concurrencyOf, groupOf, names, rateOf, type Input, type SimulatedName } from './random-program.ts'

/** Watches whether the runs of a simulation keep to the limits of their workflows, by what is stored of them. */
export class LimitWatch {
  readonly problems: string[] = []
  readonly #state: StateStore
  /** When runs were let in, by workflow and group. */
  readonly #begun = new Map<string, Map<string, number>>()

  constructor(state: StateStore) {
    this.#state = state
  }

  async look(): Promise<void> {
    for (const name of names.filter((one) => one !== 'sim')) {
      const runs = await this.#state.list<RunValue>(`runs:${name}/`, { limit: 1_000 })
      const places = new Map<string, string[]>()
      for (const { key, value } of runs) {
        const { admission, state } = value
        const input = value.input as Input
        if (admission?.admitted !== true) continue
        const group = groupOf(input)
        if (!hasEnded(state)) places.set(group, [...(places.get(group) ?? []), key])
        this.#noteBeginning(name, { key, input, begin: admission.begin })
      }
      for (const keys of places.values())
        if (keys.length > concurrencyOf(name)) this.#report(`these go on at the same time: ${keys.join(', ')}`)
    }
  }

  /** What is wrong when all runs have ended: by then everybody has left. */
  async lookAtTheEnd(): Promise<void> {
    for (const name of names)
      for (const { value } of await this.#state.list<{ readonly holders: readonly string[] }>(`run-gates:${name}/`))
        if (value.holders.length > 0) this.#report(`places of ${name} are kept by ${value.holders.join(', ')}`)
  }

  #noteBeginning(
    name: SimulatedName,
    { key, input, begin }: { readonly key: string; readonly input: Input; readonly begin: number | undefined },
  ): void {
    const rate = rateOf(name)
    if (rate === undefined) return
    if (begin === undefined) return this.#report(`${key} was let in at no time`)
    const group = `${name} ${rate.by(input)}`
    const begun = this.#begun.get(group) ?? new Map<string, number>()
    this.#begun.set(group, begun.set(`${key} ${begin}`, begin))
    const times = [...begun.values()]
    for (const from of times)
      if (times.filter((time) => time >= from && time < from + rate.per).length > rate.limit)
        this.#report(`too many of ${group} began within ${rate.per} ms: ${[...begun.keys()].join(', ')}`)
  }

  #report(problem: string): void {
    if (!this.problems.includes(problem)) this.problems.push(problem)
  }
}
