// Converts the facts of the RvIG test persons into events. README.md beside this file gives the reason of each choice.
//
//   node demo/convert.mjs        writes demo/events.ndjson.gz, and to stderr every row that became no event, with the reason

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

import { Births } from './births.mjs'
import { Bonds } from './bonds.mjs'
import { People } from './people.mjs'
import { Registration } from './registration.mjs'
import { UNKNOWN, dense, earliest, isDate, noDate, readRecords, registeredOn, text } from './source.mjs'

/** The source, as it lies beside this file. */
export const SOURCE = new URL('rvig-testpersons.ndjson.gz', import.meta.url)

/**
 * The events of these records, the acts that they tell of, and what became of each row:
 * `{ person, bsn, category, index, row, day, act }`, or instead of `act` a `problem` that says why it became no event.
 */
export function convert(records) {
  const people = new People(records)
  const registration = new Registration()
  const rows = []
  const sources = records.map((record) => new Source(record, people, rows))
  const births = new Births(registration)
  for (const source of sources) births.read(source)
  births.register()
  const bonds = new Bonds(registration)
  for (const source of sources) bonds.read(source)
  bonds.register()
  for (const source of sources) {
    numbers(source, registration)
    nationalities(source, registration)
    residences(source, registration)
  }
  births.numbersOfRelatives(registration)
  return { events: registration.events(), acts: registration.acts(), rows }
}

/** One record on its way: who it is about, and what becomes of its rows. */
class Source {
  constructor(record, people, rows) {
    this.record = record
    this.people = people
    this.person = people.idOf(record)
    this.day = registeredOn(record.registered)
    this.rows = rows
  }

  /** The rows of a category of which all these dates are dates, each with its trace and the day of its registration. */
  entries(category, dates = []) {
    const entries = (this.record[category] ?? []).map((row, index) => {
      const trace = this.track(category, row, index)
      return { trace, row, index, day: trace.day }
    })
    return entries.filter(({ trace, row }) => {
      const wrong = dates.map((field) => row[field]).find((date) => date && !isDate(date))
      if (wrong) trace.problem = noDate(wrong)
      return !wrong
    })
  }

  /** The day on which a row was registered: where that is unknown, the day of the person. */
  dayOf(row) {
    return registeredOn(row.registered, this.day)
  }

  /** Takes a row into the account of all rows. */
  track(category, row, index = 0) {
    const trace = { person: this.person, bsn: this.record.bsn, category, index, row, day: this.dayOf(row) }
    this.rows.push(trace)
    return trace
  }

  /** The day on which an incorrect row was replaced: that of the next newer row, which stands before it. */
  replacedOn(category, { index, day }) {
    const next = this.record[category][index - 1]
    const replaced = next ? this.dayOf(next) : day
    return replaced > day ? replaced : day
  }
}

function numbers(source, registration) {
  const trace = source.track('bsn', { bsn: source.record.bsn })
  trace.act = registration.number(source.person, source.record.bsn, source.day)
}

/** Rows stand newest first, and the row of a loss stands before the row of the nationality that was lost. */
function nationalities(source, registration) {
  let code
  for (const entry of source.entries('nationalities', ['valid_from']).reverse()) {
    const { trace, row, index, day } = entry
    const older = source.record.nationalities[index + 1]
    const datum = row.valid_from ?? UNKNOWN
    const lost = !row.code && (row.lost_reason !== undefined || row.reason === undefined)
    if (row.code) code = row.code
    else if (!lost) code = undefined
    if (lost && older?.incorrect) trace.problem = 'an emptied row: it withdraws the incorrect one behind it'
    else if (!code) trace.problem = 'no nationality: the row holds a special citizenship (element 05.65.10), which has no event type'
    else {
      const type = lost ? 'NationaliteitVerloren' : 'NationaliteitVerkregen'
      const data = dense({ persoon: source.person, nationaliteit: code, datum, reden: lost ? row.lost_reason : row.reason })
      const name = `nationaliteit/${source.person}/${index}`
      trace.act = registration.claim({ type, name, day, data, effect: earliest(datum), order: -index })
      if (row.incorrect) registration.annul(trace.act, source.replacedOn('nationalities', entry))
    }
  }
}

function residences(source, registration) {
  for (const entry of source.entries('residences', ['valid_from'])) {
    const { trace, row, index, day } = entry
    const common = { name: `verblijfplaats/${source.person}/${index}`, day, order: -index }
    if (row.abroad) {
      const data = { personen: [source.person], datum: row.valid_from, land: row.abroad }
      trace.act = registration.claim({ ...common, type: 'Emigratie', data })
    } else if (!text(row.street)) {
      trace.problem = 'no street: an address cannot be established without one'
      continue
    } else {
      const adres = registration.address(address(row), day)
      const data = dense({ personen: [source.person], adres, datum: row.valid_from, gemeente: row.municipality, functie: row.function, aangever: row.declared_by })
      trace.act = registration.claim({ ...common, type: 'Verhuizing', data })
    }
    if (row.incorrect) registration.annul(trace.act, source.replacedOn('residences', entry))
  }
}

/** An address as a row writes it: another spelling is another address. BAG ids have 16 digits, the first may be a lost zero. */
export function address(row) {
  return dense({
    straat: text(row.street),
    huisnummer: text(row.number),
    huisletter: text(row.letter),
    postcode: text(row.postcode),
    plaatsnaam: text(row.place),
    gemeente: row.municipality,
    bagId: text(row.object_id)?.padStart(16, '0'),
  })
}

/** Writes the file, and reports. */
function main() {
  const { events, rows } = convert(readRecords(SOURCE))
  const zipped = gzipSync(events.map((event) => `${JSON.stringify(event)}\n`).join(''), { level: 9 })
  zipped[9] = 255 // the header's operating system: unknown, so that every system writes the same bytes
  writeFileSync(new URL('events.ndjson.gz', import.meta.url), zipped)
  const left = rows.filter((row) => row.problem)
  for (const { bsn, category, index, problem } of left) console.error(`${bsn} ${category}[${index}]: ${problem}`)
  console.error(`${events.length} events of ${rows.length} rows; ${left.length} rows became no event, each listed above`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
