import type { InferOutput, Schema } from '../../schema/index.ts'
import { compileValidator } from '../../schema/index.ts'
import { TuttiError } from '../../kernel/index.ts'
import { describeSettings, type Setting } from './settings.ts'
import { readEnvironment } from './environment.ts'
import { readFiles, type ConfigFile } from './files.ts'
import { hideSecrets } from './secrets.ts'

/** Where configuration comes from. */
export interface ConfigOptions {
  /**
   * Files ending in `.json` or `.env`, the later ones winning; `.env` files may be missing, others only with `{ path, optional: true }`.
   * @default ['.env']
   */
  readonly files?: readonly ConfigFile[]
  /** In front of every name in the environment, such as `SHOP_`. @default '' */
  readonly prefix?: string
  /** Settings that are never printed, besides those whose names say so (`password`, `secret`, `token`, `apiKey`, …), by their dotted path. */
  readonly secrets?: readonly string[]
}

/** Where a definition is loaded from, for tests. */
export interface ConfigSources {
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The folder of relative file names. @default the working directory */
  readonly folder?: string
}

/** A configuration that can be loaded; made by `defineConfig`. */
export interface ConfigDefinition<T> {
  /** Reads and checks everything. Throws `TUTTI_CONFIG_INVALID`, which names each wrong setting and where to set it, and shows no values. */
  load(sources?: ConfigSources): T
}

/**
 * Declares an application's configuration by a schema. The setting `database.poolSize` is read from `DATABASE_POOL_SIZE` in the
 * environment, else from the files, else the schema's default holds. Texts become numbers, booleans and lists where the schema wants those.
 * Given to `new App({ config })` it is loaded and checked at the start. Printed or logged, it shows its secrets as `[secret]`.
 */
export function defineConfig<S extends Schema>(schema: S, options: ConfigOptions = {}): ConfigDefinition<InferOutput<S>> {
  const settings = describeSettings(schema, options.prefix ?? '')
  const validate = compileValidator(schema)
  return {
    load({ env = process.env, folder = process.cwd() } = {}) {
      const { values, environment } = readFiles(options.files ?? ['.env'], folder)
      const received = readEnvironment(settings, { values, environment: { ...environment, ...env } })
      const result = validate(received)
      if (result instanceof Promise)
        throw new TuttiError(
          'TUTTI_CONFIG_INVALID',
          'The schema of the configuration checks asynchronously; configuration is needed before anything else, so wanted a schema that checks at once.',
        )
      if (!result.ok) throw invalid(result.problems, settings)
      return hideSecrets(result.value as InferOutput<S>, options.secrets ?? [])
    },
  }
}

/** Whether something is a definition rather than configuration itself. */
export function isConfigDefinition(value: unknown): value is ConfigDefinition<unknown> {
  return typeof value === 'object' && value !== null && 'load' in value && typeof value.load === 'function'
}

function invalid(problems: readonly { readonly path: string; readonly message: string }[], settings: readonly Setting[]): TuttiError {
  const lines = problems.map(({ path, message }) => {
    const setting = settings.find((candidate) => candidate.path.join('.') === path)
    return `  ${path === '' ? '(all of it)' : path}: ${message}${setting === undefined ? '' : ` (set ${setting.variable} in the environment)`}`
  })
  return new TuttiError('TUTTI_CONFIG_INVALID', `The configuration is not valid:\n${lines.join('\n')}`, {
    details: { paths: problems.map(({ path }) => path) },
  })
}
