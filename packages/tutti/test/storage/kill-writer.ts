import type { Storage } from '../../src/storage/index.ts'

// Run by kill-rounds.ts with the module and the function that opens the storage, the function's options, and the round. Writes without end,
// and tells on its standard output what has been acknowledged.
const [module = '', opener = '', options = '', round = ''] = process.argv.slice(2)
const open = ((await import(module)) as Record<string, (options: unknown) => Storage>)[opener]
if (open === undefined) throw new Error(`${module} exports no ${opener}.`)
const storage = open(JSON.parse(options))

const callers = 32
const streams = 12

async function call(caller: number): Promise<never> {
  for (let n = 0; ; n++) {
    const unit = `${round}-${caller}-${n}`
    if (Math.random() < 0.6) await appendOnce(unit)
    else await transactOnce(unit, caller)
    // Synchronous on a pipe: whatever was acknowledged is told before the process can die.
    process.stdout.write(`${unit}\n`)
  }
}

async function appendOnce(unit: string): Promise<void> {
  const of = 1 + Math.floor(Math.random() * 3)
  await storage.events.append(
    randomStream(),
    Array.from({ length: of }, () => ({ type: 'thing.written', data: { unit, of } })),
  )
}

/** Two appends to any streams, in their order so that nobody waits in a circle, and a document that counts them. */
async function transactOnce(unit: string, caller: number): Promise<void> {
  const key = `totals/${caller}`
  const [first = '', second = ''] = [randomStream(), randomStream()].toSorted()
  await storage.transaction(async (tx) => {
    const total = await tx.state.get<number>(key)
    const event = { type: 'thing.counted', data: { unit, of: 3, caller } }
    await tx.events.append(first, [event])
    if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
    await tx.events.append(second, [event, event])
    await tx.state.put(key, (total?.value ?? 0) + 3, { ifVersion: total?.version ?? 0 })
  })
}

function randomStream(): string {
  return `thing-${Math.floor(Math.random() * streams)}`
}

await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
