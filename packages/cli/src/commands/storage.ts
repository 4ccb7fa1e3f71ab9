import type { App } from 'tutti'
import type { MigrationReport, Storage } from 'tutti/storage'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { appOption, withApp, type AppCall } from '../load-app.ts'
import { flag } from '../option.ts'
import { facts } from '../output.ts'

const options = { app: appOption }

const migrate = command({
  name: 'migrate',
  about: 'brings the schema of the storages to the version that the application wants, as its start does',
  options: { ...options, dryRun: flag('--dry-run', 'only tells what would be done') },
  examples: ['migrate --dry-run', 'migrate'],
  run: (call) =>
    withStorages(call, async (storages) => {
      const { dryRun } = call.options
      const reports: (MigrationReport & { readonly storage: string })[] = []
      for (const storage of storages) reports.push({ storage: storage.kind, ...(await storage.migrate({ dryRun })) })
      call.output.answer(reports, () => reports.map((report) => reportText(report)).join('\n'))
    }),
})

const init = command({
  name: 'storage init',
  about: 'prepares empty storages for the application; those that hold something already stay as they are',
  options,
  examples: ['storage init'],
  run: (call) =>
    withStorages(call, async (storages) => {
      const done: { readonly storage: string; readonly created: boolean }[] = []
      for (const storage of storages) {
        const { from } = await storage.migrate({ dryRun: true })
        if (from === 0) await storage.migrate()
        done.push({ storage: storage.kind, created: from === 0 })
      }
      call.output.answer(done, () =>
        done
          .map(({ storage, created }) => `${storage}: ${created ? 'ready.' : 'was there already; `tutti migrate` updates it.'}`)
          .join('\n'),
      )
    }),
})

const check = command({
  name: 'storage check',
  about: 'looks whether the storages answer and have the schema that the application wants',
  options,
  examples: ['storage check', 'storage check --json'],
  run: (call) =>
    withStorages(call, async (storages) => {
      const found = await Promise.all(storages.map((storage) => checkStorage(storage)))
      call.output.answer(found, () =>
        found
          .map(({ storage, schema, wanted, capabilities, head }) =>
            facts([
              ['Storage', storage],
              ['Schema', schema === wanted ? `version ${schema}` : `version ${schema}; wanted ${wanted}`],
              ['Durable', capabilities.durable ? 'yes' : 'no'],
              ['Shared', capabilities.shared ? 'yes' : 'no: by one process only'],
              ['Last position', head === undefined ? undefined : String(head)],
            ]),
          )
          .join('\n\n'),
      )
      const old = found.find(({ schema, wanted }) => schema !== wanted)
      if (old !== undefined)
        throw new CommandError(
          `The schema of ${old.storage} is not the one that is wanted: run \`tutti ${old.schema === 0 ? 'storage init' : 'migrate'}\`.`,
        )
    }),
})

/** What `storage check` tells of a storage. */
export interface StorageFacts {
  readonly storage: string
  /** The version of the schema that is there; 0 for none. */
  readonly schema: number
  readonly wanted: number
  readonly capabilities: Storage['capabilities']
  /** The last position of the log, where there is one. */
  readonly head: number | undefined
}

/** Asks a storage how it is. Rejects where it does not answer. */
export async function checkStorage(storage: Storage): Promise<StorageFacts> {
  await storage.ping()
  const { from: schema, to: wanted } = await storage.migrate({ dryRun: true })
  const head = schema === wanted ? await storage.events.head() : undefined
  return { storage: storage.kind, schema, wanted, capabilities: storage.capabilities, head }
}

function withStorages(call: AppCall, use: (storages: readonly Storage[]) => Promise<void>): Promise<void> {
  return withApp(call, async (app: App) => {
    const storages = await app.openStorages()
    if (storages.length === 0) throw new CommandError(`The application ${app.name} uses no storage.`)
    await use(storages)
  })
}

function reportText({ storage, from, to, steps, dryRun }: MigrationReport & { readonly storage: string }): string {
  if (steps.length === 0) return `${storage}: version ${to} is up to date.`
  const what = dryRun ? `would go from version ${from} to ${to}` : `went from version ${from} to ${to}`
  return [`${storage}: ${what}.`, ...steps.map(({ version, name }) => `  ${version}  ${name}`)].join('\n')
}

export const storageCommands = [migrate, init, check]
