import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { sqliteStorage } from '../../src/storage/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const inFolder = await temporaryFolder()

/** Lets a process write until it has acknowledged so many appends, and kills it in the midst of it. */
async function writeUntilKilled(path: string, run: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@tutti/source', join(import.meta.dirname, 'sqlite-writer.ts'), path, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: string[] = []
  const exit = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === 400 + run * 137) child.kill('SIGKILL')
  }
  expect(await exit).toEqual([null, 'SIGKILL'])
  return acknowledged
}

it('keeps every acknowledged append, no half one and no gap when the process is killed', { timeout: 240_000 }, async () => {
  const path = inFolder('killed.db')
  const acknowledged: string[] = []
  for (let run = 0; run < 5; run++) {
    acknowledged.push(...(await writeUntilKilled(path, run)))
    await using storage = sqliteStorage({ path })
    const positions = new Map<string, number>()
    const versions = new Map<string, number>()
    const parts = new Map<string, number>()
    let last = 0
    for await (const { stream, streamVersion, position, data } of storage.events.readAll()) {
      expect(position).toBeGreaterThan(last)
      last = position
      expect(streamVersion).toBe((versions.get(stream) ?? 0) + 1)
      versions.set(stream, streamVersion)
      positions.set(`${stream} ${streamVersion}`, position)
      const { run: by, caller, i } = data as { run: string; caller: number; i: number }
      const append = `${by} ${caller} ${i}`
      parts.set(append, (parts.get(append) ?? 0) + 1)
    }
    for (const line of acknowledged) {
      const [stream, version, position] = line.split(' ')
      expect(positions.get(`${stream} ${version}`), line).toBe(Number(position))
    }
    for (const [append, count] of parts) expect(count, append).toBe(1 + (Number(append.split(' ')[2]) % 3))
    for (const [stream, version] of versions) expect(await storage.events.info(stream)).toMatchObject({ version })
  }
  expect(acknowledged.length).toBeGreaterThan(2000)
})
