import { join } from 'node:path'
import { atLeast, printTable, type Result, type Suite } from '../harness/report.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { withServers } from '../harness/server-process.ts'
import { median, pairedRatio } from '../harness/statistics.ts'
import { applyLoad, requireWrk } from '../harness/wrk.ts'
import { routes, type BenchRoute } from './routes.ts'
import { verify } from './verify.ts'

const bare = 'node:http'
const peers = ['Fastify', 'Hono', 'Express', 'NestJS'] as const

const programs = [
  ['Tutti', 'tutti'],
  [bare, 'node'],
  ['Fastify', 'fastify'],
  ['Hono', 'hono'],
  ['Express', 'express'],
  ['NestJS', 'nest'],
].map(([name = '', file]) => ({ name, file: join(import.meta.dirname, `servers/${file}.ts`) }))

/** What was measured of one server on one route, round by round. */
interface Series {
  /** Processor time per request, in microseconds. */
  readonly cpu: number[]
  readonly rate: number[]
  readonly p50: number[]
  readonly p99: number[]
}

type Measured = ReadonlyMap<string, Series>

/** Processor time per request, requests per second, latency and memory of the same routes on several servers. */
export const http: Suite = async ({ quick }) => {
  requireWrk()
  const plan = quick ? { rounds: 3, warmUp: 400, duration: 300 } : { rounds: 11, warmUp: 1000, duration: 400 }
  return withServers(programs, async (servers) => {
    for (const server of servers) await verify(server)
    const results: Result[] = []
    for (const route of routes) for (const server of servers) await load(server, route, plan.warmUp)
    for (const route of routes) {
      const measured = await measure(servers, route, plan)
      printRoute(route, measured)
      results.push(...judge(route, measured))
    }
    await printMemory(servers)
    return results
  })
}

function load(server: ServerProcess, { paths, body }: BenchRoute, duration: number): ReturnType<typeof applyLoad> {
  return applyLoad({ url: server.url, paths, duration, ...(body !== undefined && { body: JSON.stringify(body) }) })
}

async function measure(
  servers: readonly ServerProcess[],
  route: BenchRoute,
  plan: { readonly rounds: number; readonly duration: number },
): Promise<Measured> {
  const measured = new Map(servers.map(({ name }): [string, Series] => [name, { cpu: [], rate: [], p50: [], p99: [] }]))
  for (let round = 0; round < plan.rounds; round++) {
    // Every other round in reverse: being first or last is nobody's advantage.
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const before = await server.usage()
      const { requests, rate, p50, p99 } = await load(server, route, plan.duration)
      const after = await server.usage()
      const series = measured.get(server.name)
      series?.cpu.push((after.cpu - before.cpu) / requests)
      series?.rate.push(rate)
      series?.p50.push(p50)
      series?.p99.push(p99)
    }
  }
  return measured
}

function judge(route: BenchRoute, measured: Measured): Result[] {
  const cpu = (name: string): readonly number[] => measured.get(name)?.cpu ?? []
  const rate = (name: string): readonly number[] => measured.get(name)?.rate ?? []
  const results: Result[] = []
  if (route.name === 'static JSON') {
    results.push(atLeast(`${route.name}: CPU per request of ${bare} / Tutti`, pairedRatio(cpu(bare), cpu('Tutti')), 1 / 1.05))
  }
  for (const peer of peers) {
    results.push(atLeast(`${route.name}: CPU per request of ${peer} / Tutti`, pairedRatio(cpu(peer), cpu('Tutti')), 1))
  }
  if (route.name === 'validated POST') {
    results.push(atLeast(`${route.name}: requests/s of Tutti / Fastify`, pairedRatio(rate('Tutti'), rate('Fastify')), 1.1))
  }
  return results
}

function printRoute(route: BenchRoute, measured: Measured): void {
  const own = measured.get('Tutti')?.cpu ?? []
  const rows = [...measured].map(([name, { cpu, rate, p50, p99 }]) => [
    name,
    median(cpu).toFixed(1),
    pairedRatio(cpu, own).toFixed(2),
    median(rate).toFixed(0),
    median(p50).toFixed(2),
    median(p99).toFixed(2),
  ])
  printTable(route.name, ['', 'CPU µs/request', '× Tutti', 'requests/s', 'p50 ms', 'p99 ms'], rows)
}

async function printMemory(servers: readonly ServerProcess[]): Promise<void> {
  const rows: string[][] = []
  for (const server of servers) {
    const { rss, heap } = await server.usage()
    rows.push([server.name, mebibytes(rss), mebibytes(heap)])
  }
  printTable('memory after the load', ['', 'RSS MiB', 'heap MiB'], rows)
}

function mebibytes(size: number): string {
  return (size / 2 ** 20).toFixed(1)
}
