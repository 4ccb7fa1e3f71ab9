import { OptionError } from '../../kernel/index.ts'
import type { OpenApiInfo, OpenApiOptions } from './types.ts'

/** What the API description says, and where it is served. */
export interface DocsOptions extends Omit<OpenApiOptions, 'info' | 'mediaTypes'> {
  /** The path of the page; `false` serves none. @default '/docs' */
  readonly path?: string | false
  /** The path of the document. @default '/openapi.json' */
  readonly json?: string
  /** @default the application's name as the title, and the version 0.0.0 */
  readonly info?: Partial<OpenApiInfo>
}

// A record over all keys, so that a new option that is not listed here does not compile.
const known: Readonly<Record<keyof DocsOptions, true>> = {
  path: true,
  json: true,
  info: true,
  servers: true,
  securitySchemes: true,
  tags: true,
}

/** Throws an `OptionError` for options that do not exist or cannot be meant. */
export function checkDocsOptions(options: DocsOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(
      `The option docs received ${JSON.stringify(options)}; wanted true, false or an object such as { info: { title: 'Shop' } }.`,
    )
  }
  for (const key of Object.keys(options)) {
    if (key in known) continue
    throw new OptionError(
      `The option docs received ${JSON.stringify(key)}, which does not exist; known are ${Object.keys(known).join(', ')}.`,
      { code: 'TUTTI_OPTION_UNKNOWN' },
    )
  }
  if ((options.path ?? '/docs') === (options.json ?? '/openapi.json')) {
    throw new OptionError(
      `The options docs.path and docs.json both received ${JSON.stringify(options.json ?? options.path)}; give the page and the document a path each.`,
    )
  }
  for (const key of ['path', 'json'] as const) {
    const path = options[key]
    if (path === undefined || (key === 'path' && path === false)) continue
    if (typeof path === 'string' && /^(?:\/[\w.~-]+)+$/.test(path)) continue
    throw new OptionError(
      `The option docs.${key} received ${JSON.stringify(path)}; wanted a path without parameters, such as "${key === 'path' ? '/docs' : '/openapi.json'}".`,
    )
  }
}
