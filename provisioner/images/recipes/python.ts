// The image `python`: Debian's Python 3 with pip and venv, for an application that listens on $PORT.
import type { Recipe } from '../recipe.ts'
import { APPLICATION, APPLICATION_ENV, APPLICATION_PORT, APPLICATION_USER, TOOLS } from './common.ts'

export const python: Recipe = {
  name: 'python',
  suite: 'bookworm',
  packages: ['python3', 'python3-venv', 'python3-pip', 'tini', ...TOOLS],
  files: {},
  removed: [],
  config: {
    Env: [...APPLICATION_ENV, 'PYTHONUNBUFFERED=1'],
    Entrypoint: APPLICATION,
    Cmd: ['python3 app.py'],
    WorkingDir: '/var/www',
    ExposedPorts: { [`${APPLICATION_PORT}/tcp`]: {} },
    Volumes: { '/var/www': {} },
    StopSignal: 'SIGTERM',
    User: APPLICATION_USER,
    Labels: { 'auberge.takes': 'start', 'auberge.welcome': 'python' },
  },
}
