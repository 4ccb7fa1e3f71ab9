import { OptionError, type Clock } from '../kernel/index.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../storage/index.ts'
import { openAdapter, type Adapter } from './open-adapter.ts'

/** What chooses a storage: one that is there, or a URL such as `sqlite:data/shop.db`, `memory:` or `postgres://…`. */
export type StorageChoice = Storage | string

/** The adapters that URLs stand for. */
const adapters: Readonly<Record<string, Adapter>> = {
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
  return openAdapter<Storage>('storage', adapter, { url: chosen, clock })
}
