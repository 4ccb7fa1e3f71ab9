import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PostgresStorage } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

/** More of them with `TUTTI_KILL_ROUNDS`. */
const rounds = Number(process.env['TUTTI_KILL_ROUNDS'] ?? 4)

describeWithServer('Writer processes that are killed', () => {
  const schema = ownSchema()
  let storage: PostgresStorage

  beforeAll(async () => {
    storage = await testStorage(schema)
  })

  afterAll(async () => {
    await storage.close()
    await dropSchema(schema)
  })

  it(
    'lose nothing that was acknowledged and leave nothing half, and readers in this process skip nothing',
    { timeout: 300_000 },
    async () => {
      const seen: string[] = []
      let woken = 0
      let working = true
      let after = 0
      using _ = storage.events.onAppend(() => woken++)
      const reading = (async () => {
        for (let last = false; ; last = !working) {
          const { events, position } = await storage.events.page({ after })
          seen.push(...events.map(({ id }) => id))
          after = position
          if (last && events.length === 0) return
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()
      const acknowledged: string[] = []
      for (let round = 0; round < rounds; round++) {
        const writers = [`a${round}`, `b${round}`].map((name) => new Writer(name, schema))
        const wanted = 20 + Math.random() * 300
        while (writers.some(({ acknowledged: lines }) => lines.length < wanted)) {
          expect(writers.map(({ ended }) => ended)).toEqual([false, false])
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        await Promise.all(writers.map((writer) => writer.kill()))
        acknowledged.push(...writers.flatMap((writer) => writer.acknowledged))
      }
      working = false
      await reading
      let log = await storage.events.readAll().toArray()
      // The server may take a while to end what the killed processes had begun, and holds all readers back so long. The reader goes on from
      // where it was: what it had skipped it would not see now either.
      const deadline = performance.now() + 60_000
      const isSettled = (): boolean => {
        const streams = new Set(log.map(({ stream }) => stream))
        return seen.length === log.length && acknowledged.every((stream) => streams.has(stream))
      }
      while (!isSettled() && performance.now() < deadline) {
        const { events, position } = await storage.events.page({ after })
        seen.push(...events.map(({ id }) => id))
        after = position
        await new Promise((resolve) => setTimeout(resolve, 20))
        log = await storage.events.readAll().toArray()
      }
      expect(seen).toEqual(log.map(({ id }) => id))
      expect(woken).toBeGreaterThan(0)
      const halves = new Map<string, number>()
      for (const { stream } of log) halves.set(stream, (halves.get(stream) ?? 0) + 1)
      expect([...halves].filter(([, count]) => count !== 2)).toEqual([])
      expect(acknowledged.filter((stream) => !halves.has(stream))).toEqual([])
      expect(acknowledged.length).toBeGreaterThan(rounds * 40)
      // The documents of transactions are there exactly where their events are.
      const sums = await storage.state.list('sums/', { limit: 1_000_000 })
      const transacted = [...halves.keys()].filter((stream) => Number(stream.split('-')[2]) % 4 === 3)
      expect(sums.map(({ key }) => key.slice('sums/'.length)).toSorted()).toEqual(transacted.toSorted())
    },
  )
})

class Writer {
  readonly acknowledged: string[] = []
  readonly #child
  readonly #closed
  /** Whether it ended by itself, which it must not. */
  ended = false

  constructor(name: string, schema: string) {
    const file = join(import.meta.dirname, 'fixtures/writer.ts')
    this.#child = spawn(process.execPath, ['--conditions=@tutti/source', file, url, schema, name], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#closed = once(this.#child, 'close')
    this.#child.once('exit', () => (this.ended = true))
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.acknowledged.push(...lines)
    })
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}
