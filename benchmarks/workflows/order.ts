/** What a run of the workflow is started with. */
export interface OrderInput {
  readonly order: string
  /** How many steps it has. */
  readonly steps: number
}

/** What a step comes to, and is recorded. */
export interface Receipt {
  readonly order: string
  readonly step: string
  readonly amount: number
}

/** Records what a step comes to. */
export type StepRunner = (name: string, work: () => Promise<Receipt>) => Promise<Receipt>

const names = ['reserve', 'charge', 'pack', 'ship', 'notify'] as const

/** The workflow, the same for all contenders: one step after the other, each of which does next to nothing. Gives the sum of the amounts. */
export async function fulfil({ order, steps }: OrderInput, run: StepRunner): Promise<number> {
  let sum = 0
  for (let i = 0; i < steps; i++) {
    const name = `${names[i % names.length]}-${i}`
    const { amount } = await run(name, () => work({ order, step: name, amount: i + 1 }))
    sum += amount
  }
  return sum
}

/** Throws where a run came to something else than it should. */
export function requireSum(sum: number, steps: number): void {
  const wanted = (steps * (steps + 1)) / 2
  if (sum !== wanted) throw new Error(`a run came to ${sum}; wanted ${wanted}`)
}

/** Work that another program is to interrupt: while it is held, no second step ends. */
export const interruption = {
  /** Whether second steps wait for ever. */
  isHeld: false,
  /** How many second steps have begun. */
  begun: 0,
}

async function work(receipt: Receipt): Promise<Receipt> {
  if (receipt.amount === 2) {
    interruption.begun++
    if (interruption.isHeld) await new Promise(() => undefined)
  }
  return receipt
}
