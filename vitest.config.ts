import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Tests run the sources: the same exports condition that `npm start` and the examples use.
const conditions = ['@tutti/source', 'node', 'import', 'module', 'default']

const root = import.meta.dirname
const tests = ['packages/*/test/**/*.test.ts', 'adapters/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts']

/** What tests import that start processes, or work on servers that others use as well. */
const processes = /'node:child_process'|\/child\.ts'|\/kill-[\w-]+\.ts'|\/test-storage\.ts'|\/private-server\.mjs'|\/in-chromium\.ts'/
const alone = globSync(tests, { cwd: root }).filter((file) => processes.test(readFileSync(join(root, file), 'utf8')))

export default defineConfig({
  resolve: { conditions },
  // Node gets these for everything in the process: `import` among them would hand ES modules to the `require` of CommonJS packages.
  ssr: { resolve: { conditions: ['@tutti/source', 'node'] } },
  test: {
    pool: 'forks',
    // Most tests wait rather than compute: two at a time on two cores, where vitest would take one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // What has to happen happens, on a busy machine as well: these end tests that hang, and say nothing about how long anything may take.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      // Not 0: where there is one worker for it, as on two cores, such a group comes last.
      { extends: true, test: { name: 'parallel', include: tests, exclude: alone, sequence: { groupOrder: 1 } } },
      // One at a time and after the others: their processes need the machine, and would only keep each other from it.
      { extends: true, test: { name: 'alone', include: alone, fileParallelism: false, sequence: { groupOrder: 2 } } },
    ],
  },
})
