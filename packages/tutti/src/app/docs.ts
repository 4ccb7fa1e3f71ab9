import { docsRoutes, openApiDocument, type DocsOptions, type OpenApiDocument, type Route } from '../http/index.ts'

/** Adjusts the API description; what it returns is served. */
export type OpenApiChange = (document: OpenApiDocument) => OpenApiDocument | Promise<OpenApiDocument>

/** What the API description of an application is made from. */
export interface DocsParts {
  /** The application's name. */
  readonly name: string
  readonly routes: readonly Route[]
  /** In which plain values are answered. */
  readonly mediaTypes: readonly string[]
  readonly changes: readonly OpenApiChange[]
}

/**
 * The routes that serve the API description of an application: none where `docs` says so, and none in production where it says
 * nothing, because a description tells strangers where to look. Where the application answers one of their paths itself, it does.
 */
export function routesOfDocs(docs: boolean | DocsOptions | undefined, parts: DocsParts): Route[] {
  const wanted = docs ?? process.env['NODE_ENV'] !== 'production'
  if (wanted === false) return []
  const { path = '/docs', json = '/openapi.json' } = wanted === true ? {} : wanted
  const document = (): Promise<OpenApiDocument> => describeApi(wanted, parts)
  const taken = new Set(parts.routes.flatMap((route) => (route.method === 'GET' || route.method === 'ALL' ? [route.path] : [])))
  return docsRoutes({ path: path === false || taken.has(path) ? false : path, json, document }).filter((route) => !taken.has(route.path))
}

/** The API description of an application, whether it is served or not. */
export async function describeApi(docs: boolean | DocsOptions | undefined, parts: DocsParts): Promise<OpenApiDocument> {
  const { path: _path, json: _json, info, ...described } = typeof docs === 'object' ? docs : {}
  let made = await openApiDocument(parts.routes, {
    ...described,
    info: { title: parts.name, version: '0.0.0', ...info },
    mediaTypes: parts.mediaTypes,
  })
  for (const change of parts.changes) made = await change(made)
  return made
}
