/** Tests, by a path from the root, and the services that they need. */
export interface Need {
  readonly tests: string
  readonly services: string[]
}
export const needs: readonly Need[]
/** The services that the tests under the given paths need; all of them where no path is given. */
export function neededServices(paths: readonly string[], list?: readonly Need[]): string[]
/** Whether a service that cannot be reached fails the run instead of skipping its tests with the reason. */
export function servicesRequired(env?: Readonly<Record<string, string | undefined>>): boolean
