// What a cgroup holds of the host's memory, as memory.stat of either version tells it.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { cgroups } from '../../provisioner/cgroup.ts'
import { temporary } from '../helpers/temporary.ts'

/** A hierarchy made of plain files. */
function hierarchy(t: Parameters<typeof temporary>[0], files: Record<string, string>): ReturnType<typeof cgroups> {
  const root = temporary(t)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(`${root}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
    writeFileSync(`${root}/${path}`, text)
  }
  return cgroups(root)
}

test('v2: anonymous, shared and kernel memory, and of an older kernel the parts of the last; page cache is nobody\'s', async t => {
  const held = (stat: string) => hierarchy(t, { 'cgroup.controllers': 'memory', 'auberge0/alice/memory.stat': stat }).memory('/auberge0/alice')
  const common = 'anon 1000\nfile 900000\nshmem 20\nkernel_stack 1\npagetables 2\npercpu 4\nslab 100\nslab_reclaimable 60\n'
  assert.equal(await held(`${common}kernel 300\n`), 1320)
  assert.equal(await held(common), 1127)
  assert.equal(await held(''), 0)
})

test('v1: the same of the cgroup and those below', async t => {
  const groups = hierarchy(t, {
    'memory/auberge0/alice/memory.stat': 'rss 5\ncache 900000\ntotal_rss 1000\ntotal_cache 900000\ntotal_shmem 20\n',
    'memory/auberge0/alice/memory.kmem.usage_in_bytes': '300\n',
    'memory/auberge0/alice/memory.kmem.tcp.usage_in_bytes': '7\n',
  })
  assert.equal(groups.version, 1)
  assert.equal(await groups.memory('/auberge0/alice'), 1320)
  assert.equal(await groups.memory('/auberge0/nobody'), 0)
  assert.deepEqual([await groups.sockets('/auberge0/alice'), await groups.sockets('/auberge0/nobody')], [7, 0])
})
