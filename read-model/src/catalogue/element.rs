//! Elements of a register: what an investigation calls the fields that it doubts.

use std::str::FromStr;

/// An element, or a group or category of them: pairs of digits from the whole to its parts, with pairs of zeros for all
/// of it (element 83.10 of the Logisch Ontwerp BRP): `080000` is the whole residence, `010310` the date of birth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element(String);

impl Element {
    /// Whether one is the other, or a part of it.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl FromStr for Element {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.is_empty() || !text.len().is_multiple_of(2) || !digits {
            return Err(format!(
                "`{text}` is no element; write pairs of digits in quotes, such as \"010310\""
            ));
        }
        let mut own = text;
        while let Some(whole) = own.strip_suffix("00") {
            own = whole;
        }
        Ok(Self(own.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(one: &str, other: &str) -> bool {
        let [one, other] = [one, other].map(|text| text.parse::<Element>().unwrap());
        assert_eq!(one.meets(&other), other.meets(&one));
        one.meets(&other)
    }

    #[test]
    fn a_doubt_about_the_whole_is_one_about_its_parts_and_the_other_way_round() {
        assert!(meet("080000", "081110"));
        assert!(meet("081110", "08"));
        assert!(meet("010310", "010310"));
        assert!(!meet("010310", "010320"));
        assert!(!meet("080000", "010310"));
    }

    #[test]
    fn what_is_no_element_is_refused() {
        for wrong in ["", "1", "0103a0"] {
            assert!(wrong.parse::<Element>().unwrap_err().contains("pairs of digits"), "{wrong}");
        }
    }
}
