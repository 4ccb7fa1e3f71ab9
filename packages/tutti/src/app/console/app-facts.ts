import type { Actor } from '../../kernel/index.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import type { ConsoleApp } from './contract.ts'

const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString()
let version: string | undefined

/** What the application is, and which views have something to show. */
export function appFacts({ name, backend, options, modules, telemetry }: OpenConsoleParts, actor: Actor | undefined): ConsoleApp {
  const { messages, readModels, runs, schedules, stores, topics } = backend
  return {
    name,
    version: (version ??= readVersion()),
    node: process.versions.node,
    startedAt,
    environment: process.env['NODE_ENV'] ?? 'development',
    readonly: options.readonly ?? false,
    actor: actor?.id,
    has: {
      events: stores.opened !== undefined,
      projections: readModels.isUsed,
      messages: messages.isUsed,
      workflows: runs.isUsed,
      schedules: schedules.isUsed,
      topics: topics.isUsed,
      telemetry: telemetry.enabled,
    },
    modules: modules().map((module) => module.name),
  }
}

/** The version of the package that the process was started from. */
function readVersion(): string {
  const { findPackageJSON } = process.getBuiltinModule('node:module')
  const { readFileSync } = process.getBuiltinModule('node:fs')
  const { pathToFileURL } = process.getBuiltinModule('node:url')
  const main = process.argv[1]
  if (main === undefined) return '0.0.0'
  try {
    const file = findPackageJSON(pathToFileURL(main))
    const manifest = JSON.parse(file === undefined ? '{}' : readFileSync(file, 'utf8')) as { readonly version?: unknown }
    return typeof manifest.version === 'string' ? manifest.version : '0.0.0'
  } catch {
    // What was started may be no file at all.
    return '0.0.0'
  }
}
