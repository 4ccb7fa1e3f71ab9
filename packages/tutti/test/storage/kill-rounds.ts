import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Storage } from '../../src/storage/index.ts'

/** Which storage a child process opens, and how. */
export interface KillOptions {
  /** The absolute path of the module that exports `opener`. */
  readonly module: string
  /** The name of the function that opens the storage with `options`. */
  readonly opener: string
  /** As JSON can carry them. */
  readonly options: unknown
  /** Opens the same storage in this process. */
  readonly open: () => Promise<Storage> | Storage
  readonly rounds: number
}

/** What the rounds have come to. */
export interface KillReport {
  readonly acknowledged: number
  /** Written, but the process died before it could tell. */
  readonly unacknowledged: number
}

/**
 * Kills a writing process with SIGKILL, round after round. After each one a checker looks for every append and transaction that was
 * acknowledged, for half ones, gaps in versions, and sums that do not fit. Throws at the first fault.
 */
export async function killRounds({ open, rounds, ...child }: KillOptions): Promise<KillReport> {
  const checker = new Checker()
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await writeAndDie(child, round)
    await using storage = await open()
    await checker.check(storage, acknowledged)
  }
  return checker
}

function writeAndDie({ module, opener, options }: Pick<KillOptions, 'module' | 'opener' | 'options'>, round: number): Promise<string[]> {
  const program = join(import.meta.dirname, 'kill-writer.ts')
  const conditions = '--conditions=@tutti/source'
  const child = spawn(process.execPath, [conditions, program, pathToFileURL(module).href, opener, JSON.stringify(options), String(round)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), 2 + Math.random() * 60)
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`The writer ended with ${String(code ?? signal)} before it was killed: ${errors}`))
      // The last line may be half written.
      resolve(output.slice(0, output.lastIndexOf('\n')).split('\n'))
    })
  })
}

/** Reads on behind what it has checked. */
class Checker implements KillReport {
  acknowledged = 0
  unacknowledged = 0
  #position = 0
  readonly #versions = new Map<string, number>()
  readonly #totals = new Map<string, number>()

  async check(storage: Storage, acknowledged: readonly string[]): Promise<void> {
    const units = new Map<string, { readonly of: number; found: number }>()
    for (let attempt = 1; ; attempt++) {
      await this.#readOn(storage, units)
      try {
        await this.#checkStreams(storage)
        await this.#checkTotals(storage)
        break
      } catch (error) {
        // A server may still be at what the dead process had sent, or wait for its locks; then there is more to read.
        if (attempt === 200) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    for (const [unit, { of, found }] of units) if (found !== of) throw new Error(`Of ${unit} there are ${found} of ${of} events.`)
    for (const unit of acknowledged) if (!units.has(unit)) throw new Error(`${unit} was acknowledged, and is not there.`)
    this.acknowledged += acknowledged.length
    this.unacknowledged += units.size - acknowledged.length
  }

  async #readOn(storage: Storage, units: Map<string, { readonly of: number; found: number }>): Promise<void> {
    for await (const { data, position, stream, streamVersion } of storage.events.readAll({ after: this.#position })) {
      if (position <= this.#position) throw new Error(`Position ${position} came behind ${this.#position}.`)
      this.#position = position
      const version = (this.#versions.get(stream) ?? 0) + 1
      if (streamVersion !== version) throw new Error(`${stream} has version ${streamVersion} where ${version} should be.`)
      this.#versions.set(stream, version)
      const { unit, of, caller } = data as { unit: string; of: number; caller?: number }
      const known = units.get(unit) ?? { of, found: 0 }
      known.found++
      units.set(unit, known)
      if (caller !== undefined) this.#totals.set(`totals/${caller}`, (this.#totals.get(`totals/${caller}`) ?? 0) + 1)
    }
  }

  async #checkStreams(storage: Storage): Promise<void> {
    for (const [stream, version] of this.#versions) {
      const info = await storage.events.info(stream)
      if (info?.version !== version) throw new Error(`${stream} says it has version ${info?.version}; its events say ${version}.`)
    }
  }

  async #checkTotals(storage: Storage): Promise<void> {
    const documents = await storage.state.list<number>('totals/', { limit: 1000 })
    if (documents.length !== this.#totals.size) throw new Error(`There are ${documents.length} totals; wanted ${this.#totals.size}.`)
    for (const { key, value } of documents)
      if (value !== this.#totals.get(key)) throw new Error(`${key} is ${value}; its events say ${this.#totals.get(key)}.`)
  }
}
