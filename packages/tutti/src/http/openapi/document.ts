import { alternatives } from '../guard.ts'
import type { Route } from '../route.ts'
import { expandRoutes, type Variant } from './expand-routes.ts'
import { mergeVariants, type Described } from './merge-variants.ts'
import { operationIdOf, UniqueNames } from './operation-id.ts'
import { parametersOf } from './parameters.ts'
import { requestBodyOf } from './request-body.ts'
import { responsesOf, sharedResponses } from './responses.ts'
import { SchemaComponents } from './schema-components.ts'
import { securitySchemes } from './security.ts'
import type { OpenApiDocument, OpenApiMethod, OpenApiOperation, OpenApiOptions, OpenApiPathItem, OpenApiTag } from './types.ts'

/** Several routes that share a path and a method: versions of one operation. */
interface Group {
  readonly path: string
  readonly method: OpenApiMethod
  readonly operationId: string
  readonly variants: readonly Variant[]
}

/** Describes routes as OpenAPI 3.1. Hidden routes are left out, and a schema that cannot be described allows everything. */
export function buildDocument(routes: readonly Route[], options: OpenApiOptions): OpenApiDocument {
  const visible = routes.filter((route) => route.options.hidden !== true)
  const components = new SchemaComponents()
  const groups = nameGroups(expandRoutes(visible))
  const shared = sharedResponses(components)
  // Responses first: where a schema's output and input differ, its plain name belongs to what clients get.
  const responses = new Map<Variant, OpenApiOperation['responses']>()
  for (const { operationId, variants } of groups) {
    for (const variant of variants) {
      responses.set(
        variant,
        responsesOf(variant.route.options, {
          components,
          hint: pascal(operationId),
          mediaTypes: options.mediaTypes ?? ['application/json'],
        }),
      )
    }
  }
  const paths = new Map<string, OpenApiPathItem>()
  for (const group of groups) {
    const described = group.variants.map((variant) =>
      describeVariant(variant, { components, hint: pascal(group.operationId), responses: responses.get(variant) ?? {} }),
    )
    paths.set(group.path, { ...paths.get(group.path), [group.method]: { operationId: group.operationId, ...mergeVariants(described) } })
  }
  const guards = visible.flatMap(({ options: { guard } }) => (guard === undefined ? [] : [guard]))
  const tags = tagsOf(visible, options.tags ?? [])
  const items = Object.fromEntries(paths)
  return {
    openapi: '3.1.1',
    info: options.info,
    ...(options.servers && options.servers.length > 0 && { servers: options.servers }),
    ...(tags.length > 0 && { tags }),
    paths: items,
    components: componentsOf(items, { components, shared, schemes: securitySchemes(guards, options.securitySchemes) }),
  }
}

function nameGroups(variants: readonly Variant[]): Group[] {
  const groups = new Map<string, Variant[]>()
  for (const variant of variants) {
    const key = `${variant.method} ${variant.template.path}`
    groups.set(key, [...(groups.get(key) ?? []), variant])
  }
  const names = new UniqueNames()
  const list = [...groups.values()].map((members) => ({ members, first: members[0] as Variant }))
  // Ids that routes ask for are given out first, so that a generated one never takes them away.
  const asked = new Map(
    list.flatMap(({ first }) =>
      first.route.options.operationId === undefined ? [] : [[first, names.take(first.route.options.operationId)] as const],
    ),
  )
  return list.map(({ members, first: { method, template }, first }) => ({
    path: template.path,
    method,
    operationId: asked.get(first) ?? names.take(operationIdOf(method, template.path)),
    variants: members,
  }))
}

function describeVariant(
  { route, template }: Variant,
  terms: { readonly components: SchemaComponents; readonly hint: string; readonly responses: OpenApiOperation['responses'] },
): Described {
  const { options } = route
  const { components, hint, responses } = terms
  const parameters = parametersOf(template, options, { components, hint })
  const requestBody = requestBodyOf(options, components, hint)
  const security = options.guard === undefined ? [] : alternatives(options.guard)
  return {
    route,
    operation: {
      ...(options.tags && options.tags.length > 0 && { tags: options.tags }),
      ...(options.summary !== undefined && { summary: options.summary }),
      ...(options.description !== undefined && { description: options.description }),
      ...(options.deprecated === true && { deprecated: true }),
      ...(parameters.length > 0 && { parameters }),
      ...(requestBody && { requestBody }),
      responses,
      ...(security.length > 0 && { security }),
    },
  }
}

function componentsOf(
  paths: Readonly<Record<string, OpenApiPathItem>>,
  {
    components,
    shared,
    schemes,
  }: {
    readonly components: SchemaComponents
    readonly shared: ReturnType<typeof sharedResponses>
    readonly schemes: ReturnType<typeof securitySchemes>
  },
): NonNullable<OpenApiDocument['components']> {
  const text = JSON.stringify(paths)
  const responses = Object.fromEntries(Object.entries(shared).filter(([name]) => text.includes(`"#/components/responses/${name}"`)))
  const schemas = components.usedBy([paths, responses])
  return {
    ...(Object.keys(schemas).length > 0 && { schemas }),
    ...(Object.keys(responses).length > 0 && { responses }),
    ...(Object.keys(schemes).length > 0 && { securitySchemes: schemes }),
  }
}

function tagsOf(routes: readonly Route[], described: readonly OpenApiTag[]): OpenApiTag[] {
  const tags = new Map(described.map((tag) => [tag.name, tag]))
  for (const name of routes.flatMap((route) => route.options.tags ?? [])) if (!tags.has(name)) tags.set(name, { name })
  return [...tags.values()]
}

function pascal(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll(/[^\w.-]+/g, '_')
}
