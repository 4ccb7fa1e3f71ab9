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
  const { path = '/docs', json = '/openapi.json', info, ...described } = wanted === true ? {} : wanted
  const document = async (): Promise<OpenApiDocument> => {
    let made = await openApiDocument(parts.routes, {
      ...described,
      info: { title: parts.name, version: '0.0.0', ...info },
      mediaTypes: parts.mediaTypes,
    })
    for (const change of parts.changes) made = await change(made)
    return made
  }
  const taken = new Set(parts.routes.flatMap((route) => (route.method === 'GET' || route.method === 'ALL' ? [route.path] : [])))
  return docsRoutes({ path: path === false || taken.has(path) ? false : path, json, document }).filter((route) => !taken.has(route.path))
}
