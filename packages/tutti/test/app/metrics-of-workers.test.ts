import { describe, expect, it } from 'vitest'
import { Child } from '../http/engine/child.ts'

/** The value of each series of a metric. */
async function read(url: string, name: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } })
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const requests = async (url: string): Promise<number | undefined> => (await read(url, 'test_requests_total')).get('test_requests_total')

describe('/metrics of workers', () => {
  it('adds up what all of them have counted, whichever answers, and tells their memory apart', async () => {
    await using child = new Child({ app: { workers: 2 } })
    const url = await child.url()
    for (let sent = 0; sent < 20; sent++) await fetch(url, { headers: { connection: 'close' } })
    await expect.poll(() => requests(url)).toBe(20)
    for (let asked = 0; asked < 4; asked++) expect(await requests(url)).toBe(20)
    const memory = await read(url, 'process_resident_memory_bytes')
    expect([...memory.keys()].toSorted()).toEqual([
      'process_resident_memory_bytes{worker="0"}',
      'process_resident_memory_bytes{worker="1"}',
    ])
  })

  it('keeps what those that were renewed had counted', async () => {
    await using child = new Child({ app: { workers: 2, log: { level: 'info' } } })
    const url = await child.url()
    for (let sent = 0; sent < 10; sent++) await fetch(url, { headers: { connection: 'close' } })
    await expect.poll(() => requests(url)).toBe(10)
    child.signal('SIGHUP')
    await child.until(/All workers have been renewed/)
    expect(await requests(url)).toBe(10)
    await fetch(url, { headers: { connection: 'close' } })
    await expect.poll(() => requests(url)).toBe(11)
  })
})
