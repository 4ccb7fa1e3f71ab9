import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../../..')
const run = promisify(execFile)
/** Enough for what they share not to count. */
const aggregates = 40

const lines = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join('\n')

/** An aggregate with eight events and eight commands, used as applications do. */
const aggregateSource = (n: number): string => `
const A${n} = aggregate('a${n}', {
  events: {
${lines(8, (i) => `    e${i}: event(z.object({ id: z.string(), amount: z.number(), tags: z.array(z.string()), note: z.string().optional() })),`)}
  },
  commands: {
${lines(8, (i) => `    c${i}: z.object({ id: z.string(), amount: z.number().positive(), tags: z.array(z.string()), note: z.string().optional() }),`)}
  },
  initial: () => ({ status: 'none' }) as { status: 'none' } | { status: 'open'; total: number },
})
  .evolve({
${lines(8, (i) => `    e${i}: (s, e) => (s.status === 'open' ? { status: 'open', total: s.total + e.amount } : { status: 'open', total: e.amount }),`)}
  })
  .decide({
${lines(8, (i) => `    c${i}: (s, c, emit) => (s.status === 'none' ? emit.e${i}(c) : c.amount > 9 ? reject('CODE_${i}') : [emit.e0(c), emit.e${i}(c)]),`)}
  })
const r${n} = await repository.execute(A${n}.commands.c3('1', { id: '', amount: 1, tags: [] }))
if (!r${n}.ok) r${n}.code satisfies 'CODE_3'
const s${n} = await repository.load(A${n}, '1')
if (s${n}.status === 'open') s${n}.total satisfies number
`

/** How many types the compiler makes of generic ones to check that many aggregates. Rejects where it finds errors. */
async function instantiations(aggregates: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-type-cost-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const head = `import * as z from 'zod'\nimport { aggregate, event, reject, type Repository } from 'tutti/events'\ndeclare const repository: Repository\n`
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'app.ts'), head + lines(aggregates, aggregateSource))
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
      files: ['app.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', folder, '--extendedDiagnostics'])
    const found = /^Instantiations:\s+([\d,]+)/m.exec(stdout)?.[1] ?? 'NaN'
    return Number(found.replaceAll(',', ''))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

it('costs the type checker few instantiations per aggregate with 8 events and 8 commands', { timeout: 120_000 }, async () => {
  const [none, some] = [await instantiations(0), await instantiations(aggregates)]
  // Counted, not timed: the count is the same on every machine. About 2000 of them are those of the schemas alone.
  expect((some - none) / aggregates).toBeLessThan(9000)
})
