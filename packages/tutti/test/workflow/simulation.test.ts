import { expect, it } from 'vitest'
import { simulate } from './simulation.ts'

/** `SIMULATION_SEED=7 npm test -- simulation` plays that one alone. */
const only = process.env['SIMULATION_SEED']
const count = Number(process.env['SIMULATION_SEEDS'] ?? 2_000)

it('whatever fails, every run ends as its journal says, and nothing is done that is not recorded', { timeout: 600_000 }, async () => {
  const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)]
  for (const seed of seeds) {
    const problems = await simulate(seed)
    expect(problems, `seed ${seed}: repeat it with SIMULATION_SEED=${seed} npm test -- simulation`).toEqual([])
  }
})
