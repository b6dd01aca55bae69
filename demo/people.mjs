// Who is who: one object for one human, as far as the source says so.

import { fullName, isNobody, text, uuid } from './source.mjs'

const RECIPROCAL = { parents: 'children', children: 'parents', partners: 'partners' }

/** The people of the source: those with a record of their own, and the relatives whom its rows name. */
export class People {
  #byBsn = new Map()
  #byName = new Map()
  #ids = new Map()

  constructor(records) {
    for (const record of records) {
      const first = !this.#byBsn.has(record.bsn)
      if (first) this.#byBsn.set(record.bsn, record)
      this.#ids.set(record, uuid(first ? `persoon/${record.bsn}` : `persoon/${record.bsn}/second record`))
      const key = nameAndBirth(record.name, record.birth?.date)
      this.#byName.set(key, [...(this.#byName.get(key) ?? []), record])
    }
  }

  /** The object id of a record. The second record under one BSN is another object: the source holds two. */
  idOf(record) {
    return this.#ids.get(record)
  }

  /** Whom a relative's row means: `{ id, record?, bsn? }`, or nothing where the row says that nobody is known. */
  relative(record, category, row) {
    if (isNobody(row)) return undefined
    const bsn = row.bsn ?? bsnOfSameRelative(record, category, row)
    const own = this.#byBsn.get(bsn) ?? (bsn ? undefined : this.#namedBack(record, category, row))
    if (own) return { id: this.idOf(own), record: own }
    if (bsn) return { id: uuid(`persoon/${bsn}`), bsn }
    return { id: uuid(`persoon/${this.#description(record, category, row)}`) }
  }

  /** The one record with this row's name and birth that names this record back, in the category that answers this one. */
  #namedBack(record, category, row) {
    const candidates = this.#byName.get(nameAndBirth(row.name, row.born)) ?? []
    const [only, ...others] = candidates.filter((other) => other !== record && namesBack(other, record, RECIPROCAL[category]))
    return others.length === 0 ? only : undefined
  }

  /** What tells a relative without a record or a BSN from all others. */
  #description(record, category, row) {
    const name = nameAndBirth(row.name, row.born)
    const dated = row.born && !row.born.startsWith('0000')
    if (category === 'parents' && dated) return `ouder/${name}`
    if (category === 'children') return `kind van ${this.#couple(record, row).join(' en ')}/${name}`
    return `${category} van ${this.idOf(record)}/${name}`
  }

  /** This record and the partner who names the same child. */
  #couple(record, child) {
    const partners = (record.partners ?? []).map((row) => this.relative(record, 'partners', row)?.record)
    const other = partners.find((partner) => partner?.children?.some((row) => sameHuman(row, child)))
    return [record, other].filter(Boolean).map((parent) => this.idOf(parent)).sort()
  }
}

const nameAndBirth = (name, born) => `${fullName(name)}, ${born ?? 'unknown'}`

const sameHuman = (one, other) =>
  !isNobody(one) && !isNobody(other) && one.born === other.born && text(one.name.given) === text(other.name.given)

/** The register writes a relative's BSN in a later row about the same human: then the earlier row means that human too. */
function bsnOfSameRelative(record, category, row) {
  return record[category].find((other) => other.bsn && sameHuman(other, row))?.bsn
}

function namesBack(other, record, category) {
  const rows = (other[category] ?? []).filter((row) => !isNobody(row))
  return rows.some((row) =>
    row.bsn ? row.bsn === record.bsn : nameAndBirth(row.name, row.born) === nameAndBirth(record.name, record.birth?.date))
}
