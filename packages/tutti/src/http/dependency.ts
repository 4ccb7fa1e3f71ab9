import { dependency as define, type DependencyFunction } from '../kernel/index.ts'
import type { HttpContext } from './context.ts'

/**
 * Declares something that handlers need: made when it is first asked for, kept as long as its scope (`app`, `tenant` or `request`), and
 * disposed of in reverse order. In request scope `ctx` is the HTTP request.
 */
export const dependency: DependencyFunction<HttpContext> = define
