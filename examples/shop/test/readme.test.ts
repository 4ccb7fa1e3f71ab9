import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProcess, type ShopProcess } from './child.ts'

const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')
const lines = readme.split('\n').filter((line) => line.startsWith('curl '))

describe.skipIf(process.platform === 'win32')('the curl lines of the README, in a POSIX shell', () => {
  let folder: string
  let shop: ShopProcess

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shop-test-'))
    shop = await startProcess(`sqlite:${join(folder, 'shop.db')}`)
  })

  afterAll(async () => {
    expect(await shop.end('SIGTERM')).toEqual([0, null])
    await rm(folder, { recursive: true })
  })

  /** Runs a line of the README against the shop, and ends it when its output says `enough`. */
  async function run(line: string | undefined, enough?: RegExp): Promise<string> {
    const child = spawn('sh', ['-c', `exec ${line?.replaceAll('http://localhost:8000', shop.url)} -sS`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (enough?.test(output)) child.kill()
    })
    const [code] = (await ended) as [number | null]
    if (enough === undefined) expect(code).toBe(0)
    return output
  }

  it('are three, and those that the shop prints when it starts', () => {
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(shop.printed).toContain(line.replaceAll('http://localhost:8000', shop.url))
  })

  it('search, place an order, and follow it', async () => {
    const found = async () => (JSON.parse(await run(lines[0])) as { items: { id: string }[] }).items.map(({ id }) => id)
    await expect.poll(found).toEqual(['earl-grey', 'sencha'])
    const order = JSON.parse(await run(lines[1])) as { id: string; status: string; total: number }
    expect(order).toMatchObject({ status: 'open', total: 2500 })
    const events = await run(lines[2], /\n\n.*\n\n/s)
    expect(events).toContain('event: open')
    expect(events).toContain(order.id)
  })
})
