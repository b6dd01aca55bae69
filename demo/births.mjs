// Births: of those with a record, and of the relatives whom only a row describes.

import { UNKNOWN, dense, earliest, isDate, naam, noDate, text } from './source.mjs'

/**
 * Collects what rows state about a birth, by day of registration.
 * The first day becomes a Geboorte; what later days add or change, an amend of it.
 */
export class Births {
  #births = new Map()
  #numbers = new Map()
  #acts = new Map()
  #told = []
  #registration

  constructor(registration) {
    this.#registration = registration
  }

  /** Reads a record: its own birth, its parents, and the relatives without a record. */
  read(source) {
    const parents = source.entries('parents')
    this.#own(source, parents.map(({ day }) => day))
    this.#parents(source, parents)
    for (const entry of source.entries('children')) this.#child(source, entry)
    for (const row of source.record.partners ?? []) this.#describe(source, 'partners', row, source.dayOf(row))
  }

  /** Registers all of them. */
  register() {
    for (const [person, statements] of this.#births) this.#registerOne(person, statements)
    for (const trace of this.#told) this.#settleByChild(trace)
  }

  /** The numbers that rows give for relatives without a record. */
  numbersOfRelatives(registration) {
    for (const [person, { bsn, day }] of this.#numbers) registration.number(person, bsn, day)
  }

  /** A birth is registered with the first of the rows that tell of it: a parent's row cannot stand without the child. */
  #own(source, daysOfParents) {
    const { record, person } = source
    const birth = record.birth ?? {}
    const trace = source.track('birth', { name: record.name, sex: record.sex, ...birth, registered: record.registered })
    if (birth.date && !isDate(birth.date)) trace.problem = noDate(birth.date)
    else {
      const data = dense({ datum: birth.date ?? UNKNOWN, plaats: text(birth.place), land: birth.country, naam: naam(record.name), geslacht: record.sex })
      const born = earliest(data.datum)
      const day = [source.day, ...daysOfParents.filter((each) => each >= born)].sort()[0]
      this.#state(person, { day, trace, data })
    }
  }

  /** Which parent gave birth, the source does not say: the woman of the two where a sex is known, else the first. */
  #parents(source, entries) {
    const parents = entries.map(({ row }) => source.people.relative(source.record, 'parents', row))
    const [first, second] = parents.map((parent) => parent?.record?.sex)
    const swapped = first === 'M' || (first !== 'V' && second === 'V')
    entries.forEach(({ trace, row, day }, index) => {
      const parent = parents[index]
      Object.assign(trace, { parent: parent?.id, slot: (index === 0) === swapped ? 'ouder2' : 'moeder' })
      if (!parent) trace.problem = 'nobody: the row holds the standard value for an unknown parent'
      else if (index > 0 && parent.id === parents[0]?.id) trace.problem = 'the row names the first parent once more'
      else if (trace.slot === 'moeder' && parent.record?.sex === 'M') trace.problem = 'a second father: the format has one place for a parent who did not give birth'
      else {
        this.#describe(source, 'parents', row, day)
        this.#state(source.person, { day, trace, parent: parent.id, slots: [trace.slot] })
      }
    })
  }

  /** A child with a record names its parents itself; one without is described by this row. */
  #child(source, { trace, row, day }) {
    const child = source.people.relative(source.record, 'children', row)
    trace.child = child?.id
    if (!child) trace.problem = 'nobody: the row holds the standard value for an unknown child'
    else if (child.record) this.#told.push(trace)
    else {
      this.#describe(source, 'children', row, day)
      const slots = source.record.sex === 'V' ? ['moeder', 'ouder2'] : ['ouder2']
      this.#state(child.id, { day, trace, parent: source.person, slots })
    }
  }

  #settleByChild(trace) {
    const names = (act) => [dataOf(act).moeder, dataOf(act).ouder2].includes(trace.person)
    trace.act = this.#acts.get(trace.child)?.find(names)
    if (!trace.act) trace.problem = "the child's own record does not name this parent"
  }

  #describe(source, category, row, day) {
    const relative = source.people.relative(source.record, category, row)
    if (!relative || relative.record) return
    const data = { datum: row.born && isDate(row.born) ? row.born : UNKNOWN, naam: naam(row.name) }
    this.#state(relative.id, { day, data })
    const known = this.#numbers.get(relative.id)
    if (row.bsn && !(known?.day <= day)) this.#numbers.set(relative.id, { bsn: row.bsn, day })
  }

  #state(person, statement) {
    this.#births.set(person, [...(this.#births.get(person) ?? []), statement])
  }

  #registerOne(person, statements) {
    statements.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
    const own = statements.find((statement) => statement.data)
    const days = new Set(statements.map(({ day }) => day).filter((day) => !(day < own?.day)))
    let data = { kind: person }
    let root
    for (const day of days) {
      const today = statements.filter((statement) => statement.day === day || (statement.day < day && day === own?.day))
      const next = today.reduce(add, data)
      const act = this.#registerDay(root, { person, day, before: data, data: next })
      root ??= act
      if (act) this.#acts.set(person, [...(this.#acts.get(person) ?? []), act])
      data = next
      for (const { trace } of today) if (trace && !trace.problem) settle(trace, act ?? root)
    }
  }

  #registerDay(root, { person, day, before, data }) {
    if (!data.datum || (root && JSON.stringify(data) === JSON.stringify(before))) return undefined
    if (!root) return this.#registration.claim({ type: 'Geboorte', name: `geboorte/${person}`, day, data, effect: earliest(data.datum) })
    const reason = 'registered later than the birth'
    return this.#registration.amend(root, { name: `geboorte/${person}/${day}`, day, data, reason })
  }
}

const dataOf = (act) => act.data ?? act.content.data

/** What is stated so far with one statement more. A parent takes the first of its places that is free. */
function add(data, { data: more, parent, slots, trace }) {
  if (!parent) return { ...data, ...more }
  const taken = slots.find((slot) => data[slot] === parent)
  const free = slots.find((slot) => !data[slot])
  if (!taken && !free) trace.problem = 'the child has another parent in this place already, by an earlier row'
  return taken || !free ? data : { ...data, [free]: parent }
}

function settle(trace, act) {
  if (act) trace.act = act
  else trace.problem = 'the birth itself could not be converted'
}
