import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2'

/** What came back on an HTTP/2 stream. */
export interface Http2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader
  readonly text: string
}

/** A connected HTTP/2 session. */
export async function openHttp2(url: string, options: SecureClientSessionOptions = {}): Promise<ClientHttp2Session> {
  const session = connect(url, options)
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve())
    session.once('error', reject)
  })
  session.on('error', () => {})
  return session
}

/** Does one request. */
export function request(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers)
    let answer: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined
    let text = ''
    stream.setEncoding('utf8')
    stream.on('response', (received) => (answer = received))
    stream.on('data', (chunk: string) => (text += chunk))
    stream.once('error', reject)
    stream.once('close', () => {
      if (answer === undefined) reject(new Error(`The stream ended with code ${stream.rstCode} and without a response.`))
      else resolve({ status: answer[':status'] ?? 0, headers: answer, text })
    })
    stream.end(body)
  })
}
