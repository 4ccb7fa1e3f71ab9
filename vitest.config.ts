import { defineConfig } from 'vitest/config'

// Tests run the sources: the same exports condition that `npm start` and the examples use.
const conditions = ['@tutti/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  // Node gets these for everything in the process: `import` among them would hand ES modules to the `require` of CommonJS packages.
  ssr: { resolve: { conditions: ['@tutti/source', 'node'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'adapters/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    pool: 'forks',
    // What has to happen happens, on a busy machine as well: these end tests that hang, and say nothing about how long anything may take.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
})
