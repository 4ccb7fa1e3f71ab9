const text = { type: 'string', minLength: 1, maxLength: 200 } as const

/** The order as a JSON Schema, which Fastify compiles. */
export const orderJsonSchema = {
  type: 'object',
  required: ['customer', 'address', 'items', 'currency', 'express'],
  additionalProperties: false,
  properties: {
    customer: {
      type: 'object',
      required: ['id', 'name', 'email'],
      additionalProperties: false,
      properties: { id: text, name: text, email: text },
    },
    address: {
      type: 'object',
      required: ['street', 'city', 'zip', 'country'],
      additionalProperties: false,
      properties: { street: text, city: text, zip: text, country: { type: 'string', minLength: 2, maxLength: 2 } },
    },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['sku', 'quantity', 'price'],
        additionalProperties: false,
        properties: { sku: text, quantity: { type: 'integer', minimum: 1 }, price: { type: 'integer', minimum: 0 } },
      },
    },
    currency: { type: 'string', enum: ['EUR', 'USD', 'GBP'] },
    express: { type: 'boolean' },
    note: { type: 'string', maxLength: 200 },
  },
} as const

/** The answers as JSON Schemas, from which Fastify compiles serialisers. */
export const answerJsonSchemas = {
  hello: { type: 'object', properties: { hello: { type: 'string' } } },
  user: { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' }, active: { type: 'boolean' } } },
  resource: { type: 'object', properties: { name: { type: 'string' }, id: { type: 'string' } } },
  part: { type: 'object', properties: { name: { type: 'string' }, id: { type: 'string' }, key: { type: 'string' } } },
  receipt: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      customer: { type: 'string' },
      status: { type: 'string' },
      total: { type: 'number' },
      items: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' }, amount: { type: 'number' } } } },
    },
  },
} as const
