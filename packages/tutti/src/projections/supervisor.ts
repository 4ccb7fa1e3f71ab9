import type { RecordedEvent } from '../message/index.ts'
import type { Storage } from '../storage/index.ts'
import { ensureBuild, type Durable } from './builds.ts'
import type { Build } from './build.ts'
import { BuildTables } from './build-tables.ts'
import { controlKey, findBuild, newestBuild, updateControl, type Control } from './control.ts'
import { errorFacts } from '../kernel/index.ts'
import type { LogReader } from './log-reader.ts'
import type { Projection } from './projection.ts'
import type { ProjectorSettings } from './projector-options.ts'
import { Runner } from './runner.ts'

/** Runs the builds of one definition in this process, as the control document says. */
export class Supervisor<D extends Durable = Durable> {
  readonly definition: D
  readonly #storage: Storage
  readonly #settings: ProjectorSettings
  readonly #reader: LogReader
  readonly #onProgress: () => void
  readonly #tables: BuildTables
  readonly #runners = new Map<string, Runner>()
  /** Runners that are stopping. */
  readonly #ending = new Set<Promise<void>>()
  #control: Control | undefined
  #started = false
  #settling: Promise<void> = Promise.resolve()

  constructor(
    definition: D,
    parts: { readonly storage: Storage; readonly settings: ProjectorSettings; readonly reader: LogReader; onProgress(): void },
  ) {
    this.definition = definition
    this.#storage = parts.storage
    this.#tables = new BuildTables(parts.storage)
    this.#settings = parts.settings
    this.#reader = parts.reader
    this.#onProgress = () => parts.onProgress()
  }

  get control(): Control | undefined {
    return this.#control
  }

  get runners(): readonly Runner[] {
    return [...this.#runners.values()]
  }

  /** The build that is read from. */
  get live(): Build | undefined {
    return this.#control && findBuild(this.#control, this.#control.live)
  }

  /** Whether the storage holds a later version than this process knows. */
  get outdated(): boolean {
    return this.#newestVersion() > this.definition.version
  }

  /** What builds need that are created. */
  get parts(): { readonly storage: Storage; readonly clock: ProjectorSettings['clock']; setup(build: Build): Promise<void> } {
    return { storage: this.#storage, clock: this.#settings.clock, setup: (build) => this.#setup(build) }
  }

  async start(): Promise<void> {
    this.#control = await ensureBuild(this.definition, this.parts)
    this.#started = true
    if (this.outdated) {
      this.#settings.log.warn('The storage holds a later version of a projection than this process knows', {
        projection: this.definition.name,
        version: this.definition.version,
        newest: this.#newestVersion(),
      })
    }
    await this.settle()
  }

  /** Takes over what holds now, and runs what it asks for. */
  take(control: Control): Promise<void> {
    if (control.revision <= (this.#control?.revision ?? 0)) return this.#settling
    this.#control = control
    return this.settle()
  }

  /** Starts and stops runners, one settling at a time. */
  settle(): Promise<void> {
    this.#settling = this.#settling.then(() => this.#settle())
    return this.#settling
  }

  async refresh(): Promise<void> {
    const found = await this.#storage.state.get<Control>(controlKey(this.definition.name))
    if (found !== undefined) await this.take(found.value)
  }

  async stop(): Promise<void> {
    this.#started = false
    await this.settle()
    await Promise.all(this.#ending)
  }

  async #settle(): Promise<void> {
    const wanted = this.#started && this.#control !== undefined ? wantedBuilds(this.#control, this.definition.version) : []
    for (const [id, runner] of this.#runners) {
      if (wanted.some((build) => build.id === id)) continue
      this.#runners.delete(id)
      // It may be this runner that found out: it must not wait for itself.
      const ended: Promise<void> = runner.stop().finally(() => this.#ending.delete(ended))
      this.#ending.add(ended)
    }
    for (const build of wanted) {
      if (this.#runners.has(build.id)) continue
      const runner = new Runner(this.definition, build, this.#runnerParts(build))
      this.#runners.set(build.id, runner)
      runner.start()
    }
    for (const runner of this.#runners.values()) runner.wake()
    this.#onProgress()
  }

  #runnerParts(build: Build): ConstructorParameters<typeof Runner>[2] {
    const { clock, log, meter, tracer, owner, lease } = this.#settings
    return {
      storage: this.#storage,
      reader: this.#reader,
      clock,
      meter,
      tracer,
      owner,
      lease,
      log: log.child({ projection: this.definition.name, build: build.id }),
      control: () => this.#control as Control,
      onControl: (control) => void this.take(control),
      refresh: () => this.refresh(),
      halt: (event, error) => this.#halt(event, error),
      onProgress: this.#onProgress,
    }
  }

  async #halt({ id: eventId, position }: RecordedEvent, error: unknown): Promise<void> {
    const stopped = { eventId, position, message: errorFacts(error).message }
    const control = await updateControl(this.#storage, this.definition.name, (before) => before && { ...before, stopped })
    if (control !== undefined) void this.take(control)
  }

  async #setup(build: Build): Promise<void> {
    if (isProjection(this.definition)) await this.#tables.define(build, this.definition.tables.setup)
  }

  #newestVersion(): number {
    return (this.#control && newestBuild(this.#control)?.version) ?? 0
  }
}

/** What a process with this version is to run: the build whose effects count, and the newest one. */
function wantedBuilds({ active, builds }: Control, version: number): readonly Build[] {
  const newest = builds.at(-1)
  return builds.filter((build) => build.version === version && (build.id === active || build === newest))
}

function isProjection(definition: Durable): definition is Projection {
  return definition.kind === 'projection'
}
