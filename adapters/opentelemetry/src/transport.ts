/** What a collector says to what it was sent. */
export type Answer =
  | { readonly outcome: 'accepted'; readonly body: Uint8Array }
  /** It may take the same later: after so many milliseconds, where it says so. */
  | { readonly outcome: 'later'; readonly reason: string; readonly after?: number | undefined }
  /** It will never take it. */
  | { readonly outcome: 'refused'; readonly reason: string }

/** Takes requests of one signal to a collector. */
export interface Transport {
  /** Sends a request once. Never rejects: what fails on the way counts as `later`. */
  send(body: Uint8Array, signal: AbortSignal): Promise<Answer>
  /** Lets go of connections. */
  close(): void
}
