import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { siteCgroup } from '../../../provisioner/instance.ts'
import type { Host } from '../../../provisioner/host.ts'
import { exec } from '../../../provisioner/workshop/exec.ts'
import { frame, FrameReader, resizeFrame } from '../../../wire/frames.ts'
import { house, startPod } from './house.ts'

type Told = { stdout: string; stderr: string; status: number | null }

/** Reads a command's stream to its end. */
async function told(stream: Duplex): Promise<Told> {
  const reader = new FrameReader()
  const all: Told = { stdout: '', stderr: '', status: null }
  for await (const chunk of stream) {
    for (const { type, payload } of reader.read(chunk as Buffer)) {
      if (type === 'exit') all.status = payload.readUInt32BE()
      else if (type === 'stdout' || type === 'stderr') all[type] += payload.toString()
    }
  }
  return all
}

/** Resolves once the stream has told a text. */
async function says(stream: Duplex, text: RegExp): Promise<string> {
  const reader = new FrameReader()
  let all = ''
  while (!text.test(all)) {
    const chunk = stream.read() as Buffer | null
    if (chunk === null) {
      assert.ok(!stream.readableEnded, `ended with: ${all}`)
      await once(stream, 'readable')
    }
    else for (const { payload } of reader.read(chunk)) all += payload.toString()
  }
  return all
}

async function nothingLeft(host: Host, count: number): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const tasks = await host.cgroups.tasks(siteCgroup(host.instance, 'alice'))
    if (tasks.length === count) return
    assert.ok(Date.now() < deadline, `${tasks.length} processes, not ${count}`)
    await delay(10)
  }
}

const sh = (script: string) => ({ command: ['sh', '-c', script], tty: false })

test('a command of a sleeping site runs in a workshop as its root, and leaves nothing', async t => {
  const host = await house(t)
  const stream = await exec(host, 'alice', sh('id -u; echo $COLOR; pwd; echo wrong >&2; cat; exit 7'))
  stream.write(Buffer.concat([frame('stdin', Buffer.from('typed\n')), frame('end')]))
  assert.deepEqual(await told(stream), { stdout: '0\ngreen\n/var/www\ntyped\n', stderr: 'wrong\n', status: 7 })
  await nothingLeft(host, 0)
  assert.deepEqual(await host.runtime.list(), [])
  assert.deepEqual(await host.cgroups.children(siteCgroup(host.instance, 'alice')), [])
})

test('a command of a running site sees its processes, and what it started ends with it', async t => {
  const host = await house(t)
  await startPod(host, 'alice')
  const stream = await exec(host, 'alice', sh('cat /proc/1/cmdline | tr "\\0" " "; setsid sleep 1000 >/dev/null 2>&1 & exit 0'))
  assert.deepEqual(await told(stream), { stdout: 'sleep infinity ', stderr: '', status: 0 })
  await nothingLeft(host, 1)
})

test('with runc, a command of a running site has its files and its network', async t => {
  const host = await house(t, {}, 'runc')
  await startPod(host, 'alice')
  const pod = (await host.runtime.list())[0]!.pid
  const { stdout, status } = await told(await exec(host, 'alice', sh('readlink /proc/self/ns/net; pwd; echo $COLOR; exit 5')))
  assert.deepEqual([stdout, status], [`${readlinkSync(`/proc/${pod}/ns/net`)}\n/var/www\ngreen\n`, 5])
  await nothingLeft(host, 1)
})

for (const place of ['pod', 'workshop'] as const) {
  for (const tty of [false, true]) {
    test(`a client that leaves ends its command in the ${place} ${tty ? 'with' : 'without'} a terminal, and all that it started`, async t => {
      const host = await house(t)
      if (place === 'pod') await startPod(host, 'alice')
      const command = ['sh', '-c', '(setsid sh -c "trap : HUP TERM INT; while :; do sleep 1; done" &); echo started; sleep 1000']
      const stream = await exec(host, 'alice', { command, tty })
      await says(stream, /started/)
      stream.destroy()
      await nothingLeft(host, place === 'pod' ? 1 : 0)
    })
  }
}

test('a terminal is one for the command, with the size it is given', async t => {
  const host = await house(t)
  const stream = await exec(host, 'alice', { command: ['bash'], tty: true, columns: 101, rows: 31 })
  stream.write(frame('stdin', Buffer.from('test -t 0 && echo is-"terminal" $TERM; stty size\n')))
  assert.match(await says(stream, /31 101/), /is-terminal xterm-256color/)
  stream.write(resizeFrame(77, 22))
  stream.write(frame('stdin', Buffer.from('until [ "$(stty size)" = "22 77" ]; do sleep 0.01; done; echo é-"done"\n')))
  await says(stream, /é-done/)
  stream.write(frame('stdin', Buffer.from('exit 3\n')))
  assert.equal((await told(stream)).status, 3)
})

test('all output arrives however slow the reader, and a fast command is held back', async t => {
  const host = await house(t)
  const stream = await exec(host, 'alice', sh('head -c 3000000 /dev/zero; exit 0'))
  await once(stream, 'readable')
  await delay(300)
  const { stdout, status } = await told(stream)
  assert.equal(stdout.length, 3_000_000)
  assert.equal(status, 0)
})

test('input is passed on byte for byte', async t => {
  const host = await house(t)
  const stream = await exec(host, 'alice', sh('sha256sum'))
  const reading = told(stream)
  for (let i = 0; i < 40; i++) if (!stream.write(frame('stdin', Buffer.alloc(100_000, i)))) await once(stream, 'drain')
  stream.end(frame('end'))
  const expected = (await import('node:crypto')).createHash('sha256')
  for (let i = 0; i < 40; i++) expected.update(Buffer.alloc(100_000, i))
  assert.equal((await reading).stdout.trim(), `${expected.digest('hex')}  -`)
})

test('a program that does not exist says so', async t => {
  const host = await house(t)
  const { status, stderr } = await told(await exec(host, 'alice', { command: ['no-such-program'], tty: false }))
  assert.notEqual(status, 0)
  assert.match(stderr, /no-such-program/)
})

test('commands out of bounds are refused', async t => {
  const host = await house(t)
  const bad: string[][] = [[], [''], ['a\0b'], ['--privileged'], ['A=b'], Array.from({ length: 257 }, () => 'a'), ['a'.repeat(70_000)]]
  for (const command of bad) await assert.rejects(exec(host, 'alice', { command, tty: false }), { code: 'invalid' })
  for (const size of [0, -1, 1.5, 5000]) await assert.rejects(exec(host, 'alice', { command: ['sh'], tty: true, columns: size }), { code: 'invalid' })
})

test('a frame that is none ends the command', async t => {
  const host = await house(t)
  const stream = await exec(host, 'alice', sh('cat'))
  const failed = once(stream, 'error')
  stream.write(Buffer.from([99, 0, 0, 0, 0]))
  await failed
  await nothingLeft(host, 0)
})

test('a command sees nothing of the host: its descriptors, its processes, its files', async t => {
  const host = await house(t)
  const { stdout } = await told(await exec(host, 'alice', sh('ls /proc/self/fd | tr "\\n" " "; echo; ls /proc | grep -c "^[0-9]"; cat /proc/self/uid_map; ls /sys/class/net 2>/dev/null; touch /etc/x 2>&1; cat /proc/1/environ | tr "\\0" "\\n" | grep -c AUBERGE')))
  const [descriptors = '', processes = '', map = ''] = stdout.split('\n')
  assert.match(descriptors, /^0 1 2 3 $/)
  assert.ok(Number(processes) <= 6, processes)
  assert.notEqual(map.trim().split(/\s+/)[1], '0')
  assert.match(stdout, /Read-only file system/)
})
