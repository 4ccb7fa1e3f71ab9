import type { Route } from '../route.ts'
import { newestFirst } from '../api-version.ts'
import { pathTemplates, type PathTemplate } from './path-template.ts'
import type { OpenApiMethod } from './types.ts'

/** A route at one path with one method, which is how OpenAPI sees it. */
export interface Variant {
  readonly route: Route
  readonly method: OpenApiMethod
  readonly template: PathTemplate
}

// What ALL stands for in the document. HEAD and OPTIONS it answers as well, but nobody looks for them there.
const allMethods = ['get', 'post', 'put', 'patch', 'delete'] as const satisfies readonly OpenApiMethod[]

/**
 * Routes by path and method: one with an optional parameter twice, ALL as each method that has no route of its own there, and the
 * newest API version of a path first. Paths that differ only in the names of parameters take the names of the first.
 */
export function expandRoutes(routes: readonly Route[]): Variant[] {
  const templates = new Map<string, PathTemplate>()
  const taken = new Set(routes.map((route) => `${route.method} ${route.path}`))
  const variants = routes.flatMap((route) => {
    const methods = methodsOf(route, taken)
    return pathTemplates(route.path).flatMap((template) => {
      const shape = template.path.replaceAll(/\{[^}]*\}/g, '{}')
      const first = templates.get(shape)
      if (first === undefined) templates.set(shape, template)
      const named = first === undefined ? template : renamed(template, first)
      return methods.map((method) => ({ route, method, template: named }))
    })
  })
  return variants
    .map((variant, place) => ({ variant, place: variants.findIndex((other) => sameOperation(variant, other)), order: place }))
    .toSorted((a, b) => a.place - b.place || byVersion(a.variant, b.variant) || a.order - b.order)
    .map(({ variant }) => variant)
}

function methodsOf({ method, path }: Route, taken: ReadonlySet<string>): readonly OpenApiMethod[] {
  if (method !== 'ALL') return [method.toLowerCase() as Lowercase<typeof method>]
  return allMethods.filter((candidate) => !taken.has(`${candidate.toUpperCase()} ${path}`))
}

function renamed(template: PathTemplate, first: PathTemplate): PathTemplate {
  return {
    path: first.path,
    parameters: template.parameters.map((parameter, i) => ({ ...parameter, name: first.parameters[i]?.name ?? parameter.name })),
  }
}

function sameOperation(a: Variant, b: Variant): boolean {
  return a.method === b.method && a.template.path === b.template.path
}

function byVersion(a: Variant, b: Variant): number {
  const left = a.route.options.version
  const right = b.route.options.version
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined)
  return newestFirst(left, right)
}
