import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInline, createProjector } from '../../src/projections/public.ts'
import type { Storage } from '../../src/storage/index.ts'
import { readModels, Thing } from './kill-read-models.ts'

// Run by kill-process.ts with the module and the function that opens the storage, the function's options, the name of the test, a name of
// its own, and a slot that no other process has at the same time. Told to `go`, it writes without end and keeps read models; told to `hold`, it writes no more but goes on with
// the read models. Tells what has been acknowledged.
const [module = '', opener = '', options = '', test = '', name = '', slot = ''] = process.argv.slice(2)
const open = ((await import(module)) as Record<string, (options: unknown) => Storage>)[opener]
if (open === undefined) throw new Error(`${module} exports no ${opener}.`)
// Whoever is killed writes nothing at its end.
flushCompileCache()

const callers = 8
const streams = 12

/** Synchronous on a pipe: whatever was acknowledged is told before the process can die. */
function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Whether writers write, and who waits for it. */
class Gate {
  #opened = Promise.withResolvers<void>()
  #isOpen = false
  #writing = 0

  open(): void {
    this.#isOpen = true
    this.#opened.resolve()
  }

  close(): void {
    this.#isOpen = false
    this.#opened = Promise.withResolvers()
    this.#tellWhenHeld()
  }

  async through(work: () => Promise<void>): Promise<void> {
    while (!this.#isOpen) await this.#opened.promise
    this.#writing++
    await work()
    this.#writing--
    this.#tellWhenHeld()
  }

  #tellWhenHeld(): void {
    if (!this.#isOpen && this.#writing === 0) tell('held')
  }
}

const gate = new Gate()
let work: Promise<unknown> | undefined
const lines = createInterface({ input: process.stdin })
// Nothing outlives the process that has started it.
lines.on('close', () => process.exit(1))
for await (const line of lines) {
  if (line === 'hold') gate.close()
  else gate.open()
  work ??= run(open(JSON.parse(options)))
}

async function run(storage: Storage): Promise<void> {
  let handled = 0

  const models = readModels(test, () => {
    if (handled++ % 10 === 0) tell(`handled ${handled}`)
  })
  const inline = createInline(storage, [models.inline])
  await inline.start()
  const append = (stream: string, type: 'written' | 'counted', events: readonly Parameters<typeof Thing.events.written>[0][]) =>
    inline.append(
      stream,
      events.map((event) => Thing.events[type](event)),
    )

  /** Events that only asynchronous read models want: appends like this share a commit. */
  const appendOnce = async (unit: string, caller: string): Promise<void> => {
    const of = 1 + Math.floor(Math.random() * 3)
    await append(
      randomStream(),
      'written',
      Array.from({ length: of }, () => ({ unit, of, caller, amount: randomAmount() })),
    )
  }

  /** Two appends to any streams, in their order so that nobody waits in a circle, and a document that counts them. */
  const transactOnce = async (unit: string, caller: string): Promise<void> => {
    const key = `totals/${caller}`
    const [first = '', second = ''] = [randomStream(), randomStream()].toSorted()
    const event = () => ({ unit, of: 3, caller, amount: randomAmount() })
    await storage.transaction(async (tx) => {
      const total = await tx.state.get<number>(key)
      await append(first, 'counted', [event()])
      if (Math.random() < 0.3) await sleep(Math.random() * 3)
      await append(second, 'counted', [event(), event()])
      await tx.state.put(key, (total?.value ?? 0) + 3, { ifVersion: total?.version ?? 0 })
    })
  }

  const call = async (number: number): Promise<never> => {
    const caller = `${slot}-${number}`
    for (let n = 0; ; n++) {
      const unit = `${name}-${number}-${n}`
      await gate.through(async () => {
        if (Math.random() < 0.6) await appendOnce(unit, caller)
        else await transactOnce(unit, caller)
        tell(`acknowledged ${unit}`)
      })
      await sleep(Math.random() * 10)
    }
  }
  const projector = createProjector(storage, [models.table, models.documents], { owner: name, lease: 150, interval: 30 })
  await Promise.all([projector.start(), ...Array.from({ length: callers }, (_, number) => call(number))])
}

function randomStream(): string {
  return `thing-${Math.floor(Math.random() * streams)}`
}

function randomAmount(): number {
  return 1 + Math.floor(Math.random() * 100)
}
