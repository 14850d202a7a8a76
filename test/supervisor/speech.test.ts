// What the house says, for machines and for people.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../../bin/parse.mjs'
import { thisHost } from '../../bin/host.mjs'
import { asJson, panelUrl, readable, readyLine, summary } from '../../supervisor/speech.ts'

test('the ready line is the contract word for word', () => {
  const request = parse(['up', '--http', '127.0.0.1:8080,[::1]:8080', '--https', '127.0.0.1:8443'], {}, thisHost())
  assert.ok(request.kind === 'up')
  assert.equal(readyLine(request.house),
    '{"event":"ready","zone":"localhost","panel":"http://localhost:8080/","http":["127.0.0.1:8080","[::1]:8080"],"https":["127.0.0.1:8443"],"dns":["127.0.0.1:5353"],"ssh":[]}')
})

test('the panel is at HTTP, or at HTTPS where there is nothing else or everyone is sent there', () => {
  const panel = (...argv: string[]) => {
    const request = parse(['up', ...argv], {}, thisHost())
    return request.kind === 'up' ? panelUrl(request.house) : assert.fail('not up')
  }
  assert.equal(panel(), 'http://localhost:8080/')
  assert.equal(panel('--http', 'off'), 'https://localhost:8443/')
  assert.equal(panel('--redirect-https', 'on'), 'https://localhost:8443/')
  assert.equal(panel('--redirect-https', 'on', '--https', 'off'), 'http://localhost:8080/')
  assert.equal(panel('--http', 'off', '--https', '443'), 'https://localhost/')
  assert.equal(panel('--http', 'off', '--https', 'off'), '')
})

test('the summary names every door', () => {
  const request = parse(['up', '--https', 'off'], {}, thisHost())
  assert.ok(request.kind === 'up')
  assert.match(summary(request.house), /HTTP   127\.0\.0\.1:8080\n  HTTPS  off\n/)
})

test('log lines are readable, and what is no log line is kept', () => {
  const line = JSON.stringify({ level: 40, time: 0, name: 'relay', site: 'alice', err: { message: 'no way', stack: 'long' }, msg: 'upstream gone' })
  assert.match(readable('relay 0', line), /^\d\d:\d\d:\d\d relay 0: warning: upstream gone site=alice err="no way"$/)
  assert.equal(readable('dns', 'Segmentation fault'), 'dns: Segmentation fault')
  assert.equal(readable('dns', '{not json'), 'dns: {not json')
})

test('with --json a crash is a log line too', () => {
  const { name, level, msg } = JSON.parse(asJson('dns', 'TypeError: x')) as { name: string; level: number; msg: string }
  assert.deepEqual({ name, level, msg }, { name: 'dns', level: 50, msg: 'TypeError: x' })
  assert.equal(asJson('dns', '{"level":30}'), '{"level":30}')
})
