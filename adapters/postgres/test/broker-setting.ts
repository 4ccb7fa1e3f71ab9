import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { createMessenger, type Messenger } from 'tutti/messaging'
import { postgresBroker, type PostgresBroker, type PostgresStorage } from '../src/index.ts'
import { ownSchema, testStorage, url } from './test-storage.ts'

/** How many times processes are killed; more of them with `TUTTI_KILL_ROUNDS`. */
export const rounds = Number(process.env['TUTTI_KILL_ROUNDS'] ?? 2)

/** How long is waited for what has to happen: processes start slowly on a busy machine. */
export const wait = { timeout: 90_000, interval: 50 }

/** Storage, broker and messenger of a test, on a schema of its own with the tables `effects` and `sent`. */
export class Setting {
  readonly url: string
  readonly schema: string
  readonly storage: PostgresStorage
  readonly broker: PostgresBroker
  readonly messenger: Messenger

  private constructor(place: string, schema: string, storage: PostgresStorage) {
    this.url = place
    this.schema = schema
    this.storage = storage
    this.broker = postgresBroker({ url: place, schema, poll: '200ms' })
    this.messenger = createMessenger(this.broker, { storage, lease: '2s', interval: '200ms' })
  }

  /** On a server of the test's own, or that of all tests. */
  static async open(place = url): Promise<Setting> {
    const schema = ownSchema()
    const storage = await testStorage(schema, { url: place })
    const setting = new Setting(place, schema, storage)
    await setting.broker.migrate()
    await storage.sql`create table ${storage.sql.id(schema)}.effects (id bigserial primary key, consumer text, key text, n integer)`
    await storage.sql`create table ${storage.sql.id(schema)}.sent (key text, n integer)`
    return setting
  }

  async close(): Promise<void> {
    await this.messenger.stop()
    await this.broker.close()
    await this.storage.sql`drop schema ${this.storage.sql.id(this.schema)} cascade`
    await this.storage.close()
  }
}

/** A setting for each test of a group. */
export function eachSetting(): () => Setting {
  let setting: Setting | undefined
  beforeEach(async () => {
    setting = await Setting.open()
  })
  afterEach(() => setting?.close())
  return () => setting as Setting
}

/** A process that consumes or publishes. */
export class Worker {
  readonly lines: string[] = []
  readonly #child
  readonly #closed

  private constructor(given: readonly string[]) {
    const file = join(import.meta.dirname, 'fixtures/broker-worker.ts')
    this.#child = spawn(process.execPath, ['--conditions=@tutti/source', file, ...given], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#closed = once(this.#child, 'close')
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines)
    })
  }

  /** Starts one, and waits until it works. */
  static async start({ url: place, schema }: Setting, task: 'consume' | 'publish', name: string): Promise<Worker> {
    const worker = new Worker([place, schema, task, name])
    await expect.poll(() => worker.lines.shift(), wait).toBe('ready')
    return worker
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  async kill(): Promise<void> {
    expect(this.#child.exitCode).toBe(null)
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}
