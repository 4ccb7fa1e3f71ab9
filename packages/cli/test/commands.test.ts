import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { cli, temporaryFolder } from './cli.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/cli.md'), 'utf8')
const tests = globSync('*.test.ts', { cwd: import.meta.dirname })
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  .join('\n')
const flagsOf = ({ options }: (typeof commands)[number]): string[] => Object.values(options).map(({ flags }) => flags.replace(/ .*/, ''))

describe('each command', () => {
  it.each(commands.map((command) => [command.name, command] as const))('%s has help with examples', async (name, command) => {
    const { code, out } = await cli([...name.split(' '), '--help'])
    expect(code).toBe(0)
    expect(command.examples.length).toBeGreaterThan(0)
    for (const text of [command.about.split(' ')[0], ...flagsOf(command), ...command.examples.map((example) => `tutti ${example}`)])
      expect(out).toContain(text)
  })

  it('is in the guide, with each of its options, and nothing else is', () => {
    const described = [...page.matchAll(/^\| `tutti (?<name>[a-z-]+(?: [a-z-]+)?)[^`]*`\s*\| (?<rest>.*)$/gm)]
    expect(described.map(({ groups }) => groups?.['name']).toSorted()).toEqual(commands.map(({ name }) => name).toSorted())
    for (const command of commands) {
      const row = described.find(({ groups }) => groups?.['name'] === command.name)?.[0] ?? ''
      const own = flagsOf(command).filter((flag) => flag !== '--json' && flag !== '--app')
      expect([...row.matchAll(/--[a-z-]+/g)].map(([flag]) => flag).toSorted(), command.name).toEqual(own.toSorted())
    }
  })

  it('has each of its options tested', () => {
    for (const command of commands) for (const flag of flagsOf(command)) expect(tests, `${command.name} ${flag}`).toContain(`'${flag}'`)
  })
})

describe('the command line', () => {
  it('says what is wrong with it, and what there is', async () => {
    expect(await cli(['evnts'])).toMatchObject({ code: 2, err: expect.stringContaining('events') })
    expect(await cli(['events', 'red'])).toMatchObject({ code: 2, err: expect.stringContaining('read') })
    expect(await cli(['routes', '--tags', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining('--tag') })
    expect(await cli(['runs', 'show'])).toMatchObject({ code: 2, err: expect.stringContaining('workflow') })
    expect(await cli(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(await cli(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes') })
  })
})

describe('tutti doctor', () => {
  const app = join(import.meta.dirname, 'fixtures/bank.ts')

  it('finds nothing wrong, or says what to do', async () => {
    await using folder = await temporaryFolder()
    process.env['TUTTI_STORAGE'] = `sqlite:${join(folder.path, 'bank.db')}`
    const well = await cli(['doctor', '--app', app, '--port', '0', '--json'])
    expect(well.json).toContainEqual({ check: 'storage', ok: true, found: 'sqlite answers, and is empty' })
    expect(well.code).toBe(0)

    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const taken = typeof address === 'object' && address !== null ? address.port : 0
    const bad = await cli(['doctor', '--port', String(taken)], { cwd: folder.path })
    server.close()
    expect(bad).toMatchObject({ code: 1, err: '3 checks failed.\n' })
    expect(bad.out).toMatch(/WRONG\s+tutti\s+is not installed; run: npm install tutti/)
    expect(bad.out).toContain(`${taken} cannot be used`)
    expect(bad.out).toContain('tutti new')
  })
})
