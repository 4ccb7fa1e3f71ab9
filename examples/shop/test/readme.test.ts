import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '..')
const readme = readFileSync(join(folder, '../../README.md'), 'utf8')
const lines = readme.split('\n').filter((line) => line.startsWith('curl '))

describe.skipIf(process.platform === 'win32')('the curl lines of the README, in a POSIX shell', () => {
  let shop: ChildProcess
  let url = ''
  let printed = ''

  beforeAll(async () => {
    shop = spawn(process.execPath, ['--conditions=@tutti/source', 'src/main.ts'], { cwd: folder, env: { ...process.env, PORT: '0' } })
    for await (const line of createInterface({ input: shop.stdout as NonNullable<typeof shop.stdout> })) {
      printed += `${line}\n`
      url = /open at (\S+)/.exec(line)?.[1] ?? url
      if (line.includes('Ctrl+C')) break
    }
    shop.stdout?.resume()
  })

  afterAll(async () => {
    shop.kill('SIGTERM')
    expect(await once(shop, 'exit')).toEqual([0, null])
  })

  /** Runs a line of the README against the shop, and ends it when its output says `enough`. */
  async function run(line: string | undefined, enough?: RegExp): Promise<string> {
    const child = spawn('sh', ['-c', `exec ${line?.replaceAll('http://localhost:8000', url)} -sS`], {
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
    for (const line of lines) expect(printed).toContain(line.replaceAll('http://localhost:8000', url))
  })

  it('search, place an order, and follow it', async () => {
    const found = JSON.parse(await run(lines[0])) as { items: { id: string }[] }
    expect(found.items.map(({ id }) => id)).toEqual(['earl-grey', 'sencha'])
    const order = JSON.parse(await run(lines[1])) as { id: string; status: string; total: number }
    expect(order).toMatchObject({ status: 'open', total: 2500 })
    const events = await run(lines[2], /\n\n.*\n\n/s)
    expect(events).toContain('event: open')
    expect(events).toContain(order.id)
  })
})
