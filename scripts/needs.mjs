// Which tests need which of the services in services/table.mjs. `npm test` brings these up before it starts, and puts
// their URLs into the environment of the tests.

/** @type {{ tests: string, services: string[] }[]} - `tests` is a path from the root: a test file or a folder of them. */
export const needs = [
  { tests: 'scripts/test/needs.test.ts', services: ['postgres', 'mariadb', 'prometheus', 'chromium'] },
  { tests: 'packages/console/test/browser', services: ['chromium'] },
  { tests: 'packages/tutti/test/telemetry/prometheus.test.ts', services: ['prometheus'] },
  { tests: 'adapters/postgres/test', services: ['postgres'] },
  { tests: 'adapters/mysql/test', services: ['mariadb'] },
  { tests: 'examples/shop/test', services: ['postgres', 'mariadb'] },
]

/** The services that the tests under the given paths need; all of them where no path is given. */
export function neededServices(paths, list = needs) {
  const meets = (tests, path) => tests.includes(path) || path.startsWith(tests)
  const needed = list.filter(({ tests }) => paths.length === 0 || paths.some((path) => meets(tests, path)))
  return [...new Set(needed.flatMap(({ services }) => services))]
}

/**
 * Whether a service that cannot be reached fails the run instead of skipping its tests with the reason: so in CI, except
 * for jobs on systems without these servers, which say so with `TUTTI_SERVICES=optional`.
 */
export function servicesRequired(env = process.env) {
  return !['', '0', 'false', undefined].includes(env['CI']) && env['TUTTI_SERVICES'] !== 'optional'
}
