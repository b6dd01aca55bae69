//! Where in the data a value comes from, found in the syntax tree.

use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, MapExpr, operators};

/// A path into the data, or into a value.
type Path = Vec<Arc<str>>;

/// The paths into the data that the part of a value at `path` is taken from, as it is; none where it may come from
/// elsewhere. A part that is always absent comes from nowhere.
pub(super) fn origins(expression: &IdedExpr, path: &[Arc<str>]) -> Option<Vec<Path>> {
    match &expression.expr {
        Expr::Ident(name) if name == "data" => Some(vec![path.to_vec()]),
        Expr::Select(select) if !select.test => {
            let deeper = [&[Arc::from(select.field.as_str())], path].concat();
            origins(&select.operand, &deeper)
        }
        Expr::Map(map) => entry(map, path),
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            let branches = call.args.iter().skip(1).map(|branch| origins(branch, path));
            Some(branches.collect::<Option<Vec<_>>>()?.concat())
        }
        Expr::Literal(LiteralValue::Null) => Some(Vec::new()),
        Expr::Unspecified
        | Expr::Ident(_)
        | Expr::Select(_)
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Struct(_) => None,
    }
}

fn entry(map: &MapExpr, path: &[Arc<str>]) -> Option<Vec<Path>> {
    let (wanted, rest) = path.split_first()?;
    let mut found = Vec::new();
    for entry in &map.entries {
        let EntryExpr::MapEntry(entry) = &entry.expr else { return None };
        let Expr::Literal(LiteralValue::String(key)) = &entry.key.expr else { return None };
        if key.inner() == &**wanted {
            found.extend(origins(&entry.value, rest)?);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Expression;

    fn origins(source: &str, path: &str) -> Option<String> {
        let path: Vec<Arc<str>> = path.split('.').filter(|name| !name.is_empty()).map(Arc::from).collect();
        let found = Expression::untyped(source).origins(&path)?;
        Some(found.iter().map(|path| path.join(".")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_part_of_a_built_value_is_followed_to_the_data() {
        let built = r#"{"adres": data.waar.adres, "land": data.adres == null ? "6030" : null}"#;
        assert_eq!(origins(built, "adres").as_deref(), Some("waar.adres"));
        assert_eq!(origins(built, "adres.straat").as_deref(), Some("waar.adres.straat"));
        assert_eq!(origins(built, "gemeente").as_deref(), Some(""));
        assert_eq!(origins("data.waar", "adres").as_deref(), Some("waar.adres"));
        assert_eq!(origins("data", "adres").as_deref(), Some("adres"));
        assert_eq!(origins("data.a == null ? data.b : data.a", "").as_deref(), Some("b a"));
    }

    #[test]
    fn what_is_computed_comes_from_elsewhere() {
        for elsewhere in
            ["kind.moeder", "data.a + data.b", r#""a text""#, "data.a == null ? kind.moeder : data.a"]
        {
            assert_eq!(origins(elsewhere, ""), None, "{elsewhere}");
        }
        assert_eq!(origins(r#"{data.naam: data.adres}"#, "adres"), None);
    }
}
