import { OptionError } from '../../kernel/index.ts'
import type { Route } from '../route.ts'

/** Throws where two operations have the same `operationId`, which must name one of them alone. Versions of one path may share it. */
export function checkOperationIds(routes: readonly Route[]): void {
  const holders = new Map<string, string>()
  for (const { method, path, options } of routes) {
    if (options.operationId === undefined || options.hidden === true) continue
    const name = `${method} ${path}`
    const holder = holders.get(options.operationId) ?? name
    if (holder !== name) {
      throw new OptionError(
        `The operationId ${JSON.stringify(options.operationId)} is on both ${holder} and ${name}; give one of them another, or leave it out.`,
        { code: 'TUTTI_ROUTE_INVALID' },
      )
    }
    holders.set(options.operationId, name)
  }
}
