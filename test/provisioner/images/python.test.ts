// An application of the image `python`.
import assert from 'node:assert/strict'
import test from 'node:test'
import { tarOf } from '../workshop/house.ts'
import { site } from './visit.ts'

test('an application of python starts, from its own virtual environment where it has one', { timeout: 280_000 }, async t => {
  const { client, pod, wanted, get, inside } = await site(t, {}, { image: 'python' })
  const again = async (): Promise<void> => {
    await client.sleep('alice', 'asleep')
    await client.wake('alice')
  }
  assert.equal(pod.port, 8080)
  assert.match((await get('/')).body, /<html lang="en">[^]*alice<\/strong> is ready/)
  assert.match((await get('/', { headers: { 'Accept-Language': 'fr' } })).body, /est prêt/)

  const app = `import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class App(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'{os.getuid()} {sys.prefix}'.encode())
HTTPServer(('0.0.0.0', int(os.environ['PORT'])), App).serve_forever()
`
  await client.deploy('alice', tarOf({ 'app.py': app }))
  await again()
  assert.equal((await get('/')).body, '33 /usr')

  await inside('python3', '-m', 'venv', '--without-pip', '/var/www/venv')
  await client.update('alice', { ...wanted, start: '/var/www/venv/bin/python app.py' })
  await again()
  assert.equal((await get('/')).body, '33 /var/www/venv')

  await client.update('alice', { ...wanted, start: 'python3 -m http.server "$PORT"' })
  await again()
  assert.equal((await get('/app.py')).body, app)
})
