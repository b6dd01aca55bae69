//! `query_config.yaml` as somebody edits it.

use std::sync::{Arc, LazyLock};

use policy::Policy;
use proptest::prelude::*;
use query_api::views::Views;
use read_model::catalogue::Catalogue;

use crate::slips::{slipped, slips};
use crate::told;

const SHIPPED: &str = include_str!("../../query_config.yaml");

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    let source = include_str!("../../write_config.yaml");
    Arc::new(Catalogue::compile("write_config.yaml", source).unwrap())
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_query_config_with_slips_of_the_pen_is_right_and_has_a_schema_or_is_wrong_somewhere(slips in slips()) {
        let text = slipped(SHIPPED, &slips);
        let rights = Policy::compile(Arc::clone(&CATALOGUE), "query_config.yaml", &text);
        match Views::compile("query_config.yaml", &text, &CATALOGUE) {
            Ok(views) => {
                prop_assert!(rights.is_ok(), "the server of queries is right, and that of commands is not: {text}");
                let views = Arc::new(views);
                let printed = query_api::schema::print(&CATALOGUE, &views);
                prop_assert!(printed.is_ok(), "{:?}", printed.err());
            }
            Err(problems) => told(&problems, &text)?,
        }
        if let Err(problems) = rights {
            told(&problems, &text)?;
        }
    }
}
