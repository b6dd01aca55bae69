// The register's own acts, put in an order, and written as events.

import { UNKNOWN, dense, startOfDay, uuid } from './source.mjs'

const VERSIONS = { Geboorte: '2' }

/** Within a day: first what others stand on. */
const GROUPS = [
  ['AdresVastgesteld'],
  ['Geboorte'],
  ['BsnToegekend'],
  ['NationaliteitVerkregen', 'NationaliteitVerloren'],
  ['Verhuizing', 'Emigratie'],
  ['Huwelijk', 'Ontbinding', 'Overlijden'],
]

/** A row that was corrected on the day it was registered comes before its correction, and that before what replaced it. */
const [SHORT_LIVED, WITHDRAWN, STANDING] = [0, 1, 2]

/** The register's clerks, as one event source. */
const REGISTER = uuid('bron/ambtenaar')

/** The object id of an address. */
export const addressId = (adres) => uuid(`adres/${JSON.stringify(adres)}`)

/** Collects acts, each a claim or a correction that is validated at once. */
export class Registration {
  #acts = []
  #addresses = new Map()

  /** A claim: `{ type, name, day, data }`, with `effect` (a day) and `order` to place it among its like on one day. */
  claim({ type, name, day, data, effect = '', order = 0 }) {
    const phase = type === 'AdresVastgesteld' ? SHORT_LIVED : STANDING
    return this.#add({ kind: 'claim', id: uuid(`event/${name}`), type, day, data, effect, order, phase, corrections: [] })
  }

  /** A correction of a claim with whole new data. */
  amend(root, { name, day, data, reason }) {
    const content = { action: 'amend', data, reason }
    return this.#correct(root, { kind: 'amend', id: uuid(`event/${name}`), day, content, effect: root.effect, phase: STANDING })
  }

  /** A correction that says that a claim did not happen. */
  annul(root, day) {
    if (root.day === day) root.phase = SHORT_LIVED
    const content = { action: 'annul', reason: 'the register marked this row incorrect (element 84.10: O)' }
    root.annulled = this.#correct(root, { kind: 'annul', id: uuid(`annul/${root.id}`), day, content, effect: '', phase: WITHDRAWN })
    return root.annulled
  }

  /** The number of a person. It has no effective date: it is issued when it is registered. */
  number(person, bsn, day) {
    const data = { persoon: person, bsn }
    const act = this.claim({ type: 'BsnToegekend', name: `bsn/${person}`, day, data })
    act.occurredAt = startOfDay(day)
    return act
  }

  /** An address, established when the first row names it. The source does not say since when it exists. */
  address(adres, day) {
    const id = addressId(adres)
    const known = this.#addresses.get(id)
    if (known) known.day = known.day < day ? known.day : day
    else this.#addresses.set(id, this.claim({ type: 'AdresVastgesteld', name: `adres/${id}`, day, data: { adres: id, datum: UNKNOWN, ...adres } }))
    return id
  }

  /** All acts in the order of their registration. */
  acts() {
    return [...this.#acts].sort(inOrder)
  }

  /** All acts as events: each followed by its validation, from noon (UTC) of their day, one microsecond apart. */
  events() {
    const moments = new Moments()
    return this.acts().flatMap((act) => {
      const event = act.kind === 'claim' ? claimed(act) : corrected(act)
      const validation = {
        ...event,
        id: act.validation,
        event_kind: 'Validation',
        event_reference: [act.id],
        event_data: { verdict: 'accepted' },
      }
      return [event, validation].map((each) => dense({ ...each, created_at: moments.next(act.day) }))
    })
  }

  #correct(root, correction) {
    const act = this.#add({ ...correction, root, type: root.type, order: root.order })
    root.corrections.push(act)
    return act
  }

  #add(act) {
    act.validation = uuid(`validation/${act.id}`)
    this.#acts.push(act)
    return act
  }
}

function claimed(act) {
  return envelope(act, { kind: 'Claim', objects: objectsOf(act.data), reference: [], data: act.data })
}

/** The objects of a correction are those of its claim, of the amends before it, and its own. */
function corrected(act) {
  const { root } = act
  const earlier = root.corrections.slice(0, root.corrections.indexOf(act) + 1)
  const objects = [root.data, ...earlier.map(({ content }) => content.data ?? {})].flatMap(objectsOf)
  return envelope(act, { kind: 'Correction', objects, reference: [root.id], data: act.content })
}

/** An event, its keys in the design's order. Without `occurred_at` it follows from the effective date in the data. */
function envelope(act, { kind, objects, reference, data }) {
  return {
    id: act.id,
    created_at: undefined,
    occurred_at: act.occurredAt,
    object_ids: [...new Set(objects)],
    event_type: act.type,
    event_version: VERSIONS[act.type] ?? '1',
    event_kind: kind,
    event_source_id: REGISTER,
    event_source_type: 'ambtenaar',
    event_reference: reference,
    event_data: data,
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The objects that data refer to: every UUID in them is one. */
const objectsOf = (data) => Object.values(data).flat().filter((value) => UUID.test(value))

const inOrder = (a, b) => compare(key(a), key(b))
const key = (act) => [act.day, act.phase, GROUPS.findIndex((types) => types.includes(act.type)), act.effect, act.order]

function compare(a, b) {
  const at = a.findIndex((part, index) => part !== b[index])
  if (at < 0) return 0
  return a[at] < b[at] ? -1 : 1
}

/** Noon in UTC is the same day in Amsterdam under any edition of the time-zone database. */
class Moments {
  #counts = new Map()

  next(day) {
    const count = this.#counts.get(day) ?? 0
    this.#counts.set(day, count + 1)
    return `${day}T12:00:00.${String(count).padStart(6, '0')}Z`
  }
}
