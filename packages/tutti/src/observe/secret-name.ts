/** Tells by its name whether a field holds a secret. */
export type SecretTest = (name: string) => boolean

/** A name that ends so holds a secret, whatever stands before: `dbPassword`, `X-Api-Key`, `refresh_token`. */
const endings =
  /(?:authorization|authentication|cookies?|passwords?|passwordhash|passwd|passphrases?|secrets?|tokens?|credentials?|(?:api|private|secret|signing|encryption|access)keys?|sessionid|connectionstring)$/
/** A name that is exactly this holds a secret. */
const exact: ReadonlySet<string> = new Set(['pwd', 'pass', 'pin', 'otp', 'cvv', 'cvc', 'jwt', 'auth', 'csrf', 'xsrf'])

/** Names come from clients as well, so what is remembered about them has a bound. */
const rememberedNames = 2_000
const longestName = 64

/** The test for the usual names of secrets and for `more` of them; case, `-`, `_`, `.` and blanks do not matter. */
export function secretTest(more: readonly string[] = []): SecretTest {
  const own = new Set(more.map(normalize))
  const known = new Map<string, boolean>()
  return (name) => {
    const answer = known.get(name)
    if (answer !== undefined) return answer
    // A name that long is data, not a name; only its end can matter.
    const text = normalize(name.slice(-longestName))
    const secret = own.has(text) || exact.has(text) || endings.test(text)
    if (known.size < rememberedNames && name.length <= longestName) known.set(name, secret)
    return secret
  }
}

function normalize(name: string): string {
  return name.replaceAll(/[-_. ]/g, '').toLowerCase()
}
