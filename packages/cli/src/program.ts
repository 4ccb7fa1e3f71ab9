import { readFileSync } from 'node:fs'
import { Command as Commander, CommanderError, InvalidArgumentError, Option as CommanderOption } from 'commander'
import type { Command } from './command.ts'
import { CommandError, exitCodes } from './command-error.ts'
import { commands } from './commands/index.ts'
import type { Io } from './io.ts'
import { withMore, type Argument, type Option } from './option.ts'

/** What groups of commands are about. */
const groups: Readonly<Record<string, string>> = {
  'dead-letters': 'work that was set aside because it failed again and again',
  events: 'the log of events',
  generate: 'files to begin with',
  projections: 'read models and subscriptions',
  runs: 'runs of workflows',
  schedules: 'what is done at its times',
  storage: 'where events and state are kept',
}

/** Finds the command that a command line means, reads its arguments and options, and executes it. Resolves with the exit code. */
export async function parseAndExecute(argv: readonly string[], io: Io): Promise<number> {
  const program = prepared(new Commander('tutti'), io)
    .description('The command of Tutti: new projects, development, and what operators look at and act upon.')
    .version(version(), '-V, --version')
    .addHelpText('after', '\nExit codes: 0 it is done, 1 it could not be done, 2 the command line is wrong.')
  for (const command of commands) addCommand(program, command, io)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander has said what is wrong, or printed the help that was asked for.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
}

function prepared(commander: Commander, io: Io): Commander {
  return commander
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.out.write(text), writeErr: (text) => void io.err.write(text) })
    .showHelpAfterError('Try --help.')
    .helpCommand(false)
}

function addCommand(program: Commander, command: Command, io: Io): void {
  const [first = '', second] = command.name.split(' ')
  const parent = second === undefined ? program : group(program, first, io)
  const added = prepared(new Commander(second ?? first), io).description(command.about)
  for (const [name, argument] of Object.entries(command.args))
    added.argument(written(name, argument), argument.about, checked(name, argument))
  for (const option of Object.values(command.options)) added.addOption(asOption(option))
  added.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  tutti ${example}`).join('\n')}`)
  added.action(async () => {
    const { processedArgs } = added
    const args = Object.fromEntries(Object.keys(command.args).map((name, i): [string, unknown] => [name, processedArgs[i]]))
    // What holds where an option is not given is said where it matters: the help would print it as JSON.
    const initial = Object.entries(command.options).map(([name, option]): [string, unknown] => [name, option.initial])
    await command.execute({ args, options: { ...Object.fromEntries(initial), ...added.opts() }, io })
  })
  parent.addCommand(added)
}

function group(program: Commander, name: string, io: Io): Commander {
  const known = program.commands.find((one) => one.name() === name)
  if (known !== undefined) return known
  const added = prepared(new Commander(name), io).description(groups[name] ?? name)
  program.addCommand(added)
  return added
}

function written(name: string, { form, choices }: Argument<unknown>): string {
  const shown = choices?.join('|') ?? name
  return { required: `<${shown}>`, optional: `[${shown}]`, rest: `[${shown}...]` }[form]
}

function checked(name: string, { choices, form }: Argument<unknown>): (given: string, before: unknown) => unknown {
  return (given, before) => {
    if (choices !== undefined && !choices.includes(given)) throw new InvalidArgumentError(`The ${name} is one of ${choices.join(', ')}.`)
    return form === 'rest' ? withMore(given, before) : given
  }
}

function asOption({ flags, about, parse }: Option<unknown>): CommanderOption {
  const option = new CommanderOption(flags, about)
  if (parse === undefined) return option
  return option.argParser((given, before) => {
    try {
      return parse(given, before)
    } catch (error) {
      throw error instanceof CommandError ? new InvalidArgumentError(error.message) : error
    }
  })
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL(import.meta.resolve('@tutti/cli/package.json')), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
