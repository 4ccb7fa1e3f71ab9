import { OptionError, TuttiError } from '../../kernel/index.ts'

/** A file of settings: JSON, or lines of `NAME=value` as in the environment. */
export type ConfigFile = string | { readonly path: string; readonly optional?: boolean }

/** What files say: values by their structure (JSON), and lines for the environment (`.env`). */
export function readFiles(
  files: readonly ConfigFile[],
  folder: string,
): { readonly values: Record<string, unknown>; readonly environment: Record<string, string> } {
  // As ESM imports these would be loaded, with much else, by applications without a configuration too.
  const { resolve } = process.getBuiltinModule('node:path')
  const { parseEnv } = process.getBuiltinModule('node:util')
  let values: Record<string, unknown> = {}
  const environment: Record<string, string> = {}
  for (const file of files) {
    const { path, optional } = typeof file === 'string' ? { path: file, optional: undefined } : file
    const isEnv = /(?:^|[/\\])\.env[^/\\]*$|\.env$/.test(path)
    if (!isEnv && !path.endsWith('.json'))
      throw new OptionError(`defineConfig received the file ${JSON.stringify(path)}; wanted one that ends in .json or .env.`)
    const text = readText(resolve(folder, path), optional ?? isEnv)
    if (text === undefined) continue
    if (isEnv) Object.assign(environment, parseEnv(text))
    else values = merge(values, parseJson(text, path))
  }
  return { values, environment }
}

function readText(path: string, optional: boolean): string | undefined {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(path, 'utf8')
  } catch (cause) {
    if (optional && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new TuttiError(
      'TUTTI_CONFIG_INVALID',
      `The configuration file ${path} cannot be read: ${(cause as Error).message}. Create it, or mark it { path, optional: true }.`,
      { cause },
    )
  }
}

function parseJson(text: string, path: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may hold secrets.
    throw new TuttiError('TUTTI_CONFIG_INVALID', `The configuration file ${path} is not valid JSON.`)
  }
  if (isRecord(value)) return value
  throw new TuttiError(
    'TUTTI_CONFIG_INVALID',
    `The configuration file ${path} holds ${Array.isArray(value) ? 'a list' : typeof value}; wanted an object of settings.`,
  )
}

function merge(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(above).map(([name, value]) => {
    const under = Object.hasOwn(below, name) ? below[name] : undefined
    return [name, isRecord(under) && isRecord(value) ? merge(under, value) : value] as const
  })
  return { ...below, ...Object.fromEntries(entries) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
