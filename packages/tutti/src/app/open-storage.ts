import { OptionError, TuttiError, type Clock } from '../kernel/index.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../storage/index.ts'

/** What chooses a storage: one that is there, or a URL such as `sqlite:data/shop.db`, `memory:` or `postgres://…`. */
export type StorageChoice = Storage | string

/** The adapters that URLs stand for. */
const adapters: Readonly<Record<string, { readonly package: string; readonly factory: string }>> = {
  'postgres:': { package: '@tutti/postgres', factory: 'postgres' },
  'postgresql:': { package: '@tutti/postgres', factory: 'postgres' },
  'mysql:': { package: '@tutti/mysql', factory: 'mysql' },
  'mariadb:': { package: '@tutti/mysql', factory: 'mysql' },
}

/**
 * The storage that was chosen, else the file `.tutti/<name>.db`.
 * Throws `TUTTI_PACKAGE_MISSING` where the URL needs an adapter that is not installed.
 */
export async function openStorage(
  choice: StorageChoice | undefined,
  { name, clock }: { readonly name: string; readonly clock: Clock },
): Promise<Storage> {
  const chosen = choice ?? ''
  if (typeof chosen !== 'string') return chosen
  if (chosen === '') return sqliteStorage({ path: `.tutti/${name}.db`, clock })
  if (chosen === 'memory:') return memoryStorage({ clock })
  if (chosen.startsWith('sqlite:')) return sqliteStorage({ path: chosen.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, ''), clock })
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(chosen)?.[0].toLowerCase() ?? ''
  const adapter = adapters[scheme]
  if (adapter === undefined) {
    throw new OptionError(
      `The storage ${scheme === '' ? 'that was given' : JSON.stringify(`${scheme}…`)} is not known; wanted a URL that begins with memory:, sqlite:, ${Object.keys(adapters).join(', ')}.`,
    )
  }
  return openAdapter(adapter, { url: chosen, clock })
}

async function openAdapter(
  adapter: { readonly package: string; readonly factory: string },
  options: { readonly url: string; readonly clock: Clock },
): Promise<Storage> {
  const loaded: unknown = await import(adapter.package).catch((cause: unknown) => {
    if (isMissing(cause, adapter.package)) {
      throw new TuttiError(
        'TUTTI_PACKAGE_MISSING',
        `The storage needs the package ${adapter.package}, which is not installed; run: npm install ${adapter.package}`,
        { cause },
      )
    }
    throw cause
  })
  const factory: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, adapter.factory) : undefined
  if (typeof factory !== 'function')
    throw new TuttiError(
      'TUTTI_PACKAGE_MISSING',
      `The package ${adapter.package} has no ${adapter.factory}(); install the version that belongs to this version of tutti.`,
    )
  return (factory as (options: object) => Storage)(options)
}

function isMissing(error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(name)
}
