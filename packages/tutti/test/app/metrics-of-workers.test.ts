import { describe, expect, it } from 'vitest'
import { Child } from '../http/engine/child.ts'

const token = 'a-token-that-is-long-enough'

/** The value of each series of a metric on a page. */
async function read(page: string, name: string): Promise<Map<string, number>> {
  const response = await fetch(page, { headers: { connection: 'close', authorization: `Bearer ${token}` } })
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const requests = async (page: string): Promise<number | undefined> => (await read(page, 'test_requests_total')).get('test_requests_total')

async function send(url: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) await fetch(url, { headers: { connection: 'close' } })
}

describe('/metrics of workers', () => {
  it('on a port of its own adds up what all have counted, whichever answers, and tells their memory apart', async () => {
    await using child = new Child({ app: { workers: 2, log: { level: 'info' }, telemetry: { metrics: { port: 0, token } } } })
    const url = await child.url()
    await send(url, 20)
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
    const [, page = ''] = await child.until(/Metrics are at (http:[^\s"]+)/)
    await expect.poll(() => requests(page)).toBe(20)
    // A machine that is busy beyond measure may leave a question unanswered; a wrong answer there must not be.
    for (let asked = 0; asked < 4; asked++) expect([20, undefined]).toContain(await requests(page))
    const memory = await read(page, 'process_resident_memory_bytes')
    expect([...memory.keys()].toSorted()).toEqual([
      'process_resident_memory_bytes{worker="0"}',
      'process_resident_memory_bytes{worker="1"}',
    ])
    child.signal('SIGTERM')
    expect(await child.exit).toBe(0)
  })

  it('keeps what those that were renewed had counted', async () => {
    await using child = new Child({ app: { workers: 2, log: { level: 'info' } } })
    const url = await child.url()
    const page = `${url}/metrics`
    await send(url, 10)
    await expect.poll(() => requests(page)).toBe(10)
    child.signal('SIGHUP')
    await child.until(/All workers have been renewed/)
    await expect.poll(() => requests(page)).toBe(10)
    await send(url, 1)
    await expect.poll(() => requests(page)).toBe(11)
  })
})
