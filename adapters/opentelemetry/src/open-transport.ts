import { TuttiError } from 'tutti'
import { HttpTransport } from './http-transport.ts'
import type { Destination, Signal } from './settings.ts'
import type { Transport } from './transport.ts'

/** Makes what sends a signal; nothing connects yet. Throws `TUTTI_PACKAGE_MISSING` where gRPC's package is not installed. */
export async function openTransport(signal: Signal, destination: Destination): Promise<Transport> {
  switch (destination.protocol) {
    case 'http/protobuf':
      return new HttpTransport(destination, 'application/x-protobuf')
    case 'http/json':
      return new HttpTransport(destination, 'application/json')
    case 'grpc': {
      const { GrpcTransport } = await import('./grpc-transport.ts').catch((cause: unknown) => {
        if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause
        const message = 'Telemetry by gRPC needs the package @grpc/grpc-js, which is not installed; run: npm install @grpc/grpc-js'
        throw new TuttiError('TUTTI_PACKAGE_MISSING', message, { cause })
      })
      return new GrpcTransport(destination, signal)
    }
  }
}
