// A command with pipes and one with a terminal, behind one small interface. Called by exec.
import { spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import pty from '@lydell/node-pty'
import { CLEAN } from './workshop.ts'

/** What ExecStream needs of a running command. `write` returns whether more is welcome; `drained` is called when it is again. */
export type Command = {
  output(each: (kind: 'stdout' | 'stderr', chunk: Buffer) => void): void
  /** The command itself has ended; what it started may still hold its output open. */
  exited(each: () => void): void
  /** It has ended and all its output was told. */
  ended(each: (status: number) => void): void
  drained(each: () => void): void
  write(chunk: Buffer): boolean
  end(): void
  resize(columns: number, rows: number): void
  pause(): void
  resume(): void
  kill(): void
}

/** A command with three pipes. */
export function piping([file, ...args]: string[]): Command {
  const child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'pipe'], env: CLEAN })
  child.stdin.on('error', () => {})
  return {
    output(each) {
      child.stdout.on('data', (chunk: Buffer) => each('stdout', chunk))
      child.stderr.on('data', (chunk: Buffer) => each('stderr', chunk))
    },
    exited: each => void child.once('exit', each),
    ended(each) {
      child.once('error', () => each(126))
      child.once('close', code => each(code ?? 137))
    },
    drained: each => void child.stdin.on('drain', each).on('close', each),
    write: chunk => !child.stdin.writable || child.stdin.write(chunk),
    end: () => void child.stdin.end(),
    resize: () => {},
    pause: () => { child.stdout.pause(); child.stderr.pause() },
    resume: () => { child.stdout.resume(); child.stderr.resume() },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** A command with a terminal. The runtime makes another one inside and copies to and from this; `resized` gives that one its size. */
export function terminal([file, ...args]: string[], columns: number, rows: number, resized: (columns: number, rows: number) => void): Command {
  const child = pty.spawn(file!, args, { name: 'xterm-256color', cols: columns, rows, env: CLEAN, encoding: null })
  const typed = new StringDecoder('utf8')
  return {
    // With encoding null it brings Buffers, whatever its types say.
    output: each => void child.onData((chunk: unknown) => each('stdout', chunk as Buffer)),
    exited: each => void child.onExit(each),
    ended: each => void child.onExit(({ exitCode, signal }) => each(signal ? 128 + signal : exitCode)),
    drained: () => {},
    write: chunk => { child.write(typed.write(chunk)); return true },
    end: () => child.write('\x04'),
    resize: (width, height) => { child.resize(width, height); resized(width, height) },
    pause: () => child.pause(),
    resume: () => child.resume(),
    kill: () => child.kill('SIGKILL'),
  }
}
