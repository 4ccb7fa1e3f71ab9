import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, relative, resolve } from 'node:path'
import { command, type Call } from '../command.ts'
import { CommandError, usageError } from '../command-error.ts'
import { manifestOf, tuttiPackages } from '../new/manifest.ts'
import { runProgram } from '../new/run-program.ts'
import { templateFiles, writeFiles } from '../new/template-files.ts'
import { choice, flag, text, word } from '../option.ts'

const templateNames = ['http', 'events', 'full'] as const
const managers = ['npm', 'pnpm', 'yarn', 'bun'] as const

export const newProject = command({
  name: 'new',
  about: 'makes a project that starts, tests and type-checks at once',
  args: { folder: word('the folder of the project, which is not there yet, or empty') },
  options: {
    template: choice('--template <name>', 'what it begins with; asked for at a terminal, else http', templateNames),
    name: text('--name <name>', 'the name of the package; else that of the folder'),
    packageManager: choice('--package-manager <name>', 'what installs the packages, npm unless told otherwise', managers),
    install: flag('--no-install', 'installs no packages'),
    git: flag('--no-git', 'makes no git repository'),
    tutti: text(
      '--tutti <spec>',
      'where Tutti comes from: a version, or a folder with packages; else TUTTI_PACKAGES, else the version of this command',
    ),
  },
  examples: ['new shop', 'new shop --template events', 'new shop --template full --package-manager pnpm --no-git'],
  run: async (call) => {
    const { folder } = call.args
    const { io, output, options } = call
    const into = resolve(io.cwd, folder)
    const name = options.name ?? basename(into).toLowerCase()
    if (!/^[a-z\d][a-z\d._-]{0,63}$/.test(name))
      throw usageError(
        `The name ${JSON.stringify(name)} does not do for a package; wanted lower-case letters, digits, dots and dashes: give one with --name.`,
      )
    if (existsSync(into) && readdirSync(into).length > 0) throw new CommandError(`${into} is not empty; nothing was written.`)
    const tutti = tuttiPackages(options.tutti ?? io.env['TUTTI_PACKAGES'] ?? ownVersion(), io.cwd)
    const template =
      options.template ??
      (io.input.isTTY === true && !output.isJson ? await (await import('../new/ask-template.ts')).askTemplate() : 'http')
    const fill = (content: string): string => content.replaceAll('APP_NAME', name)
    const layers = template === 'full' ? ['base', 'events', 'full'] : ['base', template]
    const files = Object.assign({}, ...(await Promise.all(layers.map((layer) => templateFiles(layer, fill))))) as Record<string, string>
    await mkdir(into, { recursive: true })
    await writeFiles(into, { ...files, 'package.json': manifestOf(name, tutti) })
    const manager = options.packageManager ?? 'npm'
    const installed = options.install && (await install(call, manager, into))
    const git = options.git && (await runProgram('git', ['init', '--quiet'], { cwd: into }))
    if (options.git && !git) output.note('There is no git repository: git is not installed, or refused.')
    output.answer({ folder: into, name, template, installed, git }, () =>
      [
        `${name} is there. Next:`,
        '',
        `  cd ${relative(io.cwd, into) || '.'}`,
        ...(installed ? [] : [`  ${manager} install`]),
        `  ${manager} run dev`,
      ].join('\n'),
    )
  },
})

async function install({ output }: Call, manager: string, cwd: string): Promise<boolean> {
  output.note(`Installing packages with ${manager} …`)
  if (await runProgram(manager, ['install'], { cwd, shown: !output.isJson })) return true
  throw new CommandError(`The project is there, but ${manager} could not install its packages: run \`${manager} install\` in it.`)
}

/** Packages of Tutti are published together. */
function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL(import.meta.resolve('@tutti/cli/package.json')), 'utf8'))
  return `^${(manifest as { readonly version: string }).version}`
}
