// npm run check [step …]: everything about the sources that can be said without running them.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { publicPackages, root } from './packages.mjs'

/** A command of an installed tool, run by this Node whatever the PATH and the platform say. */
function tool(name, ...args) {
  const file = createRequire(import.meta.url)
    .resolve.paths('')
    ?.map((folder) => join(folder, name, 'package.json'))
    .find(exists)
  if (file === undefined) throw new Error(`${name} is not installed: run npm ci`)
  const { bin } = JSON.parse(readFileSync(file, 'utf8'))
  const script = typeof bin === 'string' ? bin : (bin[name] ?? Object.values(bin)[0])
  return [process.execPath, join(dirname(file), script), ...args]
}

/** Components are Svelte's to check, by its own compiler: it lies beside the Console, as do the errors it finds. */
const svelteCheck = [
  process.execPath,
  join(root, 'packages/console/node_modules/svelte-check/bin/svelte-check'),
  '--workspace',
  join(root, 'packages/console'),
  '--tsconfig',
  join(root, 'packages/console/tsconfig.json'),
  '--fail-on-warnings',
]

function exists(file) {
  try {
    return readFileSync(file) !== undefined
  } catch {
    return false
  }
}

const architectureTests = ['architecture', 'export-names', 'error-codes'].map((name) => `packages/tutti/test/${name}.test.ts`)

/** Each step is a name and its commands, one after the other; the slow ones come first, to share the processors well. */
function steps() {
  return [
    {
      name: 'packages',
      title: 'package exports (build, publint, attw)',
      commands: [
        [process.execPath, join(root, 'scripts/build.mjs')],
        ...publicPackages().flatMap(({ folder }) => [
          tool('publint', folder, '--strict'),
          tool('@arethetypeswrong/cli', '--pack', folder, '--profile', 'esm-only'),
        ]),
      ],
    },
    { name: 'types', title: 'types (tsc)', commands: [tool('typescript', '-p', 'tsconfig.json')] },
    { name: 'console', title: 'types of the Console (svelte-check)', commands: [svelteCheck] },
    { name: 'lint', title: 'lint (oxlint)', commands: [tool('oxlint', '--type-aware', '--deny-warnings')] },
    { name: 'architecture', title: 'architecture, names, error codes', commands: [tool('vitest', 'run', ...architectureTests)] },
    { name: 'unused', title: 'unused code (knip)', commands: [tool('knip')] },
    { name: 'format', title: 'format (oxfmt)', commands: [tool('oxfmt', '--check', '.')] },
  ]
}

/** Runs a command to its end, keeping what it prints. */
function run([program, ...args]) {
  return new Promise((resolve) => {
    const env = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) }
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

async function runStep({ title, commands }) {
  const start = performance.now()
  let result = { ok: true, output: '' }
  for (const command of commands) {
    result = await run(command)
    if (!result.ok) break
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${result.ok ? 'ok    ' : 'FAILED'}  ${title.padEnd(40)} ${seconds.padStart(5)} s`)
  if (!result.ok) console.log(`\n${result.output.trim()}\n`)
  return result.ok
}

async function main(names) {
  const all = steps()
  const unknown = names.find((name) => !all.some((step) => step.name === name))
  if (unknown !== undefined) throw new Error(`"${unknown}" is not a step; the steps are ${all.map(({ name }) => name).join(', ')}`)
  const queue = names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
  const total = queue.length
  let passed = 0
  const worker = async () => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) if (await runStep(step)) passed++
  }
  await Promise.all(Array.from({ length: Math.min(total, availableParallelism()) }, worker))
  console.log(passed === total ? `All ${total} checks passed.` : `${total - passed} of ${total} checks failed.`)
  if (passed < total) process.exitCode = 1
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
