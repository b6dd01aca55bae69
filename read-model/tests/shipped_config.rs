//! The shipped config compiles, and mistakes in it are shown with file, line and remedy.

use read_model::catalogue::Catalogue;

const SHIPPED: &str = include_str!("../../write_config.yaml");

fn mistake(right: &str, wrong: &str) -> String {
    assert!(SHIPPED.contains(right), "the shipped config no longer holds {right:?}");
    let source = SHIPPED.replacen(right, wrong, 1);
    Catalogue::compile("write_config.yaml", &source).map(|_| ()).expect_err("refused").to_string()
}

fn line_of(text: &str) -> usize {
    SHIPPED.lines().position(|line| line.contains(text)).expect("is there") + 1
}

#[test]
fn the_shipped_config_compiles() {
    if let Err(problems) = Catalogue::compile("write_config.yaml", SHIPPED) {
        panic!("{problems}");
    }
}

#[test]
fn the_derived_fields_of_the_documentation_compile() {
    let page = include_str!("../../docs/write-config.md");
    let section = page.split("### Following references").nth(1).expect("the section");
    let example = section.split("```").nth(1).and_then(|block| block.split_once("    derived:\n"));
    let (_, fields) = example.expect("an example");
    let source = SHIPPED.replacen("    derived:\n", &format!("    derived:\n{fields}"), 1);
    if let Err(problems) = Catalogue::compile("write_config.yaml", &source) {
        panic!("{problems}");
    }
    let told = mistake("check: kind.geboortedatum == null", "check: kind.moeder.geboortedatum == null");
    let message = told.split_once(": event_types").expect("a path").1;
    assert!(section.contains(message), "{told}");
}

#[test]
fn the_rules_effects_and_expressions_of_the_documentation_are_those_of_the_shipped_config() {
    let page = include_str!("../../docs/write-config.md");
    let (_, section) = page.split_once("\n### `versions`").expect("the section");
    let shipped = words(SHIPPED);
    let blocks = section.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or_default());
    let mut compared = 0;
    for line in lines.filter(|line| !line.trim().is_empty() && !line.contains('…')) {
        assert!(shipped.contains(&words(line)), "the shipped config has no `{}`", line.trim());
        compared += 1;
    }
    assert!(compared > 40, "{compared} lines of examples");
}

/// With one space wherever there are some.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_expression_that_names_a_field_that_does_not_exist_is_shown_with_line_and_remedy() {
    let shown = mistake("check: kind.geboortedatum == null", "check: kind.geboortedatm == null");
    let line = line_of("check: kind.geboortedatum == null");
    assert!(
        shown.starts_with(&format!("write_config.yaml:{line}: event_types.Geboorte.rules[0].check: ")),
        "{shown}"
    );
    assert!(shown.contains("did you mean `geboortedatum`?"), "{shown}");
}

#[test]
fn an_expression_that_does_not_compile_is_refused() {
    assert!(
        mistake("check: kind.geboortedatum == null", "check: kind.geboortedatum ==")
            .contains("no CEL expression")
    );
}

#[test]
fn an_unknown_key_is_refused() {
    let shown = mistake("    future: P28D", "    futur: P28D");
    assert!(shown.contains("unknown field `futur`"), "{shown}");
    assert!(shown.contains(&format!(":{}: ", line_of("future: P28D"))), "{shown}");
}

#[test]
fn a_misspelt_schema_keyword_is_refused() {
    let shown = mistake("maxLength: 200", "maxLenght: 200");
    assert!(shown.contains("unknown JSON Schema keyword `maxLenght`; did you mean `maxLength`?"), "{shown}");
}

#[test]
fn an_older_version_without_upcast_is_refused() {
    let start = SHIPPED.find("        upcast: >-").expect("is there");
    let end = start + SHIPPED[start..].find("      \"2\":").expect("is there");
    let source = [&SHIPPED[..start], &SHIPPED[end..]].concat();
    let shown = Catalogue::compile("c.yaml", &source).map(|_| ()).expect_err("refused").to_string();
    assert!(shown.contains("event_types.Geboorte.versions.1: an older version needs an `upcast`"), "{shown}");
}

#[test]
fn a_reference_to_no_type_is_refused() {
    let shown = mistake(r##"akte: { $ref: "#/$defs/Akte" }"##, r##"akte: { $ref: "#/$defs/Akten" }"##);
    assert!(shown.contains("no type is named `Akten`; did you mean `Akte`?"), "{shown}");
}

#[test]
fn a_type_that_leads_back_to_itself_is_refused() {
    let shown = mistake(
        "      voorvoegsel: { type: string, minLength: 1, maxLength: 10 }",
        "      voorvoegsel: { $ref: \"#/$defs/Naam\" }",
    );
    assert!(shown.contains("leads back to itself"), "{shown}");
}

#[test]
fn who_may_claim_is_a_source_type() {
    assert!(
        mistake(r#"{ source_type: ouder, when: "caller in"#, r#"{ source_type: ouders, when: "caller in"#)
            .contains("event_types.Geboorte.claim[0]: `ouders` is no source type")
    );
}

#[test]
fn a_condition_on_who_may_claim_reads_nobody_but_the_caller() {
    let shown = mistake("when: \"data.erkenner == caller\"", "when: \"data.kind.ouder2 == caller\"");
    assert!(
        shown.contains("event_types.Erkenning.claim[0].when: a condition reads fields of `caller` alone"),
        "{shown}"
    );
    let shown = mistake("when: \"data.erkenner == caller\"", "when: \"data.kind != null\"");
    assert!(shown.contains("a condition is about `caller`"), "{shown}");
    assert!(
        mistake("caller: Persoon", "caller: Person")
            .contains("caller: no object type is named `Person`; did you mean")
    );
}

#[test]
fn only_a_claim_has_a_condition_and_nobody_of_elsewhere_corrects() {
    let correct = "correct: { amend: [], annul: [ambtenaar] }";
    let shown = mistake(correct, "correct: { amend: [], annul: [{ source_type: ambtenaar, when: 'true' }] }");
    assert!(shown.contains("correct.annul[0].when: only a claim has a condition"), "{shown}");
    let shown = mistake(correct, "correct: { amend: [], annul: [{ source_type: ambtenaar, zones: any }] }");
    assert!(shown.contains("correct.annul[0]: who validates or corrects is of this zone"), "{shown}");
}

#[test]
fn who_may_annul_is_a_source_type_too() {
    let shown =
        mistake("correct: { amend: [], annul: [ambtenaar] }", "correct: { amend: [], annul: [klerk] }");
    assert!(
        shown.contains("event_types.BsnToegekend.correct.annul[0]: `klerk` is no source type"),
        "{shown}"
    );
}

#[test]
fn who_may_correct_is_a_list_or_says_both_who_amends_and_who_annuls() {
    let shown = mistake("correct: { amend: [], annul: [ambtenaar] }", "correct: { annul: [ambtenaar] }");
    assert!(shown.contains("event_types.BsnToegekend.correct: "), "{shown}");
    assert!(shown.contains("{ amend: [...], annul: [...] }, both of them"), "{shown}");
}

#[test]
fn an_effective_date_leads_to_a_date() {
    assert!(
        mistake("effective_date: /datum", "effective_date: /datums").contains("`/datums` leads to no date")
    );
}

#[test]
fn an_effect_names_a_field_of_the_object() {
    let shown = mistake("        geboortedatum: data.datum", "        geboortedag: data.datum");
    assert!(shown.contains("Persoon has no field `geboortedag`"), "{shown}");
}

#[test]
fn a_function_that_does_not_exist_is_refused() {
    let shown = mistake("check: kind.geboortedatum == null", "check: unknwn(kind.geboortedatum)");
    assert!(shown.contains("there is no function `unknwn`; did you mean `unknown`?"), "{shown}");
}
