// What a row of the source says, and whether an answer of the query API agrees.

import { isDeepStrictEqual } from 'node:util'

import { address } from './convert.mjs'
import { UNKNOWN, earliest, isDate, naam, text } from './source.mjs'

/** What to ask of a person. */
export const FRAGMENT = `fragment F on Persoon {
  naam { voornamen voorvoegsel geslachtsnaam } geslacht geboortedatum { text } geboorteplaats bsn
  moeder { id } ouder2 { id } kinderen { id } partner { id } nationaliteiten overlijdensdatum { text }
  verblijfplaats { gemeente functie land adres { id straat huisnummer huisletter postcode plaatsnaam gemeente bagId } }
}`

const present = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined))
const idOf = (value) => value?.id ?? null
const textOf = (value) => value?.text ?? null

/** The fields of an answer, each in the form in which the rules of the lines give it. */
const FIELDS = {
  naam: (value) => value && present(value),
  geslacht: (value) => value,
  geboortedatum: textOf,
  geboorteplaats: (value) => value,
  bsn: (value) => value,
  moeder: idOf,
  ouder2: idOf,
  kinderen: (value) => (value ?? []).map(idOf).sort(),
  partner: idOf,
  nationaliteiten: (value) => [...(value ?? [])].sort(),
  overlijdensdatum: textOf,
  verblijfplaats: (value) => value && present({ ...value, adres: value.adres?.id }),
}

/** An answer, with its addresses as they were written beside it. A person who is not there has no field. */
export function normal(answer) {
  const fields = Object.entries(FIELDS).map(([field, read]) => [field, read(answer?.[field] ?? null)])
  return { ...Object.fromEntries(fields), written: answer?.verblijfplaats?.adres }
}

const is = (expected) => (value) => isDeepStrictEqual(value, expected ?? null)
const later = (one, other) => (other && earliest(other) > earliest(one ?? UNKNOWN) ? other : one)

/** For each category: since when the row holds, and by field whether a value agrees with it. */
const SAYS = {
  birth: ({ row }) => ({
    since: row.date,
    agrees: { naam: is(naam(row.name)), geslacht: is(row.sex), geboortedatum: is(row.date ?? UNKNOWN), geboorteplaats: is(text(row.place)) },
  }),
  parents: ({ row, parent, slot }) => ({ since: row.valid_from, agrees: { [slot]: is(parent) } }),
  children: ({ row, child }) => ({ since: row.born, agrees: { kinderen: (value) => value.includes(child) } }),
  partners: ({ row, partner }) => ({
    since: later(row.valid_from, row.married ?? row.ended),
    agrees: { partner: row.married ? is(partner) : (value) => value !== partner },
  }),
  nationalities: ({ row, act }) => ({
    since: row.valid_from,
    agrees: { nationaliteiten: (value) => value.includes(act.data.nationaliteit) === (row.code !== undefined) },
  }),
  residences: ({ row }) => ({ since: row.valid_from, agrees: { verblijfplaats: (value, answer) => livesAt(row, value, answer.written) } }),
  death: ({ row }) => ({ since: row.date, agrees: { overlijdensdatum: is(row.date) } }),
  bsn: ({ row, day }) => ({ since: day, agrees: { bsn: is(row.bsn) } }),
}

function livesAt(row, value, written) {
  if (row.abroad || !value) return value?.land === row.abroad
  const { id, ...adres } = written ?? {}
  return value.gemeente === row.municipality && value.functie === (row.function ?? 'W') && isDeepStrictEqual(present(adres), address(row))
}

/** What a row says: `{ asOf, agrees }`, the first day on which it holds, and by field whether an answer agrees. */
export function saysOf(trace) {
  const { since, agrees } = SAYS[trace.category](trace)
  return { asOf: earliest(since && isDate(since) ? since : UNKNOWN), agrees }
}
