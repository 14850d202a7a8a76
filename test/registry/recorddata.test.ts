import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseData, spellData } from '../../registry/recorddata.ts'
import type { RecordType } from '../../registry/types.ts'

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected

const respelled = (type: RecordType, text: string): string => spellData(type, parseData(type, text))

describe('what people write as data has one spelling', () => {
  const cases: [RecordType, string, string][] = [
    ['A', ' 192.0.2.7 ', '192.0.2.7'],
    ['AAAA', '2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['CNAME', 'WWW.Example.org', 'www.example.org.'],
    ['CNAME', 'bücher.example.', 'xn--bcher-kva.example.'],
    ['CNAME', '_x._y.example.org.', '_x._y.example.org.'],
    ['NS', 'ns2.example.net', 'ns2.example.net.'],
    ['MX', '10   mail.example.org', '10 mail.example.org.'],
    ['MX', '0 .', '0 .'],
    ['SRV', '0 5 5060 sip.example.org.', '0 5 5060 sip.example.org.'],
    ['SRV', '0 0 0 .', '0 0 0 .'],
    ['CAA', '0 ISSUE letsencrypt.org', '0 issue "letsencrypt.org"'],
    ['CAA', '128 iodef "mailto:a@example.org"', '128 iodef "mailto:a@example.org"'],
    ['CAA', '0 issue ";"', '0 issue ";"'],
    ['TXT', 'v=spf1 include:example.org -all', '"v=spf1 include:example.org -all"'],
    ['TXT', '"one" "two words"', '"one" "two words"'],
    ['TXT', '"a \\"quote\\" and \\\\ and \\255"', '"a \\"quote\\" and \\\\ and \\255"'],
    ['TXT', 'é', '"\\195\\169"'],
    ['TXT', '""', '""'],
    ['TXT', `"${'x'.repeat(300)}"`, `"${'x'.repeat(255)}" "${'x'.repeat(45)}"`],
    ['TXT', 'x'.repeat(510), `"${'x'.repeat(255)}" "${'x'.repeat(255)}"`],
  ]
  for (const [type, written, spelled] of cases) {
    test(`${type} ${written.slice(0, 40)}`, () => {
      assert.equal(respelled(type, written), spelled)
      assert.equal(respelled(type, spelled), spelled)
    })
  }
})

describe('what can be no data is refused, and what is expected is said', () => {
  const cases: [RecordType, string][] = [
    ['A', '192.0.2'], ['A', '192.0.2.7 192.0.2.8'], ['A', '::1'], ['A', ''], ['AAAA', 'fe80::1%eth0'], ['AAAA', '192.0.2.7'],
    ['CNAME', 'www'], ['CNAME', 'a..b'], ['CNAME', '-a.example'], ['CNAME', 'a b.example'], ['CNAME', '*.example.org'], ['CNAME', `${'a'.repeat(64)}.example`],
    ['CNAME', `${'a.'.repeat(130)}example`], ['CNAME', '.'], ['CNAME', 'a\\046b.example'],
    ['MX', 'mail.example.org'], ['MX', '10'], ['MX', '65536 mail.example.org'], ['MX', '-1 mail.example.org'], ['MX', '10 .'], ['MX', '10 mail'],
    ['SRV', '0 5 sip.example.org'], ['SRV', '0 5 70000 sip.example.org'], ['SRV', '0 0 5060 sip.example.org more'],
    ['CAA', '0 issue'], ['CAA', '256 issue "x"'], ['CAA', '0 is-sue "x"'], ['CAA', '0 issue "é"'], ['CAA', '0 issue x y'],
    ['TXT', ''], ['TXT', '  '], ['TXT', '"open'], ['TXT', '"a" b'], ['TXT', '"\\256"'], ['TXT', '"a"b"'], ['TXT', '"a\\'],
  ]
  for (const [type, written] of cases) {
    test(`${type} ${written.slice(0, 40)}`, () => {
      assert.throws(() => parseData(type, written), code('invalid'))
      assert.throws(() => parseData(type, written), / which is /)
    })
  }
})

test('a line of a hundred thousand quotes or backslashes is read in no time', { timeout: 5000 }, () => {
  for (const piece of ['"', '\\', '\\1', '" ', '"\\', 'a"']) assert.throws(() => parseData('TXT', `"${piece.repeat(100_000)}`), code('invalid'))
})
