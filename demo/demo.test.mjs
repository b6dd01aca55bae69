// node --test demo/*.test.mjs

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { check } from './check.mjs'
import { convert, SOURCE } from './convert.mjs'
import { Register } from './lines.mjs'
import { earliest, isDate, latest, readRecords, registeredOn, startOfDay, uuid } from './source.mjs'

const KEYS = 'id created_at occurred_at object_ids event_type event_version event_kind event_source_id event_source_type event_reference event_data'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const { events, acts, rows } = convert(readRecords(SOURCE))
const addresses = new Map(acts.filter(({ type }) => type === 'AdresVastgesteld').map(({ data: { adres, datum, ...written } }) => [adres, { id: adres, ...written }]))

test('the file is what the converter makes, and it makes the same every time', () => {
  const file = readRecords(new URL('events.ndjson.gz', import.meta.url))
  assert.deepEqual(file, events)
  assert.deepEqual(convert(readRecords(SOURCE)).events, events)
})

test('every row became an act or has a reason why not', () => {
  for (const row of rows) assert.ok(Boolean(row.act) !== Boolean(row.problem), `${row.bsn} ${row.category}[${row.index}]`)
  const categories = ['parents', 'partners', 'nationalities', 'residences', 'children']
  const counted = readRecords(SOURCE).map((record) => 2 + (record.death ? 1 : 0) + categories.flatMap((category) => record[category] ?? []).length)
  assert.equal(rows.length, counted.reduce((sum, count) => sum + count))
})

test('events have the keys of the design, in its order, and only a BSN states when it occurred', () => {
  for (const event of events) {
    const expected = KEYS.split(' ').filter((key) => key !== 'occurred_at' || event.event_type === 'BsnToegekend')
    assert.deepEqual(Object.keys(event), expected)
  }
})

test('ids are unique, moments increase, and references point backwards', () => {
  const seen = new Set()
  let last = ''
  for (const event of events) {
    assert.ok(!seen.has(event.id) && UUID.test(event.id), event.id)
    assert.ok(event.created_at > last && event.created_at < new Date().toISOString(), event.created_at)
    assert.ok(event.event_reference.every((id) => seen.has(id)), event.id)
    assert.equal(event.event_reference.length, event.event_kind === 'Claim' ? 0 : 1)
    seen.add(event.id)
    last = event.created_at
  }
})

test('an event names the objects of its claim and of all that was amended, and its data refer to no other', () => {
  const objects = new Map()
  for (const { id, object_ids, event_kind, event_reference, event_data } of events) {
    const own = Object.values(event_data.data ?? (event_kind === 'Claim' ? event_data : {})).flat().filter((value) => UUID.test(value))
    const all = new Set([...(objects.get(event_reference[0]) ?? []), ...own])
    assert.deepEqual(new Set(object_ids), all)
    objects.set(id, all)
    if (event_kind === 'Correction') objects.set(event_reference[0], all)
  }
})

test('every claim and amend is of the format in write_config.yaml', () => {
  const formats = readFormats()
  const contents = events.filter(({ event_kind }) => event_kind === 'Claim').map((event) => [event, event.event_data])
  const amends = events.filter(({ event_data }) => event_data.action === 'amend').map((event) => [event, event.event_data.data])
  for (const [{ event_type, event_version }, data] of [...contents, ...amends]) conforms(data, formats.get(`${event_type} ${event_version}`), formats)
})

test('a register that follows the rules passes the check, and one with a wrong answer fails', async () => {
  const register = new Register(acts)
  const results = await check((query) => answer(register, query), new Map())
  assert.deepEqual(results.filter(({ verdict }) => verdict === 'failed'), [])
  const dead = await check((query) => answer(register, query, { overlijdensdatum: null }), new Map())
  const deaths = rows.filter(({ category, act }) => category === 'death' && act).length
  assert.equal(dead.filter(({ verdict, trace }) => verdict === 'failed' && trace.category === 'death').length, 2 * deaths)
})

test('the queries to paste show what their text says', () => {
  const register = new Register(acts)
  const lives = (asOf, knownAt) => {
    const { adres, land } = register.value(uuid('persoon/999990792'), 'verblijfplaats', asOf, knownAt)
    return land ?? `${addresses.get(adres).straat} ${addresses.get(adres).huisnummer}`
  }
  assert.ok(readFileSync(new URL('queries.md', import.meta.url), 'utf8').includes(uuid('persoon/999990792')))
  assert.equal(lives('2000-02-29', '2000-02-29'), 'Thorbeckelaan 73')
  assert.equal(lives('2000-02-29', '9999-12-31'), 'Thorbeckelaan 731')
  assert.equal(lives('1998-08-01', '1998-08-01'), 'Minervaplein 11')
  assert.equal(lives('1998-08-01', '9999-12-31'), '5010')
  assert.equal(lives('2000-02-28', '2000-02-28'), 'Grote Markt 3')
})

test('partial dates have a first and a last day', () => {
  assert.deepEqual(['2010-00-00', '2010-02-00', '0000-00-00', '2010-02-03'].map(earliest), ['2010-01-01', '2010-02-01', '0001-01-01', '2010-02-03'])
  assert.deepEqual(['2012-00-00', '2012-02-00', '0000-00-00', '2010-02-03'].map(latest), ['2012-12-31', '2012-02-29', '9999-12-31', '2010-02-03'])
  assert.deepEqual(['1966-00-13', '2010-02-30', '0000-01-00', '2010-13-00'].filter(isDate), [])
  assert.equal(registeredOn('1994-10-00'), '1994-10-31')
  assert.equal(registeredOn('0000-00-00', '1995-10-01'), '1995-10-01')
  assert.deepEqual(['2011-07-01', '2011-01-01'].map(startOfDay), ['2011-06-30T22:00:00.000Z', '2010-12-31T23:00:00.000Z'])
})

/** Answers the check's queries as a query API would that follows the rules of the lines; `wrong` replaces fields. */
async function answer(register, query, wrong = {}) {
  const questions = [...query.matchAll(/(p\d+): persoon\(id: "([^"]+)"(?:, asOf: "([^"]+)", knownAt: "([^"]+)")?\)/g)]
  return Object.fromEntries(questions.map(([, alias, id, asOf = '2026-01-01', knownAt = '9999-12-31']) => {
    const value = (field) => register.value(id, field, asOf, knownAt)
    const reference = (field) => value(field) && { id: value(field) }
    const date = (field) => value(field) && { text: value(field) }
    const residence = value('verblijfplaats')
    return [alias, {
      ...Object.fromEntries(['naam', 'geslacht', 'geboorteplaats', 'bsn', 'nationaliteiten'].map((field) => [field, value(field)])),
      ...Object.fromEntries(['moeder', 'ouder2', 'partner'].map((field) => [field, reference(field)])),
      ...Object.fromEntries(['geboortedatum', 'overlijdensdatum'].map((field) => [field, date(field)])),
      kinderen: value('kinderen').map((child) => ({ id: child })),
      verblijfplaats: residence && { ...residence, adres: addresses.get(residence.adres) },
      ...wrong,
    }]
  }))
}

/** The formats of write_config.yaml, as far as these simple checks go: `{ required, properties }` by event type and version, and types by name. */
function readFormats() {
  const formats = new Map()
  let [section, name, version] = []
  for (const line of readFileSync(new URL('../write_config.yaml', import.meta.url), 'utf8').split('\n')) {
    section = /^(\w+):/.exec(line)?.[1] ?? section
    const named = /^  (\w+):/.exec(line)?.[1]
    if (named) [name, version] = [named, '']
    version = /^      "(\d+)":/.exec(line)?.[1] ?? version
    if (section !== 'types' && section !== 'event_types') continue
    const key = version ? `${name} ${version}` : name
    if (!formats.has(key)) formats.set(key, { required: [], properties: {}, constraints: '' })
    const format = formats.get(key)
    const required = /^ +required: \[(.*)\]/.exec(line)
    if (required) format.required = required[1].split(', ')
    const property = /^(?: {6}| {12})(\w+): \{ (.*) \}$/.exec(line)
    if (property) format.properties[property[1]] = property[2]
    else if (section === 'types') format.constraints += `${line.trim()}, `
  }
  return formats
}

function conforms(data, format, formats) {
  for (const key of format.required) assert.ok(data[key] !== undefined, `${key} is missing in ${JSON.stringify(data)}`)
  for (const [key, value] of Object.entries(data)) {
    assert.ok(format.properties[key], `${key} is unknown in ${JSON.stringify(data)}`)
    satisfies(value, format.properties[key], formats)
  }
}

function satisfies(value, constraints, formats) {
  if (Array.isArray(value)) return value.forEach((item) => satisfies(item, constraints, formats))
  const reference = /\$ref: "#\/\$defs\/(\w+)"/.exec(constraints)?.[1]
  if (reference === 'Persoon' || reference === 'Adres') return assert.match(value, UUID)
  if (reference && typeof value === 'object') return conforms(value, formats.get(reference), formats)
  const all = reference ? formats.get(reference).constraints : constraints
  const [, pattern] = /pattern: "([^"]+)"/.exec(all) ?? []
  const [, choices] = /enum: \[([^\]]+)\]/.exec(all) ?? []
  const [, least = 0] = /minLength: (\d+)/.exec(all) ?? []
  const [, most = 1000] = /maxLength: (\d+)/.exec(all) ?? []
  if (pattern) assert.match(value, new RegExp(pattern))
  if (choices) assert.ok(choices.split(', ').includes(value), `${value} is none of ${choices}`)
  if (all.includes('format: partial-date')) assert.ok(isDate(value), value)
  assert.ok([...value].length >= least && [...value].length <= most, `${value} has between ${least} and ${most} characters`)
}
