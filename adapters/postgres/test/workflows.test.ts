import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createWorkflows, type StepStatus } from 'tutti/workflow'
import { postgres, type PostgresStorage } from '../src/index.ts'
import { privateServer, type PrivateServer } from '../../../scripts/services/private-server.mjs'
import { describeWithServer } from './test-storage.ts'
import { accounts, accountsOf, createEffects, endOf, moveWith } from './workflow-move.ts'

/** Some 30 seconds on two cores; `TUTTI_RUNS=500` is enough to try something. */
const runs = Number(process.env['TUTTI_RUNS'] ?? 2_000)

/** A process that executes runs. */
class WorkerProcess {
  readonly #child: ChildProcess

  constructor(url: string, name: string) {
    const fixture = join(import.meta.dirname, 'fixtures/workflow-worker.ts')
    const { execPath } = process
    this.#child = spawn(execPath, ['--conditions=@tutti/source', fixture, url, name], { stdio: ['ignore', 'ignore', 'inherit'] })
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

describeWithServer('Processes that execute runs', () => {
  let server: PrivateServer
  let storage: PostgresStorage
  const workers: WorkerProcess[] = []
  let started = 0

  const startWorker = (): WorkerProcess => new WorkerProcess(server.url, `w${started++}`)
  const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))

  beforeAll(async () => {
    server = await privateServer('postgres')
    storage = postgres({ url: server.url, pool: { connectTimeout: '2s' } })
    await storage.migrate()
    await createEffects(storage)
  }, 240_000)

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    await storage.close()
    await server.remove()
  }, 240_000)

  it(
    'are killed and stopped at random, and their server is restarted: every run ends right, and what it did is there',
    { timeout: 600_000 },
    async () => {
      const move = moveWith(storage)
      const engine = createWorkflows(storage, [move])
      for (let i = 0; i < 3; i++) workers.push(startWorker())
      for (let n = 0; n < runs; n += 200)
        await Promise.all(Array.from({ length: Math.min(200, runs - n) }, (_, i) => engine.run(move, { n: n + i }, { id: String(n + i) })))

      const left = async (): Promise<number> => {
        try {
          const [row] = await storage.sql`select count(*) as open from tutti.documents where collection = 'runs:move' and status = 'open@1'`
          return Number(row?.['open'])
        } catch {
          return runs
        }
      }
      let open = runs
      for (let round = 0; open > 0; round++) {
        const at = round % workers.length
        const worker = workers[at] as WorkerProcess
        // The last ones are left in peace.
        if (round === 3) {
          await server.crash()
          await pause(300)
          await server.start()
        } else if (open > runs * 0.05 && round % 2 === 0) {
          await worker.kill()
          workers[at] = startWorker()
        } else if (open > runs * 0.05) {
          worker.signal('SIGSTOP')
          // Longer than its lease: others take its runs over, and it wakes up as a zombie.
          setTimeout(() => worker.signal('SIGCONT'), 3_500)
        }
        // Something has to get on before the next one, however busy the machine is.
        const before = open
        const wanted = Math.random() * 0.08 * runs
        do {
          await pause(100)
          open = await left()
        } while (open > 0 && open > before - wanted)
      }
      const moved = new Map<string, number>()
      const effects = new Map<string, number>()
      for (const { key, times } of await storage.sql`select key, times from effects`) effects.set(String(key), Number(times))
      for (let n = 0; n < runs; n++) {
        const run = engine.get(move, String(n))
        const [{ state }, steps] = await Promise.all([run.status(), run.steps()])
        expect(`${n} ${state}`).toBe(`${n} ${endOf(n)}`)
        expect(problemsOf(n, steps, effects)).toEqual([])
        if (state !== 'completed') continue
        const { from, to } = accountsOf(n)
        moved.set(from, (moved.get(from) ?? 0) - 1)
        moved.set(to, (moved.get(to) ?? 0) + 1)
      }
      const found = await storage.sql`select name, coins from accounts`
      const wrong = found.filter(({ name, coins }) => Number(coins) !== 1_000 + (moved.get(String(name)) ?? 0))
      expect([found.length, wrong]).toEqual([accounts, []])
    },
  )
})

/** What of a run's journal does not fit what happened. */
function problemsOf(n: number, steps: readonly StepStatus[], effects: ReadonlyMap<string, number>): string[] {
  const problems: string[] = []
  const paths = steps.map(({ step }) => step)
  if (new Set(paths).size !== paths.length) problems.push(`something was recorded twice: ${paths.join(', ')}`)
  const isUndone = endOf(n) === 'compensated'
  for (const { step, kind, failure, undo } of steps) {
    const had = effects.has(`move/${n}/${step}`)
    const isEffect = (kind === 'step' && step !== 'fee/compute' && failure === undefined) || kind === 'undo'
    if (isEffect && !had) problems.push(`${step} is recorded, and had no effect`)
    if (undo === 'possible' && isUndone) problems.push(`${step} was not undone`)
    if (undo === 'done' && !isUndone) problems.push(`${step} was undone`)
    if (!isUndone && effects.has(`move/${n}/undo:${step}`)) problems.push(`${step} was undone in a run that is completed`)
  }
  return problems
}
