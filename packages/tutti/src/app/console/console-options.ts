import type { HttpContext } from '../../http/index.ts'
import { OptionError, TuttiError, type Actor } from '../../kernel/index.ts'

/** How the Console is served, and to whom. */
export interface ConsoleOptions {
  /** Below which everything of it is. @default '/console' */
  readonly path?: string
  /** Whether it only shows, and changes nothing. @default false */
  readonly readonly?: boolean
  /** Says who calls; `undefined` lets nobody in (401), and what it throws is answered. @default nobody is asked, in development alone */
  readonly authenticate?: (ctx: HttpContext) => Actor | undefined | Promise<Actor | undefined>
  /** Who may log in by name and password (HTTP Basic): names, with what `hashPassword` of `tutti/console` made of their passwords. */
  readonly users?: Readonly<Record<string, string>>
  /** A folder with another page than the one that comes with Tutti. */
  readonly assets?: string
}

const consoleOptions: Readonly<Record<keyof ConsoleOptions, true>> = {
  path: true,
  readonly: true,
  authenticate: true,
  users: true,
  assets: true,
}

const hashPattern = /^scrypt:\d{1,7}:\d{1,2}:\d{1,2}:[\w-]{20,}:[\w-]{40,}$/

/** Throws an `OptionError` for options that do not exist or cannot be meant. */
export function checkConsoleOptions(options: ConsoleOptions): void {
  for (const key of Object.keys(options)) {
    if (key in consoleOptions) continue
    throw new OptionError(
      `new App({ console }) received the option ${JSON.stringify(key)}, which does not exist; known are ${Object.keys(consoleOptions).join(', ')}.`,
      { code: 'TUTTI_OPTION_UNKNOWN' },
    )
  }
  const { path, authenticate, users, assets } = options
  if (path !== undefined && !/^(?:\/[\w.~-]+)+$/.test(path))
    throw new OptionError(`new App({ console: { path } }) received ${JSON.stringify(path)}; wanted a path such as "/console".`)
  if (authenticate !== undefined && typeof authenticate !== 'function')
    throw new OptionError(`new App({ console: { authenticate } }) received ${typeof authenticate}; wanted a function.`)
  if (authenticate !== undefined && users !== undefined)
    throw new OptionError(
      'new App({ console }) received both authenticate and users; one of them says who may look, so leave the other out.',
    )
  if (assets !== undefined && (typeof assets !== 'string' || assets === ''))
    throw new OptionError('new App({ console: { assets } }) received something else than the path of a folder.')
  const wrong = Object.entries(users ?? {}).find(([name, hash]) => name === '' || name.includes(':') || !hashPattern.test(hash))
  // What is wrong with it is not told: it may be a password.
  if (wrong !== undefined)
    throw new OptionError(
      `new App({ console: { users } }) received something that is no hash of a password for ${JSON.stringify(wrong[0])}; wanted what hashPassword of tutti/console gives, and names without a colon.`,
    )
  if (users !== undefined && Object.keys(users).length === 0)
    throw new OptionError('new App({ console: { users } }) received no users; name those who may look, or leave it out.')
}

/**
 * How the Console is served; `undefined` where it is not: in production only those may look whom the options let in. Throws
 * `TUTTI_CONSOLE_UNPROTECTED` where it was asked for in production and is open to everybody.
 */
export function resolveConsole(asked: boolean | ConsoleOptions | undefined): ConsoleOptions | undefined {
  if (asked === false) return undefined
  const options = typeof asked === 'object' ? asked : {}
  if (process.env['NODE_ENV'] !== 'production' || options.authenticate !== undefined || options.users !== undefined) return options
  if (asked === undefined) return undefined
  throw new TuttiError(
    'TUTTI_CONSOLE_UNPROTECTED',
    'The Console was asked for in production, where nobody says who may use it; wanted new App({ console: { authenticate } }) or { users }, or leave console out.',
  )
}
