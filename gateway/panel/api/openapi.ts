// The API's description, OpenAPI 3.1, made from the schemas that validate.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { App } from '../app.ts'
import type { Room } from '../parts.ts'

export const DESCRIPTION: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Auberge', version: '1',
      description: 'Errors are {"error":{"code","message"}} with the fitting status; messages in the language of Accept-Language (en, fr).',
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-session' },
      },
    },
    security: [{ token: [] }, { session: [] }],
  },
}

export function addOpenapi(app: App, _room: Room): void {
  app.get('/api/openapi.json', { config: { access: 'anyone' }, schema: { hide: true } }, () => app.swagger())
}
