/** `Name` chars end at the first character that cannot be part of a parameter's name. */
type NameEnd = '/' | '(' | '.' | '-' | '?' | ':' | '*'

type TakeName<S extends string, Name extends string = ''> = S extends `${infer C}${infer R}`
  ? C extends NameEnd
    ? [Name, S]
    : TakeName<R, `${Name}${C}`>
  : [Name, '']

/** What follows a balanced `(…)` at the start of `S`. */
type SkipPattern<S extends string, Depth extends readonly unknown[] = []> = S extends `\\${string}${infer R}`
  ? SkipPattern<R, Depth>
  : S extends `(${infer R}`
    ? SkipPattern<R, [...Depth, 1]>
    : S extends `)${infer R}`
      ? Depth extends readonly [unknown, ...infer D]
        ? D extends readonly []
          ? R
          : SkipPattern<R, D>
        : S
      : S extends `${string}${infer R}`
        ? SkipPattern<R, Depth>
        : ''

type AfterName<S extends string> = S extends `(${string}` ? SkipPattern<S> : S

type Names<S extends string, Required extends string = never, Optional extends string = never> = S extends `${infer Head}:${infer Rest}`
  ? Head extends `${infer Before}*${string}`
    ? Names<`:${Rest}`, Required | (Before extends string ? '*' : never), Optional>
    : Rest extends `:${infer Escaped}`
      ? Names<Escaped, Required, Optional>
      : TakeName<Rest> extends [infer Name extends string, infer After extends string]
        ? AfterName<After> extends `?${infer Tail}`
          ? Names<Tail, Required, Optional | Name>
          : Names<AfterName<After>, Required | Name, Optional>
        : never
  : S extends `${string}*${string}`
    ? [Required | '*', Optional]
    : [Required, Optional]

/**
 * The parameters of a path: `PathParams<'/users/:id(\\d+)/files/*'>` is `{ id: string; '*': string }`.
 * A trailing `:name?` is optional; a path that is only known as `string` gives a record.
 */
export type PathParams<Path extends string> = string extends Path
  ? Readonly<Record<string, string>>
  : Names<Path> extends [infer Required extends string, infer Optional extends string]
    ? { readonly [K in Required]: string } & { readonly [K in Optional]?: string }
    : never

/** Two parts of a path joined as the router joins them. */
export type JoinPath<Prefix extends string, Path extends string> = Path extends '/'
  ? Prefix extends ''
    ? '/'
    : Prefix
  : `${Prefix}${Path}`

/** Joins a router's prefix and a path: `/` behind a prefix is the prefix itself. */
export function joinPath(prefix: string, path: string): string {
  const joined = path === '/' && prefix !== '' ? prefix : prefix + path
  return joined === '' ? '/' : joined
}
