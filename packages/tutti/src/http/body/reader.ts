import type { JsonSchema, Schema } from '../../schema/index.ts'
import type { HttpContext } from '../context.ts'

/** Reads request bodies of some media types; `body: form(schema)` and its like. `T` is what the handler gets. */
export interface BodyReader<T> {
  /** The media types that are taken, such as `text/*`; others are answered with 415. */
  readonly mediaTypes: readonly string[]
  /** Checks what was read, together with the other parts of the request. */
  readonly schema?: Schema<unknown, T>
  /** The most bytes that this kind of body may have, where the route has no `bodyLimit`. @default that of the scope around it */
  readonly limit?: number
  /** The body as JSON Schema for the API description, where the schema does not tell it. */
  describe?(): JsonSchema
  /** What the handler gets where there is no body. @default undefined */
  readonly empty?: () => unknown
  /** Reads the body of a request that has one, at most `limit` bytes of it, else throws 413. */
  read(ctx: HttpContext, limit: number): unknown
}

/** Whether a route's `body` is a reader rather than a schema. */
export function isBodyReader(body: object): body is BodyReader<unknown> {
  return 'read' in body && 'mediaTypes' in body
}
