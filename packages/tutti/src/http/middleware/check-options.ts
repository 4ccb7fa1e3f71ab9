import { OptionError } from '../../kernel/index.ts'

/** Throws `TUTTI_OPTION_UNKNOWN` for an option that a middleware does not have: a misspelt limit must not be no limit. */
export function checkOptions<T extends object>(name: string, received: T, known: Readonly<Record<keyof T, true>>): void {
  if (typeof received !== 'object' || received === null)
    throw new OptionError(`${name} received ${String(received)}; wanted an object with options.`)
  for (const key of Object.keys(received)) {
    if (key in known) continue
    throw new OptionError(
      `${name} received the option ${JSON.stringify(key)}, which does not exist; known are ${Object.keys(known).join(', ')}.`,
      { code: 'TUTTI_OPTION_UNKNOWN' },
    )
  }
}

/** The expression without the flags that make it remember where it stopped: it would match every other request only. */
export function stateless(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''))
}

/** Whether a text can be the name of a header (RFC 9110 section 5.6.2). */
export function isHeaderName(name: unknown): name is string {
  return typeof name === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(name)
}
