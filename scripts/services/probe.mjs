// Asks a server in its own protocol whether it is there: an open port alone may be anything.
import { connect } from 'node:net'

/**
 * Opens a connection to the URL's host and port, sends `hello` if there is one, and hands the bytes that come back to
 * `read` until it returns something other than `undefined`. Rejects with what stands in the way.
 */
function converse(url, { port, hello, read, timeout = 15_000 }) {
  const { hostname, port: given } = new URL(url)
  const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(given || port) }
  const name = `${target.host}:${target.port}`
  return new Promise((resolve, reject) => {
    const socket = connect(target)
    let received = Buffer.alloc(0)
    const fail = (reason) => {
      socket.destroy()
      reject(new Error(reason))
    }
    socket.setTimeout(timeout, () => fail(`${name} did not answer within ${timeout} ms`))
    socket.on('error', (error) => fail(`${name} cannot be reached (${error.code ?? error.message})`))
    socket.on('close', () => fail(`${name} closed the connection without an answer`))
    socket.on('connect', () => hello !== undefined && socket.write(hello))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      try {
        const answer = read(received)
        if (answer === undefined) return
        socket.destroy()
        resolve(answer)
      } catch (error) {
        fail(`${name} ${error.message}`)
      }
    })
  })
}

/** Sends PostgreSQL's StartupMessage (protocol 3.0) for the URL's user and database; any valid answer proves the server. */
export function probePostgres(url, { login = false } = {}) {
  const { username, pathname } = new URL(url)
  const user = decodeURIComponent(username) || 'postgres'
  const parameters = Buffer.from(`user\0${user}\0database\0${decodeURIComponent(pathname.slice(1)) || user}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + parameters.length, 0)
  head.writeInt32BE(196_608, 4)
  return converse(url, {
    port: 5432,
    hello: Buffer.concat([head, parameters]),
    read: (bytes) => {
      if (bytes.length < 5) return undefined
      const type = String.fromCharCode(bytes[0])
      const length = bytes.readInt32BE(1)
      if ((type !== 'R' && type !== 'E') || length < 8 || length > 65_536) throw new Error('does not speak the PostgreSQL protocol')
      if (bytes.length < 1 + length) return undefined
      if (type === 'E')
        return refusedBy(
          bytes
            .subarray(5, 1 + length)
            .toString()
            .split('\0'),
          login,
        )
      if (bytes.readInt32BE(5) !== 0) {
        if (login) throw new Error(`speaks PostgreSQL, but wants a password from ${user}`)
        return { version: undefined }
      }
      const version = /server_version\0([^\0]+)/.exec(bytes.toString('latin1'))?.[1]
      return version === undefined && !bytes.includes('Z\0\0\0\x05') ? undefined : { version }
    },
  })
}

/** An ErrorResponse: one field per text, its letter first. */
function refusedBy(fields, login) {
  const field = (letter) => fields.find((text) => text.startsWith(letter))?.slice(1)
  const code = field('C')
  // 57P03: starting up or shutting down; 53300: no connection left. Neither could serve a test now.
  if (login || code === '57P03' || code === '53300') throw new Error(`speaks PostgreSQL, but answers: ${field('M')} (${code})`)
  return { version: undefined }
}

const CLIENT_PROTOCOL_41 = 0x200
const CLIENT_CONNECT_WITH_DB = 0x8
const CLIENT_SECURE_CONNECTION = 0x8000

/** Reads the greeting packet of MySQL and MariaDB (protocol 10); with `login` it enters without a password too. */
export function probeMysql(url, { login = false } = {}) {
  const { username, pathname } = new URL(url)
  const user = decodeURIComponent(username) || 'root'
  let version
  return converse(url, {
    port: 3306,
    read(bytes) {
      if (bytes.length < 5) return undefined
      const length = bytes.readUIntLE(0, 3)
      if (bytes[3] !== 0 || length > 1024) throw new Error('does not speak the MySQL protocol')
      if (bytes.length < 4 + length) return undefined
      const packet = bytes.subarray(4, 4 + length)
      if (packet[0] === 0xff) throw new Error(`speaks MySQL, but answers: ${packet.subarray(3).toString()}`)
      if (packet[0] !== 10) throw new Error('does not speak the MySQL protocol')
      version = packet
        .subarray(1, packet.indexOf(0, 1))
        .toString('latin1')
        .replace(/^5\.5\.5-/, '')
      return { version }
    },
  }).then(() => (login ? mysqlLogin(url, { user, database: decodeURIComponent(pathname.slice(1)), version }) : { version }))
}

function mysqlLogin(url, { user, database, version }) {
  const head = Buffer.alloc(32)
  head.writeUInt32LE(CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION | (database === '' ? 0 : CLIENT_CONNECT_WITH_DB), 0)
  head.writeUInt32LE(0xffffff, 4)
  head[8] = 45 // utf8mb4
  const body = Buffer.concat([head, Buffer.from(`${user}\0`), Buffer.from([0]), Buffer.from(database === '' ? '' : `${database}\0`)])
  const packet = Buffer.concat([Buffer.from([body.length & 0xff, (body.length >> 8) & 0xff, 0, 1]), body])
  return converse(url, {
    port: 3306,
    // The server speaks first, but does not mind an answer that is on its way already.
    hello: packet,
    read(bytes) {
      const start = 4 + bytes.readUIntLE(0, 3)
      if (bytes.length < start + 5) return undefined
      const length = bytes.readUIntLE(start, 3)
      if (bytes.length < start + 4 + length) return undefined
      const answer = bytes.subarray(start + 4, start + 4 + length)
      if (answer[0] === 0) return { version }
      if (answer[0] === 0xff) throw new Error(`speaks MySQL, but answers: ${answer.subarray(9).toString()}`)
      throw new Error(`speaks MySQL, but wants a password from ${user}`)
    },
  })
}

/** Asks Prometheus which version it is; it answers that only once it is ready to be queried. */
export async function probePrometheus(url) {
  const { host } = new URL(url)
  const ask = async (path) => fetch(new URL(path, url), { signal: AbortSignal.timeout(15_000) })
  let answers
  try {
    answers = await Promise.all([ask('/-/ready'), ask('/api/v1/status/buildinfo')])
  } catch (error) {
    throw new Error(`${host} cannot be reached (${error.cause?.code ?? error.message})`, { cause: error })
  }
  const [ready, build] = answers
  const version = (await build.json().catch(() => undefined))?.data?.version
  if (version === undefined) throw new Error(`${host} does not speak as Prometheus does`)
  if (!ready.ok) throw new Error(`${host} is Prometheus, but answers: ${(await ready.text()).trim()} (${ready.status})`)
  return { version }
}

/** Asks Chromium which version it is, at the address where tests steer it (the DevTools protocol). */
export async function probeChromium(url) {
  const { host } = new URL(url)
  let answer
  try {
    answer = await fetch(new URL('/json/version', url), { signal: AbortSignal.timeout(15_000) })
  } catch (error) {
    throw new Error(`${host} cannot be reached (${error.cause?.code ?? error.message})`, { cause: error })
  }
  const { Browser: version } = await answer.json().catch(() => ({}))
  if (!/chrom/i.test(version ?? '')) throw new Error(`${host} does not speak as Chromium does`)
  return { version: version.replace(/^.*\//, '') }
}
