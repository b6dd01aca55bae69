// The rules of the two lines of time, written in the most naive way: what the register should answer.
// Nothing of the servers is used here; the numbers name the sections of the design that give each rule.

import { UNKNOWN, dayAfter, earliest, latest } from './source.mjs'

/** What an act says of the objects in it: `[object, field, { set | add | remove: value }]`. */
const EFFECTS = {
  Geboorte: (d) => [
    ...['naam', 'geslacht', 'moeder', 'ouder2'].map((field) => [d.kind, field, { set: d[field] }]),
    [d.kind, 'geboortedatum', { set: d.datum }],
    [d.kind, 'geboorteplaats', { set: d.plaats }],
    ...[d.moeder, d.ouder2].filter(Boolean).map((parent) => [parent, 'kinderen', { add: d.kind }]),
  ],
  BsnToegekend: (d) => [[d.persoon, 'bsn', { set: d.bsn }]],
  NationaliteitVerkregen: (d) => [[d.persoon, 'nationaliteiten', { add: d.nationaliteit }]],
  NationaliteitVerloren: (d) => [[d.persoon, 'nationaliteiten', { remove: d.nationaliteit }]],
  Verhuizing: (d) => d.personen.map((one) => [one, 'verblijfplaats', { set: { adres: d.adres, gemeente: d.gemeente, functie: d.functie ?? 'W' } }]),
  Emigratie: (d) => d.personen.map((one) => [one, 'verblijfplaats', { set: { land: d.land } }]),
  Huwelijk: (d) => [[d.partner1, 'partner', { set: d.partner2 }], [d.partner2, 'partner', { set: d.partner1 }]],
  Ontbinding: (d) => [[d.partner1, 'partner', {}], [d.partner2, 'partner', {}]],
  Overlijden: (d) => [[d.overledene, 'overlijdensdatum', { set: d.datum }], ...(d.partner ? [[d.partner, 'partner', {}]] : [])],
  AdresVastgesteld: () => [],
}

/** The acts of a register, of which some were refused: `refused` holds the ids of events. */
export class Register {
  #byObject = new Map()
  #refused

  constructor(acts, refused = new Set()) {
    this.#refused = refused
    const claims = acts.filter((act) => act.kind === 'claim')
    claims.forEach((claim, position) => {
      const contents = [claim.data, ...claim.corrections.map((one) => one.content.data).filter(Boolean)]
      for (const object of new Set(contents.flatMap((data) => EFFECTS[claim.type](data).map(([one]) => one)))) {
        this.#byObject.set(object, [...(this.#byObject.get(object) ?? []), { claim, position }])
      }
    })
  }

  /** Whether an act and its validation were both taken in. */
  stands(act) {
    return !this.#refused.has(act.id) && !this.#refused.has(act.validation)
  }

  /** What was said of a field, in the order of registration, of the claims that count on the day `knownAt` (3). */
  said(object, field, knownAt) {
    const all = []
    for (const { claim, position } of this.#byObject.get(object) ?? []) {
      const data = this.#content(claim, knownAt)
      for (const [one, name, change] of data ? EFFECTS[claim.type](data) : []) {
        if (one === object && name === field) all.push({ claim, position, change, date: data.datum ?? claim.day })
      }
    }
    return all.map((each, index) => ({ ...each, begins: beginning(each, all[index - 1]) }))
  }

  /** What of it gives the field its value on the day `asOf`; several for a list (4). */
  holding(object, field, asOf, knownAt) {
    const said = this.said(object, field, knownAt)
    if (field === 'verblijfplaats') return byRegistration(said, asOf)
    const begun = said.filter(({ begins }) => begins <= asOf).sort(byEffect)
    if (field !== 'nationaliteiten' && field !== 'kinderen') return begun.slice(-1)
    const items = []
    for (const each of begun) {
      const at = items.findIndex(({ change }) => change.add === (each.change.add ?? each.change.remove))
      if (each.change.remove && at >= 0) items.splice(at, 1)
      if (each.change.add && at < 0) items.push(each)
    }
    return items
  }

  /** The value of a field; null where there is none, a sorted list where it holds several. */
  value(object, field, asOf, knownAt) {
    const holding = this.holding(object, field, asOf, knownAt)
    if (field === 'nationaliteiten' || field === 'kinderen') return holding.map(({ change }) => change.add).sort()
    return holding[0]?.change.set ?? null
  }

  /** The data of a claim that counts, by the newest amend that counts; nothing where it is annulled (3). */
  #content(claim, knownAt) {
    const counts = (act) => act.day <= knownAt && this.stands(act)
    if (!counts(claim)) return undefined
    const corrections = claim.corrections.filter(counts).map(({ content }) => content)
    if (corrections.some(({ action }) => action === 'annul')) return undefined
    return corrections.at(-1)?.data ?? claim.data
  }
}

/** When something begins (4): on its earliest day, or where the one before it began within its uncertain period, a day later. */
function beginning({ date, change }, before) {
  const first = earliest(date)
  if (change.add || change.remove || first === latest(date) || !before || before.date === UNKNOWN) return first
  const other = earliest(before.date)
  return first <= other && other <= latest(date) ? dayAfter(other) : first
}

/** A line of registration (4): until the next registered begins, or any registered later with a certain date. */
function byRegistration(said, asOf) {
  const holding = said.filter(({ begins }, index) => {
    const later = said.slice(index + 1)
    const ends = later.filter(({ date }, place) => place === 0 || earliest(date) === latest(date)).map((other) => other.begins)
    return begins <= asOf && ends.every((end) => asOf < end)
  })
  return holding.slice(-1)
}

const byEffect = (a, b) => (a.begins === b.begins ? a.position - b.position : a.begins < b.begins ? -1 : 1)
