import type { Route } from '../route.ts'
import type { OpenApiDocument, OpenApiOptions } from './types.ts'

/**
 * Describes routes as OpenAPI 3.1, without an application around them. Hidden routes are left out; of several versions of a path one
 * operation is made; a schema that cannot be described allows everything.
 */
export async function openApiDocument(routes: readonly Route[], options: OpenApiOptions): Promise<OpenApiDocument> {
  const { buildDocument } = await import('./document.ts')
  return buildDocument(routes, options)
}
