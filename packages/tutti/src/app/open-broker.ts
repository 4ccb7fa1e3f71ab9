import { OptionError, type Clock } from '../kernel/index.ts'
import { openMemoryBroker, type Broker } from '../messaging/index.ts'
import { openAdapter, type Adapter } from './open-adapter.ts'

/** What chooses a broker: one that is there, or a URL such as `memory:` or `postgres://…`. */
export type BrokerChoice = Broker | string

/** The adapters that URLs stand for. */
const adapters: Readonly<Record<string, Adapter>> = {
  'postgres:': { package: '@tutti/postgres', factory: 'postgresBroker' },
  'postgresql:': { package: '@tutti/postgres', factory: 'postgresBroker' },
}

/** The broker that was chosen, else one in memory. Throws `TUTTI_PACKAGE_MISSING` where the URL needs an adapter that is not installed. */
export async function openBroker(choice: BrokerChoice | undefined, { clock }: { readonly clock: Clock }): Promise<Broker> {
  const chosen = choice ?? ''
  if (typeof chosen !== 'string') return chosen
  if (chosen === '' || chosen === 'memory:') return openMemoryBroker({ clock })
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(chosen)?.[0].toLowerCase() ?? ''
  const adapter = adapters[scheme]
  if (adapter !== undefined) return openAdapter<Broker>('broker', adapter, { url: chosen, clock })
  throw new OptionError(
    `The broker ${scheme === '' ? 'that was given' : JSON.stringify(`${scheme}…`)} is not known; wanted a URL that begins with memory:, ${Object.keys(adapters).join(', ')}.`,
  )
}
