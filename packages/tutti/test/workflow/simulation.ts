import { createWorkflows, type RunHandle, type RunStatus, type StepStatus, type Workflows } from '../../src/workflow/public.ts'
import type { RunValue } from '../../src/workflow/run-document.ts'
import { interpreters, names, type Input, type Simulated, type SimulatedName } from './random-program.ts'
import { LimitWatch } from './simulated-limits.ts'
import { randomOf, SimulatedProcess, SimulatedTime, type Fault } from './simulated-processes.ts'
import { World } from './simulated-world.ts'

interface Member {
  readonly process: SimulatedProcess
  readonly engine: Workflows
  readonly definitions: Readonly<Record<SimulatedName, Simulated>>
}

/** How much happens before everything is left in peace. */
const actions = 120

/** Lets what follows from the last action happen. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Some processes that execute random runs, while they are killed and stopped, and their storage fails. */
class Simulation {
  readonly #random: () => number
  readonly #time = new SimulatedTime()
  readonly #world: World
  readonly #calls: (() => void)[] = []
  readonly #members: Member[] = []
  readonly #sent = new Set<string>()
  /** The signals of which somebody knows that they have arrived. */
  readonly #arrived = new Set<string>()
  readonly #runs: { readonly id: string; readonly name: SimulatedName }[] = []
  /** What most runs are of, so that they get in each other's way. */
  readonly #favourite: SimulatedName
  readonly #limits: LimitWatch

  constructor(seed: number) {
    this.#random = randomOf(seed)
    this.#world = new World(this.#random)
    this.#limits = new LimitWatch(this.#world.storage.state)
    this.#favourite = this.#pick(names)
  }

  /** Plays it to the end. Gives what is wrong then. */
  async play(): Promise<string[]> {
    this.#startProcess()
    this.#startRun()
    for (let i = 0; i < actions; i++) {
      this.#act()
      await settled()
      if (i % 6 === 0) await this.#limits.look()
    }
    const open = await this.#heal()
    return open.length > 0 ? [`these runs have not ended: ${open.join(', ')}`] : this.#check()
  }

  #act(): void {
    const dice = this.#random()
    if (dice < 0.02 && this.#members.filter(({ process }) => !process.isDead).length < 4) this.#startProcess()
    else if (dice < 0.06) this.#startRun()
    else if (dice < 0.075) this.#anyone()?.process.fallAsleep()
    else if (dice < 0.1) for (const { process } of this.#members) process.wake()
    else if (dice < 0.115) this.#anyone()?.process.kill()
    else if (dice < 0.13) void this.#anyone()?.engine.stop({ timeout: '5s' })
    else if (dice < 0.18) this.#meddle((run) => this.#send(run))
    else if (dice < 0.2) this.#meddle((run) => run.cancel('the dice'))
    else if (dice < 0.22) this.#meddle((run) => run.retry())
    else if (dice < 0.8 && this.#calls.length > 0) this.#giveTurn()
    else this.#time.pass(Math.min(this.#time.next, this.#time.now + Math.floor(this.#random() * 1_500)))
  }

  /** Ends all trouble, and waits until all runs have ended. Gives those that do not. */
  async #heal(): Promise<string[]> {
    this.#world.isHostile = false
    for (const { process } of this.#members) process.wake()
    this.#startProcess()
    let open: string[] = []
    for (let i = 0; i < 10_000; i++) {
      if (this.#calls.length > 0) this.#giveTurn()
      else this.#time.pass(this.#time.next)
      await settled()
      if (i % 25 !== 0) continue
      await this.#limits.look()
      const runs = await Promise.all(names.map((name) => this.#world.storage.state.list(`runs:${name}/`, { limit: 1_000 })))
      open = runs
        .flat()
        .filter(({ status = '' }) => status.startsWith('open@') || status === 'stuck')
        .map(({ key, value }) => `${key} ${JSON.stringify(value)}`)
      if (open.length === 0 && this.#calls.length === 0) return []
    }
    return open
  }

  #startProcess(): void {
    const process = new SimulatedProcess(`p${this.#members.length}`, {
      time: this.#time,
      storage: this.#world.storage,
      calls: this.#calls,
      fault: () => this.#fault(),
    })
    const definitions = interpreters(this.#world, process)
    const engine = createWorkflows(process.storage, Object.values(definitions), {
      clock: process.clock,
      owner: process.name,
      lease: 3_000,
      poll: 700,
      idle: 300,
      takeovers: 1_000,
      concurrency: 3,
    })
    this.#members.push({ process, engine, definitions })
    engine.start().catch(() => undefined)
  }

  #startRun(): void {
    const member = this.#anyone()
    if (member === undefined || this.#runs.length >= 5) return
    const id = `r${this.#runs.length}`
    const name = this.#random() < 0.7 ? this.#favourite : this.#pick(names)
    this.#runs.push({ id, name })
    const input = { seed: Math.floor(this.#random() * 2 ** 31), depth: 0, round: 0, moved: 0 }
    const late = this.#random()
    const options = { id, ...(late < 0.1 && { after: 2_000 }), ...(late > 0.9 && { deadline: 20_000 }) }
    const start = async (): Promise<void> => {
      for (;;) {
        try {
          await member.engine.run(member.definitions[name], input, options)
          return
        } catch {
          await member.process.clock.sleep(100)
        }
      }
    }
    void start()
  }

  #meddle(what: (run: RunHandle<Simulated>) => Promise<unknown>): void {
    const member = this.#anyone()
    if (member === undefined || this.#runs.length === 0) return
    const { id, name } = this.#pick(this.#runs)
    const run = member.engine.get(member.definitions[name], id)
    // It may be too early or too late for it, or the storage may fail.
    what(run).catch(() => undefined)
  }

  async #send(run: RunHandle<Simulated>): Promise<void> {
    const data = `signal ${this.#sent.size}`
    this.#sent.add(data)
    await run.signal('go', data, this.#random() < 0.5 ? { key: data } : {})
    this.#arrived.add(data)
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T
  }

  /** Some process that lives and is awake. */
  #anyone(): Member | undefined {
    const awake = this.#members.filter(({ process }) => !process.isDead && !process.isAsleep)
    return awake[Math.floor(this.#random() * awake.length)]
  }

  #giveTurn(): void {
    const [call] = this.#calls.splice(Math.floor(this.#random() * this.#calls.length), 1)
    call?.()
  }

  #fault(): Fault {
    if (!this.#world.isHostile) return 'none'
    const dice = this.#random()
    if (dice < 0.02) return 'killed before'
    if (dice < 0.04) return 'killed after'
    if (dice < 0.06) return 'refused'
    if (dice < 0.08) return 'answer lost'
    return dice < 0.1 ? 'late' : 'none'
  }

  async #check(): Promise<string[]> {
    await this.#limits.lookAtTheEnd()
    const problems: string[] = [...this.#limits.problems]
    const { storage } = this.#world
    const last = this.#members.at(-1)
    if (last === undefined) return ['there is no process']
    const reader = createWorkflows(storage, Object.values(last.definitions), { clock: last.process.clock })
    const { runs } = await reader.list({ limit: 1_000 })
    const simulated = runs.map((run): SimulatedRun => ({ ...run, name: nameOf(run.workflow), journal: journalOf(run) }))
    const states = new Map(simulated.map(({ journal, state }) => [journal, state]))
    const signals: unknown[] = []
    let moved = 0
    for (const run of simulated) {
      const steps = await reader.get(last.definitions[run.name], run.id).steps()
      problems.push(...this.#checkRun(run, steps).map((problem) => `${run.workflow}/${run.id} (${run.state}): ${problem}`))
      const parent = states.get(run.id.slice(0, run.id.indexOf('/')))
      if (run.state === 'completed' && parent !== undefined && parent !== 'completed')
        problems.push(`${run.id} is completed, and its parent ${parent}`)
      signals.push(...steps.filter(({ kind, result }) => kind === 'signal' && result !== undefined).map(({ result }) => result))
      moved +=
        inputOf(run).moved + steps.filter(({ kind, failure, undo }) => kind === 'tx' && failure === undefined && undo !== 'done').length
    }
    if (new Set(signals).size !== signals.length || !signals.every((one) => this.#sent.has(String(one))))
      problems.push(`signals were taken that nobody sent, or twice: ${signals.join(', ')}`)
    const documents = (await Promise.all(names.map((name) => storage.state.list<RunValue>(`runs:${name}/`, { limit: 1_000 })))).flat()
    for (const { key, value } of documents) {
      const { round } = value.input as Input
      if (value.generation !== round)
        problems.push(`${key} was handed over ${value.generation} times, and its function did so ${round} times`)
    }
    const unread = new Set(documents.flatMap(({ value }) => (value.inbox ?? []).map(({ data }) => data)))
    const lost = [...this.#arrived].filter((one) => !unread.has(one) && !this.#world.taken.has(one))
    if (lost.length > 0) problems.push(`signals were lost: ${lost.join(', ')}`)
    const [from, to] = (await storage.state.getMany<{ coins: number; moves: string[] }>(['money/from', 'money/to'])).map(
      (one) => one?.value,
    )
    if ((to?.coins ?? 0) !== moved || (from?.coins ?? 0) !== -moved) problems.push(`${to?.coins} coins were moved, and ${moved} recorded`)
    if (new Set(to?.moves).size !== (to?.moves ?? []).length) problems.push(`a coin was moved twice: ${to?.moves.join(', ')}`)
    return problems
  }

  #checkRun({ name, journal, state, output }: SimulatedRun, steps: readonly StepStatus[]): string[] {
    const problems: string[] = []
    const paths = steps.map(({ step }) => step)
    const seqs = new Map(paths.map((path, seq) => [path, seq]))
    if (seqs.size !== paths.length) problems.push(`a step was recorded twice: ${paths.join(', ')}`)
    for (const { step, kind, result, failure, undo } of steps) {
      const key = `${name}/${journal}/${step}`
      if (kind === 'step' && failure === undefined && !(this.#world.effects.get(key) ?? []).includes(String(result)))
        problems.push(`${step} was recorded with ${String(result)}, which it never gave`)
      if (kind === 'step' && (undo === 'done') !== this.#world.undone.has(`${name}/${journal}/undo:${step}`))
        problems.push(`${step} is recorded as undo ${undo}, but that is not what happened`)
      if (undo === 'possible' && state !== 'completed') problems.push(`${step} was not undone`)
      if (state === 'failed' && undo !== 'none') problems.push(`${step} has undo ${undo} in a run that has nothing to undo`)
    }
    for (const [path, result] of Object.entries((output ?? {}) as Record<string, unknown>)) {
      const recorded = steps.find(({ step }) => step === path)
      if (recorded?.result !== result)
        problems.push(`the function saw ${String(result)} of ${path}, and ${String(recorded?.result)} was recorded`)
    }
    if (state === 'completed')
      for (const key of this.#world.effects.keys()) {
        const step = key.startsWith(`${name}/${journal}/`) ? key.slice(`${name}/${journal}/`.length) : '/'
        // In a branch that was given up it may have been interrupted.
        if (!step.includes('/') && !seqs.has(step)) problems.push(`${step} had an effect without a record`)
      }
    const undone = paths.filter((path) => path.startsWith('undo:')).map((path) => path.slice('undo:'.length))
    for (const [i, first] of undone.entries()) {
      // Branches are undone by themselves while others go on.
      for (const second of undone.slice(i + 1).filter((path) => prefixOf(path) === prefixOf(first))) {
        // What was begun and not recorded came last.
        const [a = steps.length, b = steps.length, undo = 0] = [seqs.get(first), seqs.get(second), seqs.get(`undo:${first}`)]
        if (a < b && undo > b) problems.push(`${first} was undone before ${second}, which came later`)
      }
    }
    return problems
  }
}

/** A run of a simulation, and what the keys of its steps begin with. */
interface SimulatedRun extends RunStatus {
  readonly name: SimulatedName
  readonly journal: string
}

function nameOf(workflow: string): SimulatedName {
  return names.find((name) => name === workflow) ?? 'sim'
}

function inputOf({ input }: RunStatus): Input {
  // It is what these simulations have started it with.
  return input as Input
}

function journalOf(run: RunStatus): string {
  const { round } = inputOf(run)
  return round === 0 ? run.id : `${run.id}.${round}`
}

function prefixOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** Plays a simulation. Gives what is wrong at its end. */
export async function simulate(seed: number): Promise<string[]> {
  const { random } = Math
  // The engine's own dice are part of the game.
  Math.random = randomOf(seed + 1)
  try {
    return await new Simulation(seed).play()
  } finally {
    Math.random = random
  }
}
