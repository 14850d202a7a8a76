// The image `node`: Debian's Node.js and npm, for an application that listens on $PORT.
import type { Recipe } from '../recipe.ts'
import { application, TOOLS } from './common.ts'

export const node: Recipe = {
  name: 'node',
  suite: 'bookworm',
  packages: ['nodejs', 'npm', 'tini', ...TOOLS],
  files: {},
  removed: ['/usr/share/nodejs/npm/docs', '/usr/share/nodejs/npm/man'],
  config: application('node', 'node server.js', ['NODE_ENV=production']),
}
