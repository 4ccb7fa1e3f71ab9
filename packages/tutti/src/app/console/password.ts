const cost = { N: 32_768, r: 8, p: 1 } as const
const keyLength = 32

interface Cost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** What is kept of a password for the option `console.users`: a salted hash (scrypt), from which it cannot be read. */
export async function hashPassword(password: string): Promise<string> {
  const salt = process.getBuiltinModule('node:crypto').randomBytes(16)
  const key = await derive(password, salt, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join(':')
}

/** Whether a password is the one of which a hash was made. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt = '', expected = ''] = hash.split(':')
  const wanted = Buffer.from(expected, 'base64url')
  const key = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) })
  return key.length === wanted.length && process.getBuiltinModule('node:crypto').timingSafeEqual(key, wanted)
}

function derive(password: string, salt: Buffer, { N, r, p }: Cost): Promise<Buffer> {
  // The memory that scrypt takes is 128 * N * r bytes, over Node's own limit for the cost that is advised.
  const options = { N, r, p, maxmem: 256 * N * r }
  return new Promise((resolve, reject) => {
    process.getBuiltinModule('node:crypto').scrypt(password.normalize('NFC'), salt, keyLength, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
