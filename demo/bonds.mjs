// Marriages, partnerships, how they end, and deaths.

import { dense, earliest, isDate, text } from './source.mjs'

/** Collects them over all records, since two records may tell of one wedding, or of one death. */
export class Bonds {
  #weddings = new Map()
  #endings = new Map()
  #deaths = new Map()
  #registration

  constructor(registration) {
    this.#registration = registration
  }

  /** Reads a record's partners, and its death. */
  read(source) {
    for (const entry of source.entries('partners', ['married', 'ended'])) this.#partner(source, entry)
    if (source.record.death) this.#death(source, source.record.death)
  }

  /** Registers all of them: each wedding, ending and death once, at its earliest registration. */
  register() {
    for (const wedding of this.#weddings.values()) settle(wedding, this.#wed(`huwelijk/${wedding.key}`, wedding))
    for (const death of this.#deaths.values()) settle(death, this.#die(death, this.#partnerAt(death)))
    for (const ending of this.#endings.values()) settle(ending, this.#end(ending))
  }

  #partner(source, entry) {
    const { trace, row, index, day } = entry
    const partner = source.people.relative(source.record, 'partners', row)
    const older = source.record.partners[index + 1]
    if (!partner) {
      trace.problem = older?.incorrect
        ? 'an emptied row: it withdraws the incorrect one behind it'
        : 'nobody: the row holds the standard value for an unknown partner'
      return
    }
    trace.partner = partner.id
    const date = row.married ?? row.ended ?? row.valid_from
    const telling = { person: source.person, partner: partner.id, hasRecord: Boolean(partner.record), row, date, day }
    if (row.incorrect) {
      trace.act = this.#wed(`huwelijk/${source.person}/${index}`, telling)
      this.#registration.annul(trace.act, source.replacedOn('partners', entry))
    } else tell(row.married ? this.#weddings : this.#endings, pairAt(telling), telling, trace)
  }

  #death(source, death) {
    const trace = source.track('death', death)
    if (!death.date || !isDate(death.date)) trace.problem = 'no date of death: an emptied row'
    else tell(this.#deaths, source.person, { person: source.person, row: death, date: death.date, day: source.dayOf(death) }, trace)
  }

  #wed(name, { person, partner, row, date, day }) {
    const data = dense({ partner1: person, partner2: partner, datum: date, plaats: text(row.place), soort: row.kind })
    return this.#registration.claim({ type: 'Huwelijk', name, day, data, effect: earliest(date) })
  }

  #die({ person, row, date, day }, partner) {
    const data = dense({ overledene: person, partner, datum: date, plaats: text(row.place) })
    return this.#registration.claim({ type: 'Overlijden', name: `overlijden/${person}`, day, data, effect: earliest(date), order: 1 })
  }

  /** A bond that ended by a death is that death, where it is known or the partner has no record that could tell it. */
  #end(ending) {
    const { key, person, partner, hasRecord, row, date, day } = ending
    if (row.end_reason === 'O') {
      const told = this.#deathThatEnded(ending)
      if (told) return told
      if (!hasRecord && !this.#deaths.has(partner)) {
        const act = this.#die({ person: partner, row: {}, date, day }, person)
        this.#deaths.set(partner, { person: partner, date, act })
        return act
      }
    }
    const data = dense({ partner1: person, partner2: partner, datum: date, reden: row.end_reason })
    return this.#registration.claim({ type: 'Ontbinding', name: `ontbinding/${key}`, day, data, effect: earliest(date), order: -1 })
  }

  #deathThatEnded({ person, partner, date }) {
    const left = ([dead, other]) => {
      const { act } = this.#deaths.get(dead) ?? {}
      return act?.data.datum === date && act.data.partner === other ? act : undefined
    }
    return left([partner, person]) ?? left([person, partner])
  }

  /** Whom a death leaves behind: the partner of the last wedding before it that nothing else had ended, as registered by then. */
  #partnerAt({ person, date, day }) {
    const known = (telling) => telling.day <= day && [telling.person, telling.partner].includes(person)
    const other = (telling) => (telling.person === person ? telling.partner : telling.person)
    const before = (telling) => earliest(telling.date) <= earliest(date)
    const weddings = [...this.#weddings.values()].filter((wedding) => known(wedding) && before(wedding))
    const last = weddings.sort((a, b) => (a.date < b.date ? -1 : 1)).at(-1)
    if (!last) return undefined
    const over = [...this.#endings.values()].some(
      (ending) => known(ending) && other(ending) === other(last) && ending.date >= last.date && ending.date < date)
    const survivor = this.#deaths.get(other(last))
    return over || (survivor && survivor.date <= date) ? undefined : other(last)
  }
}

const pairAt = ({ person, partner, date }) => `${[person, partner].sort().join('+')}/${date}`

/** Adds one row's telling of something that several rows may tell: the earliest registered counts. */
function tell(all, key, telling, trace) {
  const known = all.get(key)
  const first = known && known.day <= telling.day ? known : telling
  all.set(key, { ...first, key, traces: [...(known?.traces ?? []), trace] })
}

/** Notes for every row that told of it which act it became. */
function settle(telling, act) {
  telling.act = act
  for (const trace of telling.traces) trace.act = act
}
