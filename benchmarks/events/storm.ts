import { request, Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { printTable } from '../harness/report.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { median, percentiles, type Percentiles } from '../harness/statistics.ts'
import { applyLoad } from '../harness/wrk.ts'
import { orderLife } from './order.ts'

/** How a whole application is measured. */
export interface StormPlan {
  readonly shop: ServerProcess
  readonly rounds: number
  /** In milliseconds. */
  readonly duration: number
}

/** Orders that are placed over HTTP, each on the disk before it is answered, and what a route that has nothing to do with them feels of it. */
export async function measureStorm({ shop, rounds, duration }: StormPlan): Promise<void> {
  const body = JSON.stringify(orderLife[0]?.data)
  const load = { url: shop.url, paths: ['/orders'], body, duration }
  const storms = [await applyLoad(load)]
  const calm: Percentiles[] = []
  const beside: Percentiles[] = []
  for (let round = 0; round < rounds; round++) {
    calm.push(await probe(shop.url, duration))
    const [storm, felt] = await Promise.all([applyLoad(load), probe(shop.url, duration)])
    storms.push(storm)
    beside.push(felt)
  }
  await requireOrders(
    shop,
    storms.reduce((sum, { requests }) => sum + requests, 0),
    64 * storms.length,
  )
  const figures = storms.slice(1)
  const row = (name: string, rate: string, latencies: readonly Percentiles[]): string[] => {
    return [name, rate, median(latencies.map(({ p50 }) => p50)).toFixed(2), median(latencies.map(({ p99 }) => p99)).toFixed(2)]
  }
  printTable(
    'a shop over HTTP on SQLite',
    ['', 'requests/s', 'p50 ms', 'p99 ms'],
    [
      row('POST that places an order, 64 connections', median(figures.map(({ rate }) => rate)).toFixed(0), figures),
      row('trivial GET beside it, one at a time', '', beside),
      row('trivial GET alone, one at a time', '', calm),
    ],
  )
}

/** Asks for the trivial route every few milliseconds. */
async function probe(url: string, duration: number): Promise<Percentiles> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const latencies: number[] = []
  for (const end = performance.now() + duration; performance.now() < end; await sleep(2)) {
    const start = performance.now()
    await new Promise<void>((resolve, reject) => {
      const sent = request(url, { agent }, (response) => {
        response.resume().once('end', resolve)
      })
      sent.once('error', reject).end()
    })
    latencies.push(performance.now() - start)
  }
  agent.destroy()
  return percentiles(latencies)
}

/** Those that were being answered when the load was taken away are there without being counted. */
async function requireOrders(shop: ServerProcess, answered: number, uncounted: number): Promise<void> {
  const { count } = (await (await fetch(`${shop.url}/count`)).json()) as { readonly count: number }
  if (count < answered || count > answered + uncounted) throw new Error(`${answered} orders were acknowledged, and ${count} are there`)
}
