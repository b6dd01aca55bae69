// The source file, its days, and stable ids.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A date that nobody knows. */
export const UNKNOWN = '0000-00-00'

/** The records of a gzipped NDJSON file. */
export function readRecords(path) {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n')
  return lines.filter(Boolean).map((line) => JSON.parse(line))
}

/** The UUIDv5 of a name, within this demo's own namespace: the same name, the same id, for ever. */
export function uuid(name) {
  const namespace = Buffer.from('0f6de700b1a34f6e8c5d2a9b7e4c1d30', 'hex')
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6] & 0x0f) | 0x50
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The first day of a full or partial date. */
export function earliest(date) {
  if (date === UNKNOWN) return '0001-01-01'
  return date.replace('-00', '-01').replace(/-00$/, '-01')
}

/** The last day of a full or partial date. */
export function latest(date) {
  const [year, month, day] = date.split('-')
  if (year === '0000') return '9999-12-31'
  if (month === '00') return `${year}-12-31`
  if (day !== '00') return date
  return new Date(Date.UTC(Number(year), Number(month), 0)).toISOString().slice(0, 10)
}

/** The day after this one. */
export function dayAfter(day) {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
}

/** Whether this is a date that a register can state: a day needs a month, a month needs a year. */
export function isDate(date) {
  if (date === UNKNOWN) return true
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) ?? []
  if (!year || year === '0000' || (month === '00' && day !== '00')) return false
  if (day === '00') return Number(month) <= 12
  return new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(date)
}

/** Why a date cannot be taken in. */
export const noDate = (date) => `\`${date}\` is not a date`

/** The day on which a row was registered: the last of a partial date, since by then it certainly was. */
export function registeredOn(date, otherwise) {
  return !date || date === UNKNOWN ? otherwise : latest(date)
}

/** The instant at which a day starts in Amsterdam, which has been one or two hours ahead since 1940. */
export function startOfDay(day) {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Amsterdam', dateStyle: 'short', timeStyle: 'short' })
  const instants = [2, 1].map((hours) => new Date(Date.parse(day) - hours * 3_600_000))
  return instants.find((instant) => clock.format(instant) === `${day} 00:00`).toISOString()
}

/** A text without the blanks around it; nothing where there is nothing. */
export const text = (value) => value?.trim() || undefined

/** The object without its absent members. */
export const dense = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

/** A name as the catalogue's type `Naam` has it. */
export function naam(name) {
  return dense({ voornamen: text(name.given), voorvoegsel: text(name.prefix), geslachtsnaam: text(name.family) })
}

/** Whether a relative's row says that nobody is known: the register's standard value is a single full stop. */
export const isNobody = (row) => !row.name || (row.name.family === '.' && !row.name.given)

/** A name on one line, to compare and to show. */
export const fullName = (name) => [name.given, name.prefix, name.family].map(text).filter(Boolean).join(' ')
