import { milliseconds, OptionError, type Timer } from '../kernel/index.ts'
import type { Followable, Viewable, WaitForOptions } from '../message/index.ts'
import type { Document, DocumentChange, Storage } from '../storage/index.ts'
import { tableName } from './build.ts'
import { restart, type Durable } from './builds.ts'
import { controlKey, updateControl, type Control } from './control.ts'
import { changeLetter, findLetter, listLetters, toDeadLetter, type DeadLetter, type LetterValue } from './dead-letters.ts'
import { ProjectionError } from './errors.ts'
import { gaugeLetters } from './letter-gauge.ts'
import { LogReader } from './log-reader.ts'
import { Membership } from './membership.ts'
import { MemoryRunner } from './memory-runner.ts'
import type { Projection } from './projection.ts'
import { resolveProjector, type ProjectorOptions, type ProjectorSettings } from './projector-options.ts'
import { pruneBuilds } from './prune.ts'
import { Pulse } from './pulse.ts'
import { segmentOf } from './segment-of.ts'
import type { Projector, ProjectorDefinition } from './projector-interface.ts'
import { readStatus, type ProjectionStatus } from './status.ts'
import { Supervisor } from './supervisor.ts'
import type { DocumentView, MemoryView } from './views.ts'
import { storedPosition, waitUntil } from './wait-for.ts'

/** Creates what keeps read models up to date and runs subscriptions on a storage. Names must be unique. */
export function createProjector(storage: Storage, definitions: readonly ProjectorDefinition[], options: ProjectorOptions = {}): Projector {
  return new StorageProjector(storage, definitions, resolveProjector(options, storage.capabilities))
}

class StorageProjector implements Projector {
  readonly #storage: Storage
  readonly #settings: ProjectorSettings
  readonly #reader: LogReader
  readonly #membership: Membership
  readonly #pulse: Pulse
  readonly #durable = new Map<string, Supervisor>()
  readonly #memory = new Map<string, MemoryRunner>()
  readonly #gauges: Disposable[] = []
  #progress = Promise.withResolvers<void>()
  #timer: Timer | undefined
  #ticking: Promise<void> | undefined
  #again = false
  #lastBeat = Number.NEGATIVE_INFINITY
  #served = ''
  #running = false
  #stopped: Promise<void> | undefined

  constructor(storage: Storage, definitions: readonly ProjectorDefinition[], settings: ProjectorSettings) {
    this.#storage = storage
    this.#settings = settings
    this.#reader = new LogReader(
      storage.events,
      definitions.flatMap(({ handlers }) => [...handlers.keys()]),
    )
    this.#membership = new Membership(storage, settings)
    this.#pulse = new Pulse(settings.clock, settings.poll, () => this.#stir())
    const onProgress = (): void => this.#progressed()
    for (const definition of definitions) {
      const { name } = definition
      if (this.#durable.has(name) || this.#memory.has(name))
        throw new OptionError(`createProjector received two definitions called ${name}; wanted each name once.`)
      if (definition.kind === 'memory-projection')
        this.#memory.set(name, new MemoryRunner(definition, { reader: this.#reader, log: settings.log, clock: settings.clock, onProgress }))
      else if (definition.kind === 'subscription' || definition.mode === 'async')
        this.#durable.set(name, new Supervisor<Durable>(definition, { storage, settings, reader: this.#reader, onProgress }))
    }
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#pulse.start(this.#storage.events)
    for (const supervisor of this.#durable.values()) await supervisor.start()
    for (const runner of this.#memory.values()) runner.start()
    await this.#tick()
    this.#arm()
    const lag = this.#settings.meter.gauge('tutti.projection.lag', () => this.#lags(), {
      description: 'Positions between a projection and the end of the log as this process knows it',
    })
    this.#gauges.push(lag, gaugeLetters(this.#storage, this.#settings, [...this.#durable.keys()]))
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    this.#running = false
    this.#timer?.cancel()
    this.#pulse.stop()
    for (const gauge of this.#gauges.splice(0)) gauge[Symbol.dispose]()
    await this.#ticking
    await Promise.all([...this.#durable.values(), ...this.#memory.values()].map((one) => one.stop()))
    if (this.#durable.size > 0)
      await this.#membership.leave().catch((error: unknown) => this.#settings.log.warn('A process could not say that it ends', { error }))
  }

  async waitFor(projection: ProjectorDefinition | string, position: number, options: WaitForOptions = {}): Promise<void> {
    const name = nameOf(projection)
    const memory = this.#memory.get(name)
    // Inline projections are as far as the log is.
    if (typeof projection === 'object' && projection.kind === 'projection' && projection.mode === 'inline') return
    const supervisor = memory === undefined ? this.#supervisor(name) : undefined
    const { clock } = this.#settings
    const timeout = milliseconds(options.timeout ?? '5s')
    const reached = async (): Promise<boolean> => {
      if (memory !== undefined) return (memory.failure === undefined ? memory.position : failed(memory.failure)) >= position
      if (supervisor === undefined) return false
      if (localPosition(supervisor, options.stream) >= position) return true
      // What is waited for here must be what is read from here.
      await supervisor.refresh()
      return (await storedPosition(this.#storage, supervisor.control, options.stream)) >= position
    }
    const deadline = clock.monotonic() + timeout
    const progress = (): Promise<void> => this.#progress.promise
    if (await waitUntil(reached, { clock, deadline, signal: options.signal, progress })) return
    throw new ProjectionError('TUTTI_TIMEOUT', `The projection ${name} has not come to position ${position} within ${timeout} ms.`, {
      status: 504,
      details: { projection: name, position },
    })
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    const now = this.#settings.clock.now()
    const all = await Promise.all([...this.#durable.values()].map(({ definition }) => readStatus(this.#storage, definition, now)))
    return all.filter((status) => status !== undefined)
  }

  view<View>(projection: Viewable<View>): View {
    // Both kinds of projections say in their types what reading them gives.
    return this.#view(projection) as View
  }

  async pause(projection: ProjectorDefinition | string): Promise<void> {
    await this.#change(nameOf(projection), (before) => ({ ...before, paused: true }))
  }

  async resume(projection: ProjectorDefinition | string): Promise<void> {
    await this.#change(nameOf(projection), ({ stopped: _, ...before }) => ({ ...before, paused: false }))
  }

  async reset(projection: ProjectorDefinition | string, { from = 0 }: { readonly from?: number } = {}): Promise<void> {
    const name = nameOf(projection)
    const memory = this.#memory.get(name)
    if (memory !== undefined) return memory.reset()
    const supervisor = this.#supervisor(name)
    await supervisor.take(await restart(supervisor.definition, { ...supervisor.parts, from }))
    await this.#tick()
  }

  prune(projection: ProjectorDefinition | string): Promise<readonly string[]> {
    return pruneBuilds(this.#storage, this.#supervisor(nameOf(projection)).definition)
  }

  async deadLetters(projection: ProjectorDefinition | string): Promise<readonly DeadLetter[]> {
    return (await listLetters(this.#storage, `${nameOf(projection)}@`)).map((letter) => toDeadLetter(letter))
  }

  replay(projection: ProjectorDefinition | string, ids?: readonly string[]): Promise<number> {
    return this.#letters(nameOf(projection), ids, ({ key, value, version }) => ({ key, value, ifVersion: version, status: 'replay' }))
  }

  discard(projection: ProjectorDefinition | string, ids?: readonly string[]): Promise<number> {
    return this.#letters(nameOf(projection), ids, ({ key, value, version }) =>
      value.parked
        ? { key, value: { ...value, discarded: true }, ifVersion: version, status: 'replay' }
        : { key, delete: true, ifVersion: version },
    )
  }

  #view(projection: Followable): MemoryView<unknown> | DocumentView {
    const memory = this.#memory.get(projection.name)
    if (memory !== undefined && memory.definition === projection) return memory
    if (!isProjection(projection)) throw unknown(projection.name)
    const { state } = this.#storage
    const live = (): { readonly id: string; readonly version: number; readonly generation: number } =>
      this.#durable.get(projection.name)?.live ?? {
        id: `${projection.name}@${projection.version}`,
        version: projection.version,
        generation: 0,
      }
    return {
      get: async <T>(id: string) => (await state.get<T>(`${live().id}/${id}`))?.value,
      list: (prefix = '', options = {}) => state.list(`${live().id}/${prefix}`, options),
      table: (name) => this.#storage.sql.id(tableName(live(), name)),
    }
  }

  async #letters(
    name: string,
    ids: readonly string[] | undefined,
    change: (letter: Document<LetterValue>) => DocumentChange,
  ): Promise<number> {
    const found =
      ids === undefined
        ? await listLetters(this.#storage, `${name}@`)
        : (await Promise.all(ids.map((id) => findLetter(this.#storage, name, id)))).filter((letter) => letter !== undefined)
    for (const letter of found) await changeLetter(this.#storage, letter, change)
    for (const runner of this.#durable.get(name)?.runners ?? []) runner.replay()
    return found.length
  }

  async #change(name: string, change: (before: Control) => Control): Promise<void> {
    const control = await updateControl(this.#storage, name, (before) => before && change(before))
    if (control === undefined) throw unknown(name)
    await this.#durable.get(name)?.take(control)
  }

  #supervisor(name: string): Supervisor {
    const supervisor = this.#durable.get(name)
    if (supervisor === undefined) throw unknown(name)
    return supervisor
  }

  #stir(): void {
    this.#reader.stir()
    for (const { runners } of this.#durable.values()) for (const runner of runners) runner.wake()
    for (const runner of this.#memory.values()) runner.wake()
  }

  #progressed(): void {
    const before = this.#progress
    this.#progress = Promise.withResolvers()
    before.resolve()
    // New runners need segments, and others must hear of them.
    const served = this.#builds().join()
    if (this.#running && served !== this.#served) void this.#tick()
  }

  #arm(): void {
    this.#timer = this.#settings.clock
      .setTimeout(() => {
        void this.#tick().then(() => {
          if (this.#running) this.#arm()
        })
      }, this.#settings.interval)
      .unref()
  }

  /** One at a time; asked for meanwhile, another one follows. */
  #tick(): Promise<void> {
    if (this.#ticking !== undefined) {
      this.#again = true
      return this.#ticking
    }
    this.#ticking = this.#tickAll().finally(() => (this.#ticking = undefined))
    return this.#ticking
  }

  async #tickAll(): Promise<void> {
    if (this.#durable.size === 0) return
    do {
      this.#again = false
      try {
        await this.#look()
      } catch (error) {
        this.#settings.log.warn('The leases of projections cannot be kept up; it is tried again', { error })
      }
    } while (this.#again && this.#running)
  }

  async #look(): Promise<void> {
    const { state } = this.#storage
    const supervisors = [...this.#durable.values()]
    const controls = await state.getMany<Control>(supervisors.map(({ definition }) => controlKey(definition.name)))
    for (const [i, control] of controls.entries()) if (control !== undefined) await supervisors[i]?.take(control.value)
    const runners = supervisors.flatMap((supervisor) => supervisor.runners)
    await this.#beat(runners)
    await this.#membership.look()
    for (const runner of runners) {
      if (await runner.holdings.balance(this.#membership.share(runner.build.id, runner.build.segments))) runner.replay()
      else if ((await listLetters(this.#storage, `${runner.build.id}/`, 'replay')).length > 0) runner.replay()
      runner.wake()
    }
  }

  /** Renews what is held, all in one write, and says that this process lives. */
  async #beat(runners: Supervisor['runners']): Promise<void> {
    const { clock, lease, owner } = this.#settings
    const served = this.#builds().join()
    if (clock.monotonic() - this.#lastBeat < lease / 3 && served === this.#served) return
    const until = Math.ceil(clock.now() + lease)
    const kept = new Set(
      await this.#storage.state.renew(
        runners.flatMap(({ holdings }) => holdings.claims),
        { owner, until },
      ),
    )
    for (const { holdings } of runners) holdings.renewed(kept, until)
    await this.#membership.beat(this.#builds())
    this.#lastBeat = clock.monotonic()
    this.#served = served
  }

  #builds(): string[] {
    return [...this.#durable.values()].flatMap(({ runners }) => runners.map(({ build }) => build.id))
  }

  *#lags(): Generator<{ readonly value: number; readonly labels: { readonly projection: string; readonly build: string } }> {
    for (const { definition, runners } of this.#durable.values()) {
      for (const { build, position } of runners) {
        if (Number.isFinite(position)) {
          const value = Math.max(0, this.#reader.head - position)
          yield { value, labels: { projection: definition.name, build: build.id } }
        }
      }
    }
  }
}

/** How far the live build has come here, where this process holds all that matters. */
function localPosition({ live, runners }: Supervisor, stream: string | undefined): number {
  const runner = runners.find(({ build }) => build.id === live?.id)
  if (runner === undefined) return -1
  const { segments } = runner.holdings
  if (stream !== undefined) return segments.get(segmentOf(stream, runner.build.segments))?.position ?? -1
  return segments.size === runner.build.segments ? runner.position : -1
}

function isProjection(followable: Followable): followable is Projection {
  return followable.kind === 'projection'
}

function nameOf(projection: ProjectorDefinition | string): string {
  return typeof projection === 'string' ? projection : projection.name
}

function failed(error: ProjectionError): never {
  throw error
}

function unknown(name: string): ProjectionError {
  return new ProjectionError(
    'TUTTI_PROJECTION_UNKNOWN',
    `There is no projection or subscription ${JSON.stringify(name)} here; give it to createProjector, and start that.`,
    { details: { projection: name } },
  )
}
