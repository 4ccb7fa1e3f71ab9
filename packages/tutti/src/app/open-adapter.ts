import { TuttiError, type Clock } from '../kernel/index.ts'

/** A package that brings a backend, and what it calls the function that opens it. */
export interface Adapter {
  readonly package: string
  readonly factory: string
}

/**
 * Opens a backend by its URL. Throws `TUTTI_PACKAGE_MISSING` where its package is not installed.
 * `Backend` is what the adapters of its kind give.
 */
export async function openAdapter<Backend>(
  what: 'storage' | 'broker' | 'telemetry export',
  adapter: Adapter,
  options: { readonly url?: string; readonly clock?: Clock },
): Promise<Backend> {
  const loaded: unknown = await import(adapter.package).catch((cause: unknown) => {
    if (isMissing(cause, adapter.package)) {
      throw new TuttiError(
        'TUTTI_PACKAGE_MISSING',
        `The ${what} needs the package ${adapter.package}, which is not installed; run: npm install ${adapter.package}`,
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
  return (factory as (options: object) => Backend)(options)
}

function isMissing(error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(name)
}
