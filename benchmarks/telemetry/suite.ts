import { join } from 'node:path'
import { atLeast, printTable, type Result, type Suite } from '../harness/report.ts'
import { withServers, type ServerProcess } from '../harness/server-process.ts'
import { median, pairedRatio } from '../harness/statistics.ts'
import { applyLoad, requireWrk } from '../harness/wrk.ts'

const modes = ['off', 'nobody listens', '10 %', '100 %', 'kept here'] as const
const bare = 'node:http'
const programs = [
  ...modes.map((mode) => ({ name: mode, file: join(import.meta.dirname, 'servers/tutti.ts'), args: [mode] })),
  { name: bare, file: join(import.meta.dirname, '../http/servers/node.ts') },
]

const routes = [
  { name: 'static JSON', path: '/' },
  { name: 'path parameter', path: '/users/42' },
] as const

/** What was measured of one server on one route, round by round. */
interface Series {
  /** Processor time per request, in microseconds. */
  readonly cpu: number[]
  readonly rate: number[]
}

/** What telemetry costs a request: the same application without, with nobody who listens, and with shares of its traces that are kept. */
export const telemetry: Suite = async ({ quick }) => {
  requireWrk()
  const plan = quick ? { rounds: 5, warmUp: 300, duration: 300 } : { rounds: 15, warmUp: 1000, duration: 500 }
  return withServers(programs, async (servers) => {
    const results: Result[] = []
    for (const server of servers) for (const { path } of routes) await load(server, path, plan.warmUp)
    for (const { name, path } of routes) {
      const measured = await measure(servers, path, plan)
      printRoute(name, measured)
      const cpu = (server: string): readonly number[] => measured.get(server)?.cpu ?? []
      results.push(
        atLeast(`${name}: CPU per request without telemetry / at 10 %`, pairedRatio(cpu('off'), cpu('10 %')), 0.9),
        atLeast(`${name}: CPU per request without telemetry / while nobody listens`, pairedRatio(cpu('off'), cpu('nobody listens')), 0.95),
      )
      if (path === '/')
        results.push(atLeast(`${name}: CPU per request of ${bare} / without telemetry`, pairedRatio(cpu(bare), cpu('off')), 0.98 / 1.05))
    }
    return results
  })
}

function load({ url }: ServerProcess, path: string, duration: number): ReturnType<typeof applyLoad> {
  return applyLoad({ url, paths: [path], duration })
}

async function measure(
  servers: readonly ServerProcess[],
  path: string,
  plan: { readonly rounds: number; readonly duration: number },
): Promise<ReadonlyMap<string, Series>> {
  const measured = new Map(servers.map(({ name }): [string, Series] => [name, { cpu: [], rate: [] }]))
  for (let round = 0; round < plan.rounds; round++) {
    // Every other round in reverse: being first or last is nobody's advantage.
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const before = await server.usage()
      const { requests, rate } = await load(server, path, plan.duration)
      const after = await server.usage()
      const series = measured.get(server.name)
      series?.cpu.push((after.cpu - before.cpu) / requests)
      series?.rate.push(rate)
    }
  }
  return measured
}

function printRoute(name: string, measured: ReadonlyMap<string, Series>): void {
  const off = measured.get('off')?.cpu ?? []
  const rows = [...measured].map(([server, { cpu, rate }]) => [
    server,
    median(cpu).toFixed(1),
    pairedRatio(cpu, off).toFixed(2),
    median(rate).toFixed(0),
  ])
  printTable(name, ['', 'CPU µs/request', '× off', 'requests/s'], rows)
}
