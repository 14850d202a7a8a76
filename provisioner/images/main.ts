// `node provisioner/images/main.ts ensure php`: builds an image unless this machine has it as the recipe says; `fresh php` only asks, exit 0 or 1. Run by the command line's set-up as root.
// One line on standard error whenever the build moved; the image's name and version on standard output; exit 0, 1 failed, 2 usage.
import { AubergeError } from '../../wire/error.ts'
import { buildImage, ensureImage, isFresh, type Report } from './build.ts'

const stopped = new AbortController()
process.on('SIGTERM', () => stopped.abort())
process.on('SIGINT', () => stopped.abort())
process.exitCode = await main(process.argv.slice(2))

async function main([verb, name, ...rest]: string[]): Promise<number> {
  if (verb === 'fresh' && name && rest.length === 0) return isFresh(name) ? 0 : 1
  const make = verb === 'ensure' ? ensureImage : verb === 'build' ? buildImage : null
  if (!make || !name || rest.length > 0) return complain('usage: node provisioner/images/main.ts ensure|fresh|build NAME', 2)
  try {
    const image = await make(name, say(name), { signal: stopped.signal })
    process.stdout.write(`${image.name}@${image.version}\n`)
    return 0
  } catch (error) {
    if (error instanceof AubergeError) return complain(error.message, 1)
    throw error
  }
}

function say(name: string): Report {
  return ({ step, percent, elapsed }) => void process.stderr.write(`image ${name}: ${String(percent).padStart(3)}%  ${step} (${Math.round(elapsed / 1000)} s)\n`)
}

function complain(message: string, code: number): number {
  process.stderr.write(`${message}\n`)
  return code
}
