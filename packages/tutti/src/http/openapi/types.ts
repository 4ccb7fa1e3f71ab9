import type { JsonSchema } from '../../schema/index.ts'
import type { SecurityRequirement } from '../guard.ts'

/** An OpenAPI 3.1 document, as far as Tutti writes it; `x-…` members are free. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1'
  readonly info: OpenApiInfo
  readonly servers?: readonly OpenApiServer[]
  readonly tags?: readonly OpenApiTag[]
  readonly paths: Readonly<Record<string, OpenApiPathItem>>
  readonly components?: OpenApiComponents
  readonly security?: readonly SecurityRequirement[]
  readonly [extension: `x-${string}`]: unknown
}

/** What the API is called, and who stands behind it. */
export interface OpenApiInfo {
  readonly title: string
  /** The version of the API, not of OpenAPI. */
  readonly version: string
  readonly summary?: string
  /** Markdown. */
  readonly description?: string
  readonly termsOfService?: string
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string }
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string }
  readonly [extension: `x-${string}`]: unknown
}

/** Where the API is served. */
export interface OpenApiServer {
  /** May be relative to where the document is served, and may hold `{variables}`. */
  readonly url: string
  readonly description?: string
  readonly variables?: Readonly<
    Record<string, { readonly default: string; readonly enum?: readonly string[]; readonly description?: string }>
  >
}

/** A group of operations. */
export interface OpenApiTag {
  readonly name: string
  /** Markdown. */
  readonly description?: string
  readonly externalDocs?: { readonly url: string; readonly description?: string }
}

/** How callers prove who they are. */
export type OpenApiSecurityScheme =
  | { readonly type: 'http'; readonly scheme: string; readonly bearerFormat?: string; readonly description?: string }
  | { readonly type: 'apiKey'; readonly in: 'header' | 'query' | 'cookie'; readonly name: string; readonly description?: string }
  | {
      readonly type: 'oauth2'
      readonly flows: Readonly<Partial<Record<'implicit' | 'password' | 'clientCredentials' | 'authorizationCode', OpenApiOAuthFlow>>>
      readonly description?: string
    }
  | { readonly type: 'openIdConnect'; readonly openIdConnectUrl: string; readonly description?: string }
  | { readonly type: 'mutualTLS'; readonly description?: string }

/** One way to get an OAuth 2 token. */
export interface OpenApiOAuthFlow {
  readonly authorizationUrl?: string
  readonly tokenUrl?: string
  readonly refreshUrl?: string
  readonly scopes: Readonly<Record<string, string>>
}

/** The methods that a path item can hold. */
export type OpenApiMethod = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch'

/** The operations of a path. */
export type OpenApiPathItem = Readonly<Partial<Record<OpenApiMethod, OpenApiOperation>>>

/** One method of one path. */
export interface OpenApiOperation {
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly deprecated?: boolean
  readonly parameters?: readonly OpenApiParameter[]
  readonly requestBody?: OpenApiRequestBody
  readonly responses: Readonly<Record<string, OpenApiResponse | OpenApiReference>>
  readonly security?: readonly SecurityRequirement[]
  readonly [extension: `x-${string}`]: unknown
}

/** Points at something in `components`. */
export interface OpenApiReference {
  readonly $ref: string
}

/** A parameter outside the body. */
export interface OpenApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly description?: string
  readonly required?: boolean
  readonly deprecated?: boolean
  readonly style?: string
  readonly explode?: boolean
  readonly schema: JsonSchema
}

/** What a request carries. */
export interface OpenApiRequestBody {
  readonly description?: string
  readonly required?: boolean
  readonly content: OpenApiContent
}

/** A body by media type. */
export type OpenApiContent = Readonly<Record<string, OpenApiMediaType>>

/** A body in one media type. */
export interface OpenApiMediaType {
  readonly schema?: JsonSchema
  readonly examples?: Readonly<Record<string, { readonly value: unknown; readonly summary?: string }>>
}

/** What an operation answers with one status. */
export interface OpenApiResponse {
  readonly description: string
  readonly content?: OpenApiContent
}

/** What several operations share. */
export interface OpenApiComponents {
  readonly schemas?: Readonly<Record<string, JsonSchema>>
  readonly responses?: Readonly<Record<string, OpenApiResponse>>
  readonly securitySchemes?: Readonly<Record<string, OpenApiSecurityScheme>>
}

/** What the document says besides the routes. */
export interface OpenApiOptions {
  readonly info: OpenApiInfo
  readonly servers?: readonly OpenApiServer[]
  /** Security schemes by the names that guards use. A name that is missing here is shown as a bearer token. */
  readonly securitySchemes?: Readonly<Record<string, OpenApiSecurityScheme>>
  /** Descriptions of tags, in the order in which they are shown; tags that are missing here follow as they appear. */
  readonly tags?: readonly OpenApiTag[]
  /** Media types in which plain values are answered. @default ['application/json'] */
  readonly mediaTypes?: readonly string[]
}
