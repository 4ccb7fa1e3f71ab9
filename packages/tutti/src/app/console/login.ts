import { HttpError, unauthenticated, type HttpContext } from '../../http/index.ts'
import type { Actor, Clock } from '../../kernel/index.ts'
import { hashPassword, isPassword } from './password.ts'

const challenge = 'Basic realm="Console", charset="UTF-8"'
/** How often in a row an address may be wrong before it has to wait, and how long. */
const mostTries = 5
const penalty = 60_000
/** Addresses that are remembered: the oldest is forgotten first. */
const mostAddresses = 10_000

interface Tries {
  readonly count: number
  readonly until: number
}

/** Lets people in by name and password (RFC 7617), and makes those wait who guess. */
export class Login {
  readonly #users: ReadonlyMap<string, string>
  readonly #clock: Clock
  readonly #tries = new Map<string, Tries>()
  readonly #secret = process.getBuiltinModule('node:crypto').randomBytes(32)
  /** Digests of what was right: scrypt is slow on purpose, and a page asks often. */
  readonly #known = new Map<string, string>()
  #decoy: Promise<string> | undefined

  constructor(users: Readonly<Record<string, string>>, clock: Clock) {
    this.#users = new Map(Object.entries(users))
    this.#clock = clock
  }

  /** Who calls. Throws 401, and 429 for an address that was wrong too often. */
  async authenticate(ctx: HttpContext): Promise<Actor> {
    const given = credentials(ctx.headers.authorization)
    if (given === undefined) throw unauthenticated('The Console needs a name and a password.', challenge)
    const digest = this.#digest(given)
    const known = this.#known.get(digest)
    if (known !== undefined) return { id: known, kind: 'user' }
    const address = ctx.ip
    this.#assertMayTry(address)
    // Counted before it is known to be wrong: guesses at the same time are guesses too.
    this.#count(address)
    if (!(await this.#isRight(given))) throw unauthenticated('The name or the password is wrong.', challenge)
    this.#tries.delete(address)
    this.#known.set(digest, given.name)
    return { id: given.name, kind: 'user' }
  }

  async #isRight({ name, password }: Credentials): Promise<boolean> {
    const hash = this.#users.get(name)
    if (hash !== undefined) return isPassword(password, hash)
    // As slow for a name that does not exist, so that nobody learns which do.
    await isPassword(password, await (this.#decoy ??= hashPassword('nobody')))
    return false
  }

  #assertMayTry(address: string): void {
    const tries = this.#tries.get(address)
    if (tries === undefined || tries.count < mostTries) return
    const left = tries.until - this.#clock.monotonic()
    if (left <= 0) {
      this.#tries.delete(address)
      return
    }
    throw new HttpError('TUTTI_RATE_LIMITED', 'Too many wrong passwords came from this address; wait a while.', {
      status: 429,
      headers: { 'retry-after': Math.ceil(left / 1000) },
    })
  }

  #count(address: string): void {
    const count = (this.#tries.get(address)?.count ?? 0) + 1
    this.#tries.delete(address)
    this.#tries.set(address, { count, until: this.#clock.monotonic() + penalty })
    const oldest = this.#tries.keys().next()
    if (this.#tries.size > mostAddresses && oldest.done !== true) this.#tries.delete(oldest.value)
  }

  #digest({ name, password }: Credentials): string {
    return process.getBuiltinModule('node:crypto').createHmac('sha256', this.#secret).update(`${name}:${password}`).digest('base64')
  }
}

interface Credentials {
  readonly name: string
  readonly password: string
}

function credentials(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
