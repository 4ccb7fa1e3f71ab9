import type { ServerProcess } from './server-process.ts'
import { ask } from './ask.ts'
import type { CallerFigures, CallerPlan } from './callers.ts'
import { takeRounds, type Rounds } from './rounds.ts'

/** One way of doing the same work. */
export interface Contender {
  readonly label: string
  readonly program: ServerProcess
  /** What its tasks are told beside the plan. */
  readonly input?: object
}

/** Work that callers do for some time. */
export interface CallerWork extends CallerPlan {
  readonly task: string
  readonly rounds: number
  readonly input?: object
}

/** Lets contenders do the same work in turn, and holds what they say they have written against what is there. */
export class Contest {
  readonly contenders: readonly Contender[]
  readonly #written = new Map<ServerProcess, number>()

  constructor(contenders: readonly Contender[]) {
    this.contenders = contenders
  }

  /** Each call of the work writes `batch` things that are counted. */
  measure({ task, rounds, input, ...plan }: CallerWork, batch = 1): Promise<Rounds<CallerFigures>> {
    const byLabel = new Map(this.contenders.map((contender) => [contender.label, contender]))
    return takeRounds(rounds, [...byLabel.keys()], async (label) => {
      const { program, input: own } = byLabel.get(label) as Contender
      const before = this.#written.get(program) ?? (await ask<number>(program, 'count'))
      const name = crypto.randomUUID().slice(0, 8)
      const figures = await ask<CallerFigures>(program, task, { name, ...plan, ...input, ...own })
      this.#written.set(program, before + figures.count * batch)
      return figures
    })
  }

  /** Throws where something is missing, or was done twice. */
  async verify(): Promise<void> {
    for (const [program, written] of this.#written) {
      const count = await ask<number>(program, 'count')
      if (count !== written) throw new Error(`${program.name} acknowledged ${written}, and has ${count}`)
    }
  }
}
