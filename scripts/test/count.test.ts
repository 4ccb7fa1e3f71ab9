import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { count, summary } from '../test.mjs'

const execute = promisify(execFile)
const script = fileURLToPath(new URL('../test.mjs', import.meta.url))

describe('the last line of npm test', () => {
  it('counts a file that could not be loaded as a failure', () => {
    const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, testResults: [{ status: 'failed', assertionResults: [] }] }
    expect(count(report, 1)).toEqual({ passed: 3, failed: 2, skipped: 2 })
  })

  it('never says that nothing failed when vitest failed', () => {
    expect(count(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(count({ numPassedTests: 3, numFailedTests: 0, testResults: [] }, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 })
  })

  it('names skipped tests only where there are some', () => {
    expect(summary({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
    expect(summary({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
  })

  it('comes from a real run, with the exit code of vitest', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tutti-count-'))
    const tests = `it('a', () => {})\nit('b', () => { throw new Error('no') })\nit.skip('c', () => {})\n`
    await writeFile(join(root, 'some.test.mjs'), tests)
    const args = [script, `--root=${root}`, '--globals', 'some']
    const failed = await execute(process.execPath, args, { env: { ...process.env, NO_COLOR: '1' } }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/\n1 passed, 1 failed, 1 skipped\n$/) })
    await rm(root, { recursive: true })
  })
})
