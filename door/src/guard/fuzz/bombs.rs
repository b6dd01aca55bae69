//! Documents of a few lines that would be millions once expanded.

use proptest::prelude::*;

/// What the last fragment of a bomb holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leaf {
    Field,
    Alias,
    Directive,
    /// A fragment that does not exist.
    Nowhere,
    /// The first fragment again.
    Circle,
}

/// What stands around each spread.
#[derive(Clone, Copy, Debug)]
enum Around {
    Nothing,
    Field,
    Inline,
}

/// Fragments in levels, each spreading that of the next level so many times.
#[derive(Clone, Debug)]
pub(super) struct Bomb {
    widths: Vec<usize>,
    around: Around,
    leaf: Leaf,
    /// Whether an operation sets it off.
    set_off: bool,
}

pub(super) fn bomb() -> impl Strategy<Value = Bomb> {
    let leaf =
        prop::sample::select(vec![Leaf::Field, Leaf::Alias, Leaf::Directive, Leaf::Nowhere, Leaf::Circle]);
    let around = prop::sample::select(vec![Around::Nothing, Around::Field, Around::Inline]);
    let widths = prop_oneof![4 => prop::collection::vec(1..6usize, 1..26), 1 => prop::collection::vec(1..3usize, 20..60)];
    (widths, around, leaf, any::<bool>()).prop_map(|(widths, around, leaf, set_off)| Bomb {
        widths,
        around,
        leaf,
        set_off,
    })
}

impl Bomb {
    pub(super) fn of(levels: usize, width: usize, leaf: Leaf) -> Self {
        Self { widths: vec![width; levels], around: Around::Nothing, leaf, set_off: true }
    }

    pub(super) fn text(&self) -> String {
        let operation = if self.set_off { "{ ...F0 }" } else { "{ a }" };
        let (before, after) = match self.around {
            Around::Nothing => ("", ""),
            Around::Field => ("x { ", " }"),
            Around::Inline => ("... { ", " }"),
        };
        let fragment = |(level, width): (usize, &usize)| {
            let spreads = format!("{before}...F{}{after} ", level + 1).repeat(*width);
            format!(" fragment F{level} on Query {{ {spreads}}}")
        };
        let fragments: String = self.widths.iter().enumerate().map(fragment).collect();
        let leaf = match self.leaf {
            Leaf::Field => "a",
            Leaf::Alias => "b: a",
            Leaf::Directive => "a @x",
            Leaf::Nowhere => "...Nowhere",
            Leaf::Circle => "...F0",
        };
        format!("{operation}{fragments} fragment F{} on Query {{ {leaf} }}", self.widths.len())
    }

    /// How many selections are written.
    pub(super) fn written(&self) -> usize {
        2 + self.widths.iter().sum::<usize>() * self.selections_a_spread()
    }

    /// How many selections there are once each fragment is expanded wherever it is spread, without those of circles.
    pub(super) fn expanded(&self) -> u64 {
        let each = self.selections_a_spread() as u64;
        let level = |inner: u64, width: &usize| (*width as u64).saturating_mul(inner.saturating_add(each));
        self.widths.iter().rev().fold(1, level)
    }

    fn selections_a_spread(&self) -> usize {
        match self.around {
            Around::Nothing => 1,
            Around::Field | Around::Inline => 2,
        }
    }
}
