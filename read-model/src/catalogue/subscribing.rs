//! `subscriptions` of the config: who may have events delivered, and what those are called outside.

use super::config::{Config, SubscriptionsConfig};
use super::granting::may;
use super::model::Subscriptions;
use super::problem::Report;

/// Checks what the config says, and compiles it.
pub(super) fn compile_subscriptions(config: &Config, report: &mut Report) -> Subscriptions {
    let Some(written) = &config.subscriptions else { return Subscriptions::default() };
    report.within(["subscriptions".into()], |report| {
        check_names(written, report);
        Subscriptions {
            subscribe: may(config, &["subscribe"], &written.subscribe, report),
            manage: may(config, &["manage"], &written.manage, report),
            data: may(config, &["data"], &written.data, report),
            system: written.system.as_str().into(),
            type_prefix: written.type_prefix.as_str().into(),
        }
    })
}

fn check_names(written: &SubscriptionsConfig, report: &mut Report) {
    let label = |text: &str| {
        let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
        !text.is_empty() && text.chars().all(plain)
    };
    let (system, prefix) = (&written.system, &written.type_prefix);
    if !label(system) {
        report.within(["system".into()], |report| {
            report.say(format!(
                "`{system}` is no name such as burgerlijke-stand: lower-case letters, digits and `-`"
            ));
        });
    }
    if prefix.split('.').count() < 2 || !prefix.split('.').all(label) {
        report.within(["type_prefix".into()], |report| {
            report
                .say(format!("`{prefix}` is no domain in reverse, such as nl.zonnendaal.burgerlijke-stand"));
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::testing::shipped_with;

    #[test]
    fn who_may_subscribe_is_a_source_type() {
        let error = shipped_with("  subscribe: [systeem]", "  subscribe: [systemen]").unwrap_err();
        assert!(error.contains("`systemen` is no source type"), "{error}");
    }

    #[test]
    fn what_events_are_called_outside_is_a_domain_in_reverse() {
        let prefix = "type_prefix: nl.zonnendaal.burgerlijke-stand";
        for wrong in ["nl", "nl.Zonnendaal", "nl..bs", "nl.bs."] {
            let error = shipped_with(prefix, &format!("type_prefix: {wrong}")).unwrap_err();
            assert!(error.contains("is no domain in reverse"), "{error}");
        }
        let error = shipped_with("  system: burgerlijke-stand", "  system: de zaak").unwrap_err();
        assert!(error.contains("`de zaak` is no name"), "{error}");
    }
}
