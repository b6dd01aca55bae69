// Why the register does not answer what a row says: the rule that makes it so.

const LISTS = { nationaliteiten: 'nationaliteit', kinderen: 'kind' }

/** Explains differences by the import's report (refusals by event id) and by the lines of the register. */
export class Explainer {
  #register
  #refusals

  constructor(register, refusals) {
    this.#register = register
    this.#refusals = refusals
  }

  /** `{ rule, because }` for a row whose field does not answer what the row says; nothing where no rule explains it. */
  explain(trace, field, point) {
    const { act, problem } = trace
    if (problem) return { rule: 'the row became no event', because: problem }
    const root = act.root ?? act
    const refused = this.#refusal(root) ?? this.#refusal(act)
    if (refused) return refused
    if (root.annulled?.day <= point.knownAt) return { rule: 'the row was marked incorrect', because: `annulled on ${root.annulled.day}` }
    if (act.day > point.knownAt) return { rule: 'what the row stands on was registered later', because: `${act.type} registered on ${act.day}` }
    return this.#onTheLine(trace, root, field, point)
  }

  #refusal(act) {
    const refusal = this.#refusals.get(act.id) ?? this.#refusals.get(act.validation)
    return refusal && { rule: `refused: ${refusal.rule ?? refusal.code}`, because: `line ${refusal.line}: ${refusal.message}` }
  }

  /** The claim counts: then it begins later, or another one holds. */
  #onTheLine(trace, root, field, { asOf, knownAt }) {
    const said = this.#register.said(trace.person, field, knownAt)
    const own = said.find(({ claim }) => claim === root)
    if (!own) return undefined
    if (own.begins > asOf) return { rule: 'the fact begins later than the row', because: `it begins on ${own.begins}` }
    const about = ({ claim }) => !LISTS[field] || claim.data[LISTS[field]] === root.data[LISTS[field]]
    const holding = this.#register.holding(trace.person, field, asOf, knownAt).filter(about)
    const begun = said.filter((each) => about(each) && each.begins <= asOf)
    const other = holding[0] ?? begun.sort((a, b) => (a.begins < b.begins ? -1 : 1)).at(-1)
    if (other.claim === root) return undefined
    const rule = field === 'verblijfplaats' ? 'a residence registered later took its place' : 'a later fact took its place'
    return { rule, because: `${other.claim.type} of ${other.date}, registered on ${other.claim.day}` }
  }
}
