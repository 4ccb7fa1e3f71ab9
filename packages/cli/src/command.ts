import type { Io } from './io.ts'
import { flag, type Argument, type Option, type ValuesOf } from './option.ts'
import { Output } from './output.ts'

type Arguments = Readonly<Record<string, Argument<unknown>>>
type Options = Readonly<Record<string, Option<unknown>>>

/** What a command is made of. */
export interface CommandParts<A extends Arguments, O extends Options> {
  /** Such as `events read`. */
  readonly name: string
  readonly about: string
  /** In the order in which they are written. */
  readonly args?: A
  readonly options?: O
  /** Command lines behind `tutti`, for `--help`. */
  readonly examples: readonly string[]
  run(call: Call<ValuesOf<A>, ValuesOf<O>>): Promise<void>
}

/** A command as it was called. */
export interface Call<A = unknown, O = unknown> {
  readonly args: A
  readonly options: O
  readonly io: Io
  readonly output: Output
}

/** A command, whatever it takes. */
export interface Command {
  readonly name: string
  readonly about: string
  readonly args: Arguments
  readonly options: Readonly<Record<string, Option<unknown>>>
  readonly examples: readonly string[]
  execute(given: Given): Promise<void>
}

/** What was given on the command line, read by the arguments and options of the command. */
export interface Given {
  readonly args: Readonly<Record<string, unknown>>
  readonly options: Readonly<Record<string, unknown>>
  readonly io: Io
}

/** Defines a command; `--json` comes with each. */
export function command<const A extends Arguments = Record<never, never>, const O extends Options = Record<never, never>>(
  parts: CommandParts<A, O>,
): Command {
  const { name, about, args = {}, options = {}, examples } = parts
  return {
    name,
    about,
    args,
    options: { ...options, json: flag('--json', 'prints JSON, for programs') },
    examples,
    execute: (given) =>
      parts.run({
        // Each value was read by the argument or option that gives its type.
        args: given.args as ValuesOf<A>,
        options: given.options as ValuesOf<O>,
        io: given.io,
        output: new Output(given.io, given.options['json'] === true),
      }),
  }
}
