import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Asks a client that waits with its body (`Expect: 100-continue`, RFC 9110 section 10.1.1) to send it once somebody reads it. What is
 * answered before that, such as 401 or 413, then spares the client the upload.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read.bind(request)
  request._read = (size) => {
    request._read = read
    if (!response.headersSent) response.writeContinue()
    read(size)
  }
}
