import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { atLeast, printTable, type Suite } from '../harness/report.ts'
import { ServerProcess } from '../harness/server-process.ts'
import { median, pairedRatio } from '../harness/statistics.ts'
import { Client } from './client.ts'

const bare = 'node:http'

const programs = [
  ['Tutti', 'tutti'],
  [bare, 'node'],
].map(([name = '', file]) => ({ name, file: join(import.meta.dirname, `servers/${file}.ts`), nodeOptions: ['--expose-gc'] }))

const connections = 2000
const parked = 500

/** Bytes of heap, except for `rss`. */
interface Growth {
  /** Per open connection on which nothing goes on. */
  readonly idle: number
  /** Per request whose handler waits, on top of its connection. */
  readonly inFlight: number
  /** Memory from the operating system per open connection. */
  readonly rss: number
}

/** Growth of the heap per idle connection and per request in flight. */
export const memory: Suite = async ({ quick }) => {
  const rounds = quick ? 3 : 7
  const measured = new Map<string, Growth[]>(programs.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const program of round % 2 === 0 ? programs : programs.toReversed()) {
      await using server = await ServerProcess.start(program)
      measured.get(program.name)?.push(await grow(server))
    }
  }
  const values = (name: string, of: keyof Growth): number[] => (measured.get(name) ?? []).map((one) => one[of])
  const shown = (name: string, of: keyof Growth): string => median(values(name, of)).toFixed(0)
  printTable(
    `${connections} idle connections, ${parked} requests in flight: medians in bytes`,
    ['', 'heap per idle connection', 'RSS per idle connection', 'heap per request in flight'],
    programs.map(({ name }) => [name, shown(name, 'idle'), shown(name, 'rss'), shown(name, 'inFlight')]),
  )
  return [
    atLeast(`memory: heap per idle connection of ${bare} / Tutti`, pairedRatio(values(bare, 'idle'), values('Tutti', 'idle')), 1 / 1.1),
    atLeast(
      `memory: heap per request in flight of ${bare} / Tutti`,
      pairedRatio(values(bare, 'inFlight'), values('Tutti', 'inFlight')),
      1 / 1.5,
    ),
  ]
}

async function grow(server: ServerProcess): Promise<Growth> {
  // What is allocated once, for the first connections and requests, is nobody's growth.
  const first = await Client.openSome(server.url, 300)
  for (const client of first) client.send('/')
  await setTimeout(200)
  for (const client of first) client[Symbol.dispose]()
  await setTimeout(200)
  const before = await server.collected()
  const clients = await Client.openSome(server.url, connections)
  try {
    const open = await server.collected()
    for (const client of clients.slice(0, parked)) client.send('/parked')
    await setTimeout(300)
    const busy = await server.collected()
    return {
      idle: (open.heap - before.heap) / connections,
      rss: (open.rss - before.rss) / connections,
      inFlight: (busy.heap - open.heap) / parked,
    }
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
}
