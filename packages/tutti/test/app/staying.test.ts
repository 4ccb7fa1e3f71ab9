import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('an application that waits for work keeps its process alive until it is stopped, without a server as well', async () => {
  const program = join(import.meta.dirname, 'fixtures/waiting.ts')
  const child = spawn(process.execPath, ['--conditions=@tutti/source', program], { timeout: 60_000 })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  expect(output.trim()).toBe('still here')
  expect(code).toBe(0)
})
