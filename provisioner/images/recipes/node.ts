// The image `node`: Debian's Node.js and npm, for an application that listens on $PORT.
import type { Recipe } from '../recipe.ts'
import { APPLICATION, APPLICATION_ENV, APPLICATION_PORT, APPLICATION_USER, TOOLS } from './common.ts'

export const node: Recipe = {
  name: 'node',
  suite: 'bookworm',
  packages: ['nodejs', 'npm', 'tini', ...TOOLS],
  files: {},
  removed: ['/usr/share/nodejs/npm/docs', '/usr/share/nodejs/npm/man'],
  config: {
    Env: [...APPLICATION_ENV, 'NODE_ENV=production'],
    Entrypoint: APPLICATION,
    Cmd: ['node server.js'],
    WorkingDir: '/var/www',
    ExposedPorts: { [`${APPLICATION_PORT}/tcp`]: {} },
    Volumes: { '/var/www': {} },
    StopSignal: 'SIGTERM',
    User: APPLICATION_USER,
    Labels: { 'auberge.takes': 'start', 'auberge.welcome': 'node' },
  },
}
