import { usageError } from './command-error.ts'

declare const types: unique symbol

/** A word behind a command, such as an id. */
export interface Argument<T> {
  readonly about: string
  readonly form: 'required' | 'optional' | 'rest'
  /** The words that it may be. @default any */
  readonly choices?: readonly string[]
  readonly [types]?: T
}

/** An option of a command. `T` is what the command gets. */
export interface Option<T> {
  /** As it is written, such as `--limit <n>`. */
  readonly flags: string
  readonly about: string
  /** What holds where it is not given. */
  readonly initial: T
  /** Reads what was given; options without a value have none. Throws an `Error` that says what is wanted. */
  readonly parse?: (text: string, before: unknown) => T
}

/** The types of what a command gets. */
export type ValuesOf<R> = { readonly [K in keyof R]: R[K] extends Option<infer T> | Argument<infer T> ? T : never }

/** A word that has to be there. */
export function word(about: string, choices?: readonly string[]): Argument<string> {
  return { about, form: 'required', ...(choices && { choices }) }
}

/** A word that may be left out. */
export function maybeWord(about: string): Argument<string | undefined> {
  return { about, form: 'optional' }
}

/** Any number of words. */
export function words(about: string): Argument<readonly string[]> {
  return { about, form: 'rest' }
}

/** Is there or not; `--no-…` turns off what is on. */
export function flag(flags: string, about: string): Option<boolean> {
  return { flags, about, initial: flags.startsWith('--no-') }
}

export function text(flags: string, about: string): Option<string | undefined> {
  return { flags, about, initial: undefined, parse: (given) => given }
}

/** May be given several times. */
export function texts(flags: string, about: string): Option<readonly string[]> {
  return { flags, about, initial: [], parse: withMore }
}

/** The words that were given before, and another one. */
export function withMore(given: string, before: unknown): readonly string[] {
  return [...(Array.isArray(before) ? (before as readonly string[]) : []), given]
}

/** A whole number of `least` or more. */
export function whole(flags: string, about: string, { least = 0 }: { readonly least?: number } = {}): Option<number | undefined> {
  return {
    flags,
    about,
    initial: undefined,
    parse: (given) => {
      const number = Number(given)
      if (given.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number
      throw usageError(`${nameOf(flags)} received ${JSON.stringify(given)}; wanted a whole number of ${least} or more.`)
    },
  }
}

/** One of a few words. */
export function choice<const C extends string>(flags: string, about: string, choices: readonly C[]): Option<C | undefined> {
  return {
    flags,
    about: `${about} (${choices.join(', ')})`,
    initial: undefined,
    parse: (given) => {
      const chosen = choices.find((one) => one === given)
      if (chosen !== undefined) return chosen
      throw usageError(`${nameOf(flags)} received ${JSON.stringify(given)}; wanted ${choices.join(', ')}.`)
    },
  }
}

/** Any JSON value. */
export function json(flags: string, about: string): Option<unknown> {
  return {
    flags,
    about,
    initial: undefined,
    parse: (given): unknown => {
      try {
        return JSON.parse(given)
      } catch {
        throw usageError(`${nameOf(flags)} received ${JSON.stringify(given)}, which is not JSON; write text as '"text"'.`)
      }
    },
  }
}

function nameOf(flags: string): string {
  return flags.replace(/ .*/, '')
}
