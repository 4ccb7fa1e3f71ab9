export { router, Router, RouteBuilder, type Declare, type RouterOptions } from './router.ts'
export { HttpContext } from './context.ts'
export { reply, redirect, Reply, toResponse, type RedirectStatus, type Respondable } from './reply.ts'
export { HttpResponse, type ResponseBody } from './response.ts'
export { HttpHeaders, type HeadersInput } from './headers.ts'
export { sse, type SseMessage, type SseOptions } from './sse.ts'
export { forbidden, httpError, HttpError, unauthenticated, type HttpErrorOptions } from './errors.ts'
export { all, any, not, type Guard, type SecurityRequirement } from './guard.ts'
export type { ErrorMapper, Middleware, Next } from './middleware.ts'
export type { Encoder } from './encoder.ts'
export type { CookieOptions } from './cookies.ts'
export type { ProblemDocument } from './problem.ts'
export { Problem } from './problem-schema.ts'
export type { PathParams } from './path.ts'
export type { Query } from './query.ts'
export type { ConstraintOf } from './matcher.ts'
export type { Handler, HandlerResult, Method, Route, RouteConstraints, RouteContext, RouteOptions } from './route.ts'
export type { TrustProxy } from './proxies.ts'
export type { ServerLimits } from './engine/limits.ts'
export type { EngineOptions } from './engine/node.ts'
export type { TlsOptions } from './engine/tls.ts'
export type { ClientCertificate } from './engine/certificate.ts'
export type { Address, Engine, EngineFactory } from './engine/engine.ts'
export type { BodyReader } from './body/reader.ts'
export type { BodyEncoding } from './body/encodings.ts'
export { text, type TextOptions } from './body/text.ts'
export { bytes, type BytesOptions } from './body/bytes.ts'
export { stream, type StreamOptions } from './body/stream.ts'
export { form } from './body/form.ts'
export { file, type FileCacheOptions, type FileOptions } from './file.ts'
export { contentDisposition } from './content-disposition.ts'
export { evaluatePreconditions, isNotModified, preconditionFails, type Validators } from './conditional.ts'
export { staticFiles, type StaticFilesOptions } from './middleware/static-files.ts'
export type { PrecompressedEncoding } from './static-folder.ts'
export { multipart, type MultipartBody, type MultipartOptions } from './body/multipart.ts'
export { upload, uploads, type UploadOptions, type UploadRule, type UploadsOptions } from './body/upload.ts'
export type { UploadedFile } from './body/uploaded-file.ts'
export { WsRoute } from './websocket/endpoint.ts'
export type { WsClosed, WsRoom, WsSocket } from './websocket/socket.ts'
export type { WsHandlers, WsOptions } from './websocket/options.ts'
export type { DeclareWs } from './websocket/declare.ts'
export { dependency } from './dependency.ts'
export { timeout } from './middleware/timeout.ts'
export { accessLog, type AccessLogOptions } from './middleware/access-log.ts'
export { bodyLimit } from './middleware/body-limit.ts'
export { cache, type CacheOptions } from './middleware/cache.ts'
export { compress, type CompressEncoding, type CompressOptions } from './middleware/compress.ts'
export { cors, type CorsOptions, type CorsOrigin } from './middleware/cors.ts'
export { etag, type EtagOptions } from './middleware/etag.ts'
export { rateLimit, type RateLimitOptions } from './middleware/rate-limit.ts'
export type { RateLimitRule, RateLimitStore, RateLimitVerdict } from './middleware/rate-limit-store.ts'
export { requestId, type RequestIdOptions } from './middleware/request-id.ts'
export { securityHeaders, type ReferrerPolicy, type SecurityHeadersOptions } from './middleware/security-headers.ts'
export { cspNonce, nonce, type CspDirectives } from './middleware/content-security-policy.ts'
export type { ResponseCacheLimits } from './cache/response-cache.ts'
export { openApiDocument } from './openapi/open-api-document.ts'
export type { DocsOptions } from './openapi/docs-options.ts'
export type {
  OpenApiComponents,
  OpenApiContent,
  OpenApiDocument,
  OpenApiInfo,
  OpenApiMediaType,
  OpenApiMethod,
  OpenApiOAuthFlow,
  OpenApiOperation,
  OpenApiOptions,
  OpenApiParameter,
  OpenApiPathItem,
  OpenApiReference,
  OpenApiRequestBody,
  OpenApiResponse,
  OpenApiSecurityScheme,
  OpenApiServer,
  OpenApiTag,
} from './openapi/types.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export { HttpApplication, type HttpApplicationParts } from './application.ts'
export { bodyEncodings } from './body/encodings.ts'
export { NodeEngine } from './engine/node.ts'
export { checkTls } from './engine/tls.ts'
export { fetchThrough } from './engine/fetch.ts'
export type { Mount } from './mount.ts'
export type { Handle } from './middleware.ts'
export { TrustedProxies } from './proxies.ts'
export { loadSockets } from './websocket/load.ts'
export type { SocketRoute } from './websocket/declare.ts'
export { ResponseCache } from './cache/response-cache.ts'
export { jsonEncoder } from './encoder.ts'
export type { HttpServices } from './services.ts'
export type { HttpTelemetry } from './telemetry-options.ts'
export type { HttpExchange, HttpPeer, HttpSource } from './source.ts'
export { checkDocsOptions } from './openapi/docs-options.ts'
export { checkOperationIds } from './openapi/check-operation-ids.ts'
export { docsRoutes, type DocsSource } from './openapi/docs-routes.ts'
