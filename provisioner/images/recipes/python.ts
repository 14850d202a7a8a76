// The image `python`: Debian's Python 3 with pip and venv, for an application that listens on $PORT.
import type { Recipe } from '../recipe.ts'
import { application, TOOLS } from './common.ts'

export const python: Recipe = {
  name: 'python',
  suite: 'bookworm',
  packages: ['python3', 'python3-venv', 'python3-pip', 'tini', ...TOOLS],
  files: {},
  removed: [],
  config: application('python', 'python3 app.py', ['PYTHONUNBUFFERED=1']),
}
