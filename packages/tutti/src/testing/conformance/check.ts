import type { strict as Assert } from 'node:assert'
import { shown, TuttiError, type ErrorCode } from '../../kernel/index.ts'

/** What cases assert with: Node's own assertions, so that any test runner shows the difference. */
export interface Check {
  equal(actual: unknown, expected: unknown, what?: string): void
  /** Deeply equal. */
  same(actual: unknown, expected: unknown, what?: string): void
  ok(condition: boolean, what: string): void
  /** Waits until what `read` gives is deeply equal; fails after half a minute with what it gave last. */
  soon(read: () => unknown, expected: unknown, what?: string): Promise<void>
  /** Waits for an error with the code, and resolves with it. */
  fails(promise: Promise<unknown>, code: ErrorCode): Promise<TuttiError>
}

/** How long `soon` waits, and between two looks, in milliseconds. */
const patience = 30_000
const pause = 5

/** Loads Node's assertions when the first case runs. */
export function createCheck(): Check {
  const strict: typeof Assert = process.getBuiltinModule('node:assert').strict
  const { isDeepStrictEqual } = process.getBuiltinModule('node:util')
  const same: Check['same'] = (actual, expected, what) =>
    what === undefined ? strict.deepEqual(actual, expected) : strict.deepEqual(actual, expected, what)
  return {
    equal: (actual, expected, what) => (what === undefined ? strict.equal(actual, expected) : strict.equal(actual, expected, what)),
    same,
    ok: (condition, what) => strict.equal(condition, true, what),
    async soon(read, expected, what) {
      for (const deadline = performance.now() + patience; ;) {
        const actual = await read()
        if (isDeepStrictEqual(actual, expected)) return
        if (performance.now() > deadline) return same(actual, expected, what)
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    },
    async fails(promise, code) {
      const error = await promise.then(
        (value: unknown) => strict.fail(`It resolved with ${shown(value)}; wanted the error ${code}.`),
        (reason: unknown) => reason,
      )
      if (!(error instanceof TuttiError)) throw error
      strict.equal(error.code, code, `${error.code}: ${error.message}`)
      return error
    },
  }
}
