/** The route that a request matched, as middleware sees it. */
export interface MatchedRoute {
  readonly method: string
  /** As it was declared, with parameters: `/users/:id`. */
  readonly path: string
  readonly options: {
    readonly guard?: object
    readonly version?: string
    readonly tags?: readonly string[]
    readonly operationId?: string
    readonly summary?: string
    readonly rejections?: Readonly<Record<string, number>>
  }
}
