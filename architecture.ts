/** The architecture as data; `packages/tutti/test/architecture.test.ts` holds the sources against it. */
export interface Architecture {
  /**
   * The folders of `packages/tutti/src`, base first, with the folders that each one may import (through their `index.ts`).
   * `.` stands for the files beside the folders.
   */
  readonly folders: Readonly<Record<string, readonly string[]>>
  /** The third-party packages, each with the one file that imports it. */
  readonly packages: Readonly<Record<string, string>>
  /** The folders that only tests use: nothing else imports them, whatever `folders` says. */
  readonly testOnly: readonly string[]
}

const base = ['kernel', 'schema', 'observe', 'message', 'storage'] as const
const features = ['http', 'cqrs', 'events', 'projections', 'health', 'messaging', 'schedule', 'telemetry', 'workflow'] as const

export const architecture: Architecture = {
  folders: {
    kernel: [],
    schema: ['kernel'],
    observe: ['kernel'],
    message: ['kernel', 'schema', 'observe'],
    storage: ['kernel', 'schema', 'observe', 'message'],
    http: base,
    cqrs: base,
    events: base,
    projections: base,
    schedule: base,
    messaging: base,
    workflow: base,
    health: base,
    telemetry: base,
    app: [...base, ...features],
    testing: [...base, ...features, 'app'],
    '.': [...base, ...features, 'app'],
  },
  packages: {
    '@fastify/busboy': 'http/body/multipart-intake.ts',
    '@opentelemetry/api': 'observe/open-telemetry.ts',
    '@standard-schema/spec': 'schema/standard.ts',
    ajv: 'schema/json-schema-validator.ts',
    'ajv-formats': 'schema/json-schema-validator.ts',
    croner: 'schedule/cron-times.ts',
    'find-my-way': 'http/matcher.ts',
    kysely: 'storage/sql/kysely-dialect.ts',
    mrmime: 'http/media-types.ts',
    pino: 'observe/pino-logger.ts',
    ws: 'http/websocket/library.ts',
  },
  testOnly: ['testing'],
}
